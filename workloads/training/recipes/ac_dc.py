"""AC/DC: compressed and decompressed phases in turn, ending compressed."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from workloads.training.recipe import ONE, Recipe, Window
from workloads.training.recipes.static import FIXED
from workloads.training.unstructured import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class AlternatingCompression(Recipe):
    """Prune at each share of `prune_at`, restore at each of `restore_at`, which lie between them.

    The defaults are the published epochs of 100: dense until 10, compressed for 5 and dense for 5 until 75,
    dense until 85, compressed to the end. Half of the run is compressed. Restored weights start again from 0,
    and so does their momentum here (published as an option), so compressed phases hold kept weights alone.
    """

    prune_at: tuple[Fraction, ...] = tuple(Fraction(epoch, 100) for epoch in (*range(10, 80, 10), 85))
    restore_at: tuple[Fraction, ...] = tuple(Fraction(epoch, 100) for epoch in range(15, 85, 10))

    def windows(self, target: Target, steps: int) -> Iterable[Window]:
        """Dense and compressed windows in turn."""
        start = Fraction(0)
        for prune, restore in zip(self.prune_at, (*self.restore_at, ONE), strict=True):
            yield Window(share=prune - start)
            yield Window(share=restore - prune, face=self.face, pattern=target)
            start = restore


AC_DC = AlternatingCompression(
    name="ac_dc",
    summary="masks fixed for a twentieth of the run, dense for a twentieth, in turn; compressed at the end",
    paper="Peste et al.: AC/DC, arXiv:2106.12379",
    face=FIXED,
)
