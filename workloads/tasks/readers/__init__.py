"""Readers of the user's data: everything is bounded and checked before memory is taken for it."""
