"""Studies: tasks, recipes, patterns, seeds and machines crossed, and what their differences are worth."""
