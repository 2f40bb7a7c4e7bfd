"""Work that is due, and news of what happened: queued with the change that caused it, done once by a worker."""
