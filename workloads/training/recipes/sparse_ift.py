"""Sparse-IFT: sparse maps of as many multiply-adds as the dense ones that they replace.

The model changes, and its sparse weights train with masks of RigL, of SET, or fixed ones. The members are
those of workloads/models/sparse_ift.py.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from workloads.training.face import Face
from workloads.training.recipe import FIXED_PARAMETER, ONE, Window, worded
from workloads.training.recipes.dynamic import RIGL_FACE, SET_FACE, DropAndGrow
from workloads.training.recipes.static import STATIC
from workloads.training.unstructured import Target

if TYPE_CHECKING:
    from workloads.models.block import MakeMap

PAPER = "Thangarasa et al.: Sparse-IFT, arXiv:2303.11525"
MASKS: dict[str, Face] = {"rigl": RIGL_FACE, "set": SET_FACE, "static": STATIC.face}
"""How masks move."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IsoFlops(DropAndGrow):
    """A `member` of the family for each feed-forward map or convolution; `masks` is one of MASKS.

    `grow_every` is the period of RigL's masks and of SET's alike.
    """

    member: str = field(metadata={FIXED_PARAMETER: True})
    masks: str = worded("rigl", MASKS)

    @property
    def rebuilds(self) -> bool:
        """It changes the model."""
        return True

    def windows(self, target: Target, steps: int) -> Iterable[Window]:
        """Masks that move, then fixed ones; or one window where they never move."""
        if self.masks == "static":
            return [Window(share=ONE, face=MASKS["static"], pattern=target)]
        face = self.face
        if self.masks == "set":
            face = replace(MASKS["set"], select_every=self.face.dense_wgrad_every)
        return DropAndGrow.windows(replace(self, face=face), target, steps)

    def sizes(self, model: str, sizes: dict[str, int], target: Target) -> dict[str, int]:
        """Wider features for the wide member."""
        from workloads.models.sparse_ift import wide_channels, wide_inner

        if self.member != "wide":
            return sizes
        if model == "resnet":
            return sizes | {"width": wide_channels(sizes["width"], target.density)}
        return sizes | {"inner": wide_inner(sizes["inner"], target.density)}

    def maps(self, target: Target) -> "MakeMap | None":
        """The maps of the member; plain ones for the wide one."""
        from workloads.models.sparse_ift import MAKERS

        return None if self.member == "wide" else MAKERS[self.member](target.density)


def _member(member: str, summary: str) -> IsoFlops:
    name = f"sparse_ift_{member}"
    return IsoFlops(name=name, summary=summary, paper=PAPER, face=RIGL_FACE, member=member)


SPARSE_IFT_WIDE = _member(
    "wide", "wider layers with sparse weights, of the FLOPs of the dense ones; RigL masks"
)
SPARSE_IFT_PARALLEL = _member(
    "parallel", "sums of sparse branches, of the FLOPs of the dense layer; RigL masks"
)
SPARSE_IFT_FACTORIZED = _member(
    "factorized", "two sparse factors, of the FLOPs of the dense layer; RigL masks"
)
SPARSE_IFT_DOPED = _member(
    "doped", "a sparse weight and a dense low-rank one, of the FLOPs of the dense layer"
)
