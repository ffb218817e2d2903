"""Where the cycles and the joules of a trace went."""
