"""Test oracles: the rules of the definitions as slow, plain Python.

An oracle is written from the definitions alone and shares no code with the system it judges.
"""
