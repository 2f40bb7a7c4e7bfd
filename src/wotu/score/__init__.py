"""Numbers per customer: value and risk."""
