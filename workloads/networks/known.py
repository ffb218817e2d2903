"""KnownNetwork: a network of the registry, the sizes it takes, and how its layers follow from them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from simulator.errors import InputError, Problem, shown
from workloads.networks.layer import Layer, Network

# Up to these together, every product's multiply-adds and bits stay within the 2^62 of a trace.
BATCH_MAX = 2**20
SEQ_MAX = 2**16
IMAGE_MAX = 2**11


class Shapes(NamedTuple):
    """The layers of a network, and how many parameters it trains that multiply no matrix."""

    layers: list[Layer]
    other_parameters: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """The sizes of one sample that a network takes: `seq` in tokens, or `image` in pixels a side.

    `reason` says where the limits are from.
    """

    word: str
    default: int
    least: int
    most: int
    multiple: int = 1
    reason: str

    @property
    def reads(self) -> str:
        """What a network of this extent reads."""
        return {"seq": "tokens", "image": "images"}[self.word]

    def problem(self, value: int, name: str) -> Problem | None:
        """Why the network `name` does not take the size `value`, or None."""
        if type(value) is int and self.least <= value <= self.most and value % self.multiple == 0:
            return None
        of = f"multiple of {self.multiple}" if self.multiple > 1 else "whole number"
        return Problem(
            where=self.word,
            what=f"{name} does not take {shown(value)}",
            right=f"write a {of} from {self.least} to {self.most}, {self.reason}",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownNetwork:
    """One entry of NETWORKS; `build` takes the number of samples and the extent of each."""

    name: str
    summary: str
    source: str
    batch: int
    extent: Extent
    build: Callable[[int, int], Shapes]

    def load(self, *, batch: int | None, seq: int | None, image: int | None) -> Network:
        """The network at one batch size and extent, None being its default."""
        problems = []
        batch = self.batch if batch is None else batch
        if type(batch) is not int or not 1 <= batch <= BATCH_MAX:
            right = f"write a whole number from 1 to {BATCH_MAX}"
            problems.append(Problem(where="batch", what=f"{shown(batch)} is no batch size", right=right))
        size = self.extent.default
        for word, value in (("seq", seq), ("image", image)):
            if value is None:
                continue
            if word != self.extent.word:
                what = f"{self.name} reads {self.extent.reads}"
                right = f"leave {word} out, or set {self.extent.word}"
                problems.append(Problem(where=word, what=what, right=right))
            elif problem := self.extent.problem(value, self.name):
                problems.append(problem)
            else:
                size = value
        if problems:
            raise InputError(problems)
        layers, other = self.build(batch, size)
        return Network(
            name=self.name,
            layers=tuple(layers),
            other_parameters=other,
            source=self.source,
            sizes=(("batch", batch), (self.extent.word, size)),
        )
