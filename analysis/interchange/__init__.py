"""A machine's component tables, and those of other tools."""
