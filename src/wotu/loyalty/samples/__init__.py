"""Samples with follow-up: asked for once a person, handed out, asked about, and whether the product is bought later."""
