"""What a machine could reach, and what a trace reaches of it."""
