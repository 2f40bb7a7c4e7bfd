"""Paid membership: plans, terms that customers bought or try, what they bring, and how a term is given back."""
