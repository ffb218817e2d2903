"""Results held against each other: at equal work, at equal accuracy, and at equal FLOPs."""
