"""SdGf: the pattern tightens in equal windows, from nearly dense or from large groups, to the target."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from simulator.errors import InputError
from simulator.pattern import GROUP_MAX, Pattern
from workloads.training.recipe import ONE, Recipe, Window
from workloads.training.recipes.mdgf import PAPER
from workloads.training.recipes.ste import STRAIGHT_THROUGH
from workloads.training.unstructured import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class StructureDecay(Recipe):
    """Train dense for the share `dense`, then through the patterns of `schedule`, each as long as the next.

    The last share `final` keeps the target. The published configurations leave its length open; 1/10 and no
    dense window are our choice.
    """

    dense: Fraction = Fraction(0)
    final: Fraction = Fraction(1, 10)

    def schedule(self, target: Pattern) -> list[Pattern]:
        """(M-1):M, M/2:M, M/4:M, ... and N:M last: 15, 8, 4, 2, 1 of 16.

        M/2^i is rounded down and what would fall to N or below is N, so that 3:8 is reached (7, 4, 3 of 8).
        """
        group = target.group
        halves = [group >> i for i in range(1, group.bit_length())]
        kept = [n for n in dict.fromkeys([group - 1, *halves]) if n > target.kept]
        return [Pattern(kept=n, group=group) for n in [*kept, target.kept]]

    def windows(self, target: Target, steps: int) -> Iterable[Window]:
        """A dense window, one of equal length for each pattern, and the target."""
        patterns = self.schedule(self.pattern_of(target))
        share = (ONE - self.dense - self.final) / len(patterns)
        return [
            Window(share=self.dense),
            *(Window(share=share, face=self.face, pattern=pattern) for pattern in patterns),
            Window(share=self.final, face=self.face, pattern=target),
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class GeometricDecay(StructureDecay):
    """StructureDecay at constant density: 8N:8M, 4N:4M, 2N:2M, N:M.

    Density is constant where the inputs of a layer are whole groups of 8M, which training asks for.
    """

    @property
    def whole_groups(self) -> bool:
        """A ragged last group of 8M would keep more than its share."""
        return True

    def schedule(self, target: Pattern) -> list[Pattern]:
        """Groups that halve from 8M to M; a group of 8M must be a group that a Pattern may have."""
        if 8 * target.group > GROUP_MAX:
            raise InputError.of(
                f"recipe {self.name} starts {target} from a group of {8 * target.group}",
                f"its target's group is at most {GROUP_MAX // 8}",
                where="pattern",
            )
        return [Pattern(kept=i * target.kept, group=i * target.group) for i in (8, 4, 2, 1)]


SDGF_STEPWISE = StructureDecay(
    name="sdgf_stepwise",
    summary="ste through M-1, M/2, M/4, ... kept of M down to the target",
    paper=PAPER,
    face=STRAIGHT_THROUGH,
)
SDGF_GEOMETRIC = GeometricDecay(
    name="sdgf_geometric",
    summary="ste through 8N:8M, 4N:4M, 2N:2M to N:M",
    paper=PAPER,
    face=STRAIGHT_THROUGH,
)
