"""Nodes: how energy and area scale from one technology to another, by published factors.

A. Stillmaker and B. Baas, "Scaling equations for the accurate prediction of CMOS device performance from
180 nm to 7 nm", Integration 58 (2017), doi:10.1016/j.vlsi.2017.02.002, as coded in hwcomponents 1.0.114.
"""

from fractions import Fraction
from functools import cache
from itertools import pairwise

from simulator.errors import InputError

NODES = (130, 90, 65, 45, 32, 20, 16, 14, 10, 7)
"""The nodes of the tables below, in nm; between two of them factors are interpolated along the node."""

REFERENCE_VOLTAGE = Fraction("0.8")
"""The voltage at which factors are taken where a machine names none."""

ENERGY = (
    ("7.171", "-6.709", "2.904"),
    ("4.762", "-4.781", "2.092"),
    ("3.755", "-4.398", "1.975"),
    ("1.103", "-0.362", "0.2767"),
    ("0.9559", "-0.7823", "0.471"),
    ("0.373", "-0.1582", "0.04104"),
    ("0.2958", "-0.1241", "0.03024"),
    ("0.2363", "-0.09675", "0.02239"),
    ("0.2068", "-0.09311", "0.02375"),
    ("0.1776", "-0.09097", "0.02447"),
)
"""(a, b, c) of each node: the energy of a transition goes as a V^2 + b V + c."""

AREA = ("6.4", "2.8", "1.5", "1", "0.46", "0.21", "0.19", "0.17", "0.1", "0.059")
"""Area at each node over that at 45 nm, as published: rounded to two digits."""

Weights = tuple[tuple[int, Fraction], ...]


@cache
def energy_factor(node: Fraction, to: Fraction, voltage: Fraction, at: Fraction) -> Fraction:
    """Energy at node `to` and voltage `at` over energy at `node` and `voltage`; nodes in nm, volts."""
    if (node, voltage) == (to, at):
        return Fraction(1)
    return _energy(to, at) / _energy(node, voltage)


@cache
def area_factor(node: Fraction, to: Fraction) -> Fraction:
    """Area at node `to` over area at `node`, in nm; between nodes the density is linear along the node."""
    return _density(node) / _density(to)


def covered(node: Fraction) -> bool:
    """Whether the published tables reach `node`."""
    return NODES[-1] <= node <= NODES[0]


def _energy(node: Fraction, voltage: Fraction) -> Fraction:
    """What a transition goes as, at a node and a voltage."""
    total = Fraction(0)
    for place, share in _places(node):
        a, b, c = map(Fraction, ENERGY[place])
        total += share * (a * voltage**2 + b * voltage + c)
    return total


def _density(node: Fraction) -> Fraction:
    """What fits into an area at a node, over what does at 45 nm."""
    return sum((share / Fraction(AREA[place]) for place, share in _places(node)), start=Fraction(0))


def _places(node: Fraction) -> Weights:
    """The tabulated nodes around `node`, each with its weight."""
    for place, (coarse, fine) in enumerate(pairwise(NODES)):
        if fine <= node <= coarse:
            share = (node - fine) / (coarse - fine)
            return (place, share), (place + 1, 1 - share)
    raise InputError.of(
        f"the published factors do not reach {float(node):g} nm",
        f"they go from {NODES[0]} to {NODES[-1]} nm; beyond, give `scaling` with your own factors",
    )
