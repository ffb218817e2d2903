"""Numbers as people read them: three digits with an SI prefix, times, shares, energies."""

from fractions import Fraction

from simulator.energy import Joules

ZEPTO, PICO = 1e-21, 1e-12
PREFIXES = {name: 10.0 ** (24 - 3 * place) for place, name in enumerate("YZEPTGMk munpfazy")}
"""Their sizes, the largest first; a space stands for none."""
TIMES = {"d": 86400.0, "h": 3600.0, "min": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6}


def prefix(value: float, least: float = 0.0) -> tuple[float, str]:
    """The size and the name of the SI prefix, of at least `least`, that leaves 1 to 999 of `value`."""
    for name, size in PREFIXES.items():
        if size >= least and abs(value) >= 0.9995 * size:
            return size, name.strip()
    return 1.0, ""


def digits(value: float) -> str:
    """`value` with three digits, or those before the point if there are more."""
    return f"{value:.3g}" if abs(value) < 999.5 else f"{value:.0f}"


def quantity(value: float, unit: str) -> str:
    """`value` with three digits and an SI prefix, whether large or small: 4.56 mJ."""
    size, name = prefix(value)
    return f"{digits(value / size)} {name}{unit}"


def scaled(value: float, unit: str = "") -> str:
    """`value` with three digits and an SI prefix of large numbers, as of what is counted: 1.23 T."""
    size, name = prefix(value, least=1.0)
    return f"{digits(value / size)} {name}{unit}".rstrip()


def duration(seconds: float) -> str:
    """A time in the unit that suits it."""
    for unit, size in TIMES.items():
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


def share(part: float | Fraction, whole: float | Fraction, places: int = 1) -> str:
    """A share in per cent; empty where there is nothing to share."""
    return f"{float(part / whole):.{places}%}" if whole else ""


def joules(zeptojoules: float) -> str:
    """An energy with three digits."""
    return quantity(zeptojoules * ZEPTO, "J")


def bounded(energy: Joules) -> str:
    """An energy and its bounds in one unit: 12.3 mJ (8.1 to 20.4 mJ)."""
    size, name = prefix(energy.value * ZEPTO)
    low, value, high = (digits(one * ZEPTO / size) for one in energy)
    return f"{value} {name}J ({low} to {high} {name}J)"
