"""Nodes: how energy and area scale from one technology to another, by published factors.

A. Stillmaker and B. Baas, "Scaling equations for the accurate prediction of CMOS device performance from
180 nm to 7 nm", Integration 58 (2017), doi:10.1016/j.vlsi.2017.02.002, as coded in hwcomponents 1.0.114.
"""

from fractions import Fraction
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

AREA = (
    ("1", "0.44", "0.23", "0.16", "0.072", "0.033", "0.03", "0.027", "0.016", "0.0092"),
    ("2.3", "1", "0.53", "0.35", "0.16", "0.075", "0.067", "0.061", "0.036", "0.021"),
    ("4.3", "1.9", "1", "0.66", "0.31", "0.14", "0.13", "0.12", "0.068", "0.039"),
    ("6.4", "2.8", "1.5", "1", "0.46", "0.21", "0.19", "0.17", "0.1", "0.059"),
    ("14", "6.1", "3.3", "2.2", "1", "0.46", "0.41", "0.38", "0.22", "0.13"),
    ("30", "13", "7.1", "4.7", "2.2", "1", "0.89", "0.82", "0.48", "0.28"),
    ("34", "15", "7.9", "5.3", "2.4", "1.1", "1", "0.91", "0.54", "0.31"),
    ("37", "16", "8.7", "5.8", "2.7", "1.2", "1.1", "1", "0.59", "0.34"),
    ("63", "28", "15", "9.8", "4.5", "2.1", "1.9", "1.7", "1", "0.58"),
    ("110", "48", "25", "17", "7.8", "3.6", "3.2", "2.9", "1.7", "1"),
)
"""Area at the column's node over area at the row's, as published: rounded to two digits."""

Weights = tuple[tuple[int, Fraction], ...]


def energy_factor(node: Fraction, to: Fraction, voltage: Fraction, at: Fraction) -> Fraction:
    """Energy at node `to` and voltage `at` over energy at `node` and `voltage`; nodes in nm, volts."""
    if (node, voltage) == (to, at):
        return Fraction(1)
    return _energy(to, at) / _energy(node, voltage)


def area_factor(node: Fraction, to: Fraction) -> Fraction:
    """Area at node `to` over area at `node`, in nm."""
    if node == to:
        return Fraction(1)
    return sum(
        (
            share * other * Fraction(AREA[row][column])
            for row, share in _places(node)
            for column, other in _places(to)
        ),
        start=Fraction(0),
    )


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
