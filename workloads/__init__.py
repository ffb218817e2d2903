"""What runs: networks, recipes, the traces that they make, and the training that measures accuracy."""

from importlib import import_module
from typing import TYPE_CHECKING

from workloads.networks import NETWORKS, Role, load_network
from workloads.shapes import trace_network
from workloads.training.flops import CONVENTIONS, ledger
from workloads.training.load import load_recipe
from workloads.training.recipes import RECIPES

if TYPE_CHECKING:
    from workloads.tasks import TASKS, load_task
    from workloads.training.emulator.choices import Choices
    from workloads.training.emulator.train import Trained, train

__all__ = [
    "CONVENTIONS",
    "NETWORKS",
    "RECIPES",
    "TASKS",
    "Choices",
    "Role",
    "Trained",
    "ledger",
    "load_network",
    "load_recipe",
    "load_task",
    "trace_network",
    "train",
]

COMPILED = {
    "Choices": "workloads.training.emulator.choices",
    "TASKS": "workloads.tasks",
    "Trained": "workloads.training.emulator.train",
    "load_task": "workloads.tasks",
    "train": "workloads.training.emulator.train",
}
"""What loads compiled kernels or data, and so is imported when it is first asked for."""


def __getattr__(name: str) -> object:
    """The name from the module that has it."""
    if name not in COMPILED:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(COMPILED[name]), name)
