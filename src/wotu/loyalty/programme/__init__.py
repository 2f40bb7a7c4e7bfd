"""The points programme: what earns, what it is worth, levels, check-ins, badges and the points mall."""
