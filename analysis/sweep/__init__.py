"""Design-space exploration: many machines under many workloads, and which of them are worth having."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from analysis.sweep.swept import Swept, sweep

__all__ = ["Swept", "sweep"]


def __getattr__(name: str) -> object:
    """The name from the module that has it, imported when it is first asked for."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from analysis.sweep import swept

    return getattr(swept, name)
