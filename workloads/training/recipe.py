"""Recipe: a way of training with N:M, as the difference from dense training."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from math import floor

from simulator.errors import InputError
from simulator.gemm import check_count
from simulator.pattern import Pattern
from workloads.training.face import DENSE, Face, Phase

ONE = Fraction(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A share of the training run with one Face and one Pattern."""

    share: Fraction
    face: Face = DENSE
    pattern: Pattern | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """A named way of training: `face` says what is sparse once the target pattern is in force.

    This class trains with `face` from the first step to the last. A recipe that changes on the way overrides
    `windows` and has its parameters as fields. `digest` is that of the file it was read from, if it was.
    """

    name: str
    summary: str
    paper: str
    face: Face = DENSE
    digest: str = ""

    def windows(self, target: Pattern, steps: int) -> Iterable[Window]:
        """The run of `steps` steps towards `target`, as shares that sum to 1."""
        return [Window(share=ONE, face=self.face, pattern=target)]

    def phases(self, target: Pattern | None, steps: int) -> tuple[Phase, ...]:
        """The Phases of a run of `steps` steps towards `target`; their steps sum to `steps`.

        A window that ends at the share s of the run ends before step floor(s * steps). Windows of no
        steps vanish, so a short run loses its early windows and never its last. Equal neighbours are one.
        """
        check_count("steps", steps)
        if self.face == DENSE:
            return (Phase(face=DENSE, pattern=None, steps=steps),)
        if target is None:
            right = "write the target, as in 2:4"
            raise InputError.of(f"recipe {self.name} needs one", right, where="pattern")
        windows = list(self.windows(target, steps))
        self._check_shares(window.share for window in windows)
        phases: list[Phase] = []
        share, start = Fraction(0), 0
        for window in windows:
            share += window.share
            stop = floor(share * steps)
            if stop > start:
                _append(phases, Phase(face=window.face, pattern=window.pattern, steps=stop - start))
            start = stop
        return tuple(phases)

    def last_phase(self, target: Pattern | None) -> Phase:
        """What is in force on the last step, which is what the trained network is served with."""
        return self.phases(target, 1)[-1]

    def _check_shares(self, shares: Iterable[Fraction]) -> None:
        """Refuse windows that do not fill the run."""
        shares = list(shares)
        if any(share < 0 for share in shares) or sum(shares) != 1:
            raise InputError.of(
                f"the windows of recipe {self.name} take {', '.join(map(str, shares))} of the run",
                "shares are not negative and sum to 1",
            )


def _append(phases: list[Phase], phase: Phase) -> None:
    """Add `phase`, or lengthen the last phase where the two are alike."""
    if phases and (phases[-1].face, phases[-1].pattern) == (phase.face, phase.pattern):
        phase = Phase(face=phase.face, pattern=phase.pattern, steps=phases.pop().steps + phase.steps)
    phases.append(phase)
