"""Measurements, each a ratio to a limit or a peer in the same process: machines are noisy, ratios less so."""
