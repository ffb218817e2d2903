"""Mapping: how a product is cut into tiles and in which order they run; what the tiler chooses, or a pin."""

from typing import Annotated, Literal, NamedTuple

from pydantic import Field

from simulator.gemm import SIZE_MAX
from simulator.spec import Written

ORDERS = ("mnk", "nmk", "kmn", "knm")
"""Loops over tiles from the outside in; where k is innermost, partial sums stay in the core."""

Extent = Annotated[int, Field(ge=1, le=SIZE_MAX)]


class Mapping(Written):
    """What is pinned of a mapping; the tiler chooses the rest. Sizes are of one core's tile."""

    tile_m: Extent | None = Field(default=None, examples=[128], description="rows of A in a tile")
    tile_n: Extent | None = Field(default=None, examples=[64], description="columns of B in a tile")
    tile_k: Extent | None = Field(
        default=None, examples=[256], description="values along k in a tile; whole groups, or all of k"
    )
    order: Literal["mnk", "nmk", "kmn", "knm"] | None = Field(
        default=None, examples=["mnk"], description="loops over tiles from the outside in"
    )
    band: Extent | None = Field(
        default=None,
        examples=[9],
        description="rows of tiles (columns in nmk, knm) worked on at once",
    )
    split_k: Extent | None = Field(
        default=None, examples=[1], description="parts of k that different cores sum, and add in the end"
    )


class Chosen(NamedTuple):
    """A mapping as a report shows it, all of it known."""

    tile_m: int
    tile_n: int
    tile_k: int
    order: str
    band: int
    split_k: int
