"""Embedding: a row of a table for each token, and one for each place."""

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from workloads.kernels.embed import gather, scatter
from workloads.models.block import no_gradient
from workloads.models.parameters import Array, Slot
from workloads.models.shard import Shard
from workloads.networks.layer import Layer

TOKEN_SPREAD, POSITION_SPREAD = 0.5, 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Embedding:
    """Y[sample, place] = tokens[X[sample, place]] + positions[place], for integers X (samples, length)."""

    name: str
    vocabulary: int
    length: int
    width: int

    def slots(self) -> list[Slot]:
        """The table of tokens and that of places; neither decays."""
        tokens = Slot(name=f"{self.name}.tokens", shape=(self.vocabulary, self.width), spread=TOKEN_SPREAD)
        places = Slot(name=f"{self.name}.positions", shape=(self.length, self.width), spread=POSITION_SPREAD)
        return [tokens, places]

    def layers(self, rows: int) -> list[Layer]:  # noqa: ARG002
        """None: looking up multiplies nothing."""
        return []

    def forward(self, x: NDArray[Any], shard: Shard) -> Array:
        """A row for each token, (samples * length, width)."""
        shard.saved[self.name] = x
        table, positions = shard.forward[f"{self.name}.tokens"], shard.forward[f"{self.name}.positions"]
        y = shard.room(f"{self.name}.out", (x.size, self.width), table)
        gather(x, table, positions, y)
        return y

    def backward(self, dy: Array, shard: Shard) -> Array:
        """Nothing for the tokens, which are data; the rows of each table are summed."""
        tables = shard.gradients[f"{self.name}.tokens"], shard.gradients[f"{self.name}.positions"]
        scatter(shard.saved[self.name], dy, *tables)
        return no_gradient(dy)
