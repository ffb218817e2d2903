"""Masks: which values are kept, and what is known of them."""
