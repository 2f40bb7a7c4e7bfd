"""What every room shares: errors, clock, money, periods, settings and durable files."""
