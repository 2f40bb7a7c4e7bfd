"""Inbox → identity → one lake commit → timelines; done by one process at a time, under its lock."""
