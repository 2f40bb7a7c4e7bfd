"""What console and API share: the open workspace of a serving process, and its answers kept until the data change."""
