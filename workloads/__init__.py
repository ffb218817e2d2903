"""What runs: networks, recipes, and the traces that they make."""

from workloads.networks import NETWORKS, Role, load_network
from workloads.shapes import trace_network
from workloads.training.flops import CONVENTIONS, ledger
from workloads.training.load import load_recipe
from workloads.training.recipes import RECIPES

__all__ = [
    "CONVENTIONS",
    "NETWORKS",
    "RECIPES",
    "Role",
    "ledger",
    "load_network",
    "load_recipe",
    "trace_network",
]
