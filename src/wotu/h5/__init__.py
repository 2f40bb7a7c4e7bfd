"""Pages of customers: a few kilobytes each, on a phone, in Chinese and English, without any script."""
