"""What it means: the verbs of the command line as functions, and results as frames.

from analysis import explain, frame
from simulator import load_trace

frame(explain("a100", load_trace("t/")))
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analysis.charges.area import find_areas
    from analysis.compare.comparison import compare
    from analysis.explain.cycles import explain
    from analysis.explain.energy import explain_energy
    from analysis.figures.plot import plot
    from analysis.frames import frame, totals
    from analysis.page.page import write_page as report
    from analysis.results import Results, load_results
    from analysis.roofline.roofline import roofline
    from analysis.study.conduct import conduct as study
    from analysis.sweep.swept import sweep
    from analysis.validation.validate import validate

__all__ = [
    "Results",
    "compare",
    "explain",
    "explain_energy",
    "find_areas",
    "frame",
    "load_results",
    "plot",
    "report",
    "roofline",
    "study",
    "sweep",
    "totals",
    "validate",
]

HOMES = {
    "Results": ("analysis.results", "Results"),
    "compare": ("analysis.compare.comparison", "compare"),
    "explain": ("analysis.explain.cycles", "explain"),
    "explain_energy": ("analysis.explain.energy", "explain_energy"),
    "find_areas": ("analysis.charges.area", "find_areas"),
    "frame": ("analysis.frames", "frame"),
    "load_results": ("analysis.results", "load_results"),
    "plot": ("analysis.figures.plot", "plot"),
    "report": ("analysis.page.page", "write_page"),
    "roofline": ("analysis.roofline.roofline", "roofline"),
    "study": ("analysis.study.conduct", "conduct"),
    "sweep": ("analysis.sweep.swept", "sweep"),
    "totals": ("analysis.frames", "totals"),
    "validate": ("analysis.validation.validate", "validate"),
}
"""Where each name lives. It is imported when it is first asked for: `nmsim --help` answers at once."""


def __getattr__(name: str) -> object:
    """The name from the module that has it."""
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module, attribute = HOMES[name]
    return getattr(import_module(module), attribute)


class Room(ModuleType):
    """A folder that is called like its verb, and may be called as one: analysis.explain("a100", trace)."""

    def __call__(self, *args: Any, **named: Any) -> Any:
        """What the verb of this room finds."""
        module, attribute = HOMES[self.__name__.removeprefix(f"{__name__}.")]
        return getattr(import_module(module), attribute)(*args, **named)


for _room in ("compare", "explain", "roofline", "study", "sweep"):
    import_module(f"{__name__}.{_room}")
    sys.modules[f"{__name__}.{_room}"].__class__ = Room
