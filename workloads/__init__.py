"""What runs: networks, recipes, and the traces that they make."""

from workloads.networks import NETWORKS, load_network
from workloads.shapes import trace_network
from workloads.training.load import load_recipe
from workloads.training.recipes import RECIPES

__all__ = ["NETWORKS", "RECIPES", "load_network", "load_recipe", "trace_network"]
