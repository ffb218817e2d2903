"""What runs: networks, tasks, recipes, the emulator, and readers of foreign formats."""
