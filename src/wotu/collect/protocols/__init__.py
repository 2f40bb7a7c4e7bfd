"""Other vendors' languages: each module turns one message of theirs into Segment-spec messages."""
