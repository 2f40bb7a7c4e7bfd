"""Campaigns: what is given and for how long, who approved it, what the law has against it, and what came of it."""
