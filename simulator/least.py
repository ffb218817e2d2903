"""Fidelity `bound` for any machine: the least under any mapping, or under the one that the machine pins."""

from dataclasses import replace

from simulator.activity import Activity
from simulator.bound import Priced
from simulator.bound import price as least_of_any
from simulator.folds import array_activity
from simulator.gemm import Stream
from simulator.lowering import Lowered
from simulator.machine import FREE, Machine
from simulator.tile import least
from simulator.tiling import core_for


def price(work: Lowered | Stream, machine: Machine) -> Priced:
    """What the slowest resource takes, all else hidden behind it."""
    if isinstance(work, Stream):
        return least_of_any(work, machine)
    if machine.mapping != FREE:
        return least(work, machine)
    found = least_of_any(work, machine)
    return replace(found, cost=replace(found.cost, activity=uncut_activity(work, machine)))


def uncut_activity(work: Lowered, machine: Machine) -> Activity:
    """What happens in the arrays if each product of the batch runs in one of them, uncut.

    A tile that ends with a group may touch fewer groups than a run across it, so that this is no bound.
    """
    gemm = work.gemm
    once = array_activity(core_for(work, machine), gemm.m, gemm.n, gemm.k, work.native)
    return Activity(*(times * work.batch for times in once))
