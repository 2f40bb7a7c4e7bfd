"""The collector: messages over HTTP, acknowledged once they are on disk.

Nothing here imports Arrow, Numba or Django, so that a collector can run alone and small.
"""
