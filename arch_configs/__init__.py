"""Machines, one YAML file each; data only."""
