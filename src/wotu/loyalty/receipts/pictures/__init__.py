"""Pictures without what their makers wrote into them: where and when they were taken, by which device.

By the rules of the three file formats, without decoding a pixel. What is kept is what a picture is drawn from, its
colour profile, and which side is up; whatever is not of the format (a film after the photo, a page in a comment) goes.
"""
