"""Shards, the where language and executors."""
