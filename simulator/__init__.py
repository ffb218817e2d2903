"""The engine: what a machine does with a matrix product.

from simulator import load_trace, simulate

report = simulate("a100", load_trace("t/"))
report.totals["cycles"]
"""

from simulator.arch import load_arch
from simulator.errors import InputError
from simulator.gemm import Gemm, Operand, Pass, Product, Span, Step, Stream
from simulator.pattern import Pattern
from simulator.report import Report
from simulator.simulate import simulate
from simulator.spec import Loaded
from simulator.trace import Trace, TraceWriter, load_trace
from simulator.version import __version__

__all__ = [
    "Gemm",
    "InputError",
    "Loaded",
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
