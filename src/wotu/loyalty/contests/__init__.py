"""Contests: who joined is ranked by what they did in a time, and prizes go out once, by place."""
