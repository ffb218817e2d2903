"""The engine: what a machine does with a matrix product.

>>> from simulator import load_trace, simulate
>>> report = simulate("a100", load_trace("t/"))     # doctest: +SKIP
>>> report.totals["cycles"]                         # doctest: +SKIP
"""

from simulator.arch import Arch, load_arch
from simulator.errors import InputError
from simulator.formats import FORMATS
from simulator.gemm import Gemm, Operand, Pass, Product, Span, Step, Stream
from simulator.pattern import Pattern
from simulator.report import Report
from simulator.simulate import simulate
from simulator.trace import Trace, TraceWriter, load_trace
from simulator.version import __version__

__all__ = [
    "FORMATS",
    "Arch",
    "Gemm",
    "InputError",
    "Operand",
    "Pass",
    "Pattern",
    "Product",
    "Report",
    "Span",
    "Step",
    "Stream",
    "Trace",
    "TraceWriter",
    "__version__",
    "load_arch",
    "load_trace",
    "simulate",
]
