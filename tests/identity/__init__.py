"""Identifiers become customers."""
