"""Models that are really trained: explicit forward and backward passes over the layers of a Network."""
