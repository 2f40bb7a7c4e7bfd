"""Settings, money, periods, durations, errors and durable files."""
