"""What a customer has, moved when customers are merged and forgotten when one is erased."""
