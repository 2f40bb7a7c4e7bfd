"""Promotions: what a campaign takes off by itself, without a code, for a time, a number of orders or of pieces."""
