"""The emulator: it trains a model on a task with a recipe, and records every product."""
