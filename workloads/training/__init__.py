"""Training: what each recipe makes sparse at each step, the trace of a whole run, and its FLOPs."""
