"""What bodies and answers look like, one file per subject."""
