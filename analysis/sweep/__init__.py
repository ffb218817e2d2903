"""Design-space exploration: many machines under many workloads, and which of them are worth having."""
