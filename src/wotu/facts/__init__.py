"""What the messages mean in business terms: the vocabulary, orders with refunds, products."""
