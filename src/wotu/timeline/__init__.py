"""Customers' timelines: memory-mapped columns in the order of customer and time, and folds over them."""
