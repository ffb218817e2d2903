"""Fidelity `bound` for any machine: the least under any mapping, or under the one that the machine pins."""

from simulator.bound import Priced
from simulator.bound import price as least_of_any
from simulator.gemm import Stream
from simulator.lowering import Lowered
from simulator.machine import FREE, Machine
from simulator.tile import least


def price(work: Lowered | Stream, machine: Machine) -> Priced:
    """What the slowest resource takes, all else hidden behind it."""
    if isinstance(work, Stream) or machine.mapping == FREE:
        return least_of_any(work, machine)
    return least(work, machine)
