"""Lotteries: prizes are tickets made beforehand, odds are published, a draw takes a ticket or nothing."""
