"""Identifiers become customers: normalise, look up, join; nothing here knows events or properties."""
