"""Orders: what a checkout asks for, what is kept for it, and what orders told by messages do."""
