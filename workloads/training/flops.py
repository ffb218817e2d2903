"""The FLOPs ledger: what a product, a run or a recipe costs, under a named convention.

Papers mean different things by training FLOPs, so every function takes the convention.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from simulator.errors import lookup
from simulator.gemm import Pass, Product, Step, Stream
from workloads.training.face import Face, Phase
from workloads.training.recipe import ONE
from workloads.training.unstructured import Unstructured

FLOPS_PER_MAC = 2


class Coefficients(NamedTuple):
    """What each pass costs, as a share of the dense forward product."""

    fwd: Fraction
    dgrad: Fraction
    wgrad: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class Convention:
    """One way to count: `macs` of a Product, and the closed form of a Face at a density.

    `anywhere` says whether zeros that follow no pattern count too.
    """

    name: str
    summary: str
    macs: Callable[[Product], int]
    coefficients: Callable[[Face, Fraction], Coefficients]
    anywhere: bool = True


def _macs_algorithmic(product: Product) -> int:
    return product.effective_macs


def _macs_hardware(product: Product) -> int:
    for operand in (product.a, product.b):
        if operand.pattern is not None and operand.along == "k":
            return product.macs_keeping(operand.pattern, "k")
    return product.dense_macs


def _macs_all_sparse(product: Product) -> int:
    return product.masked_macs


def _share(sparse: bool, density: Fraction) -> Fraction:
    return density if sparse else ONE


def _wgrad(face: Face, density: Fraction, *, sparse: bool) -> Fraction:
    """WGRAD at `density` where `sparse`; with one dense after every T sparse ones, (d * T + 1) / (T + 1)."""
    if not sparse or face.dense_wgrad_every is None:
        return _share(sparse, density)
    return (density * face.dense_wgrad_every + 1) / (face.dense_wgrad_every + 1)


def _algorithmic(face: Face, density: Fraction) -> Coefficients:
    return Coefficients(
        _share(face.forward, density),
        _share(face.dgrad != "dense", density),
        _wgrad(face, density, sparse=face.wgrad != "dense"),
    )


def _hardware(face: Face, density: Fraction) -> Coefficients:
    return Coefficients(
        _share(face.forward, density),
        _share(face.dgrad == "outputs", density),
        _wgrad(face, density, sparse=face.wgrad == "gradient"),
    )


def _all_sparse(face: Face, density: Fraction) -> Coefficients:
    share = _share(face.forward, density)
    return Coefficients(share, share, share)


CONVENTIONS = {
    "algorithmic": Convention(
        name="algorithmic",
        summary="skips every multiply by a zero of an operand, or whose result is masked away",
        macs=_macs_algorithmic,
        coefficients=_algorithmic,
    ),
    "hardware": Convention(
        name="hardware",
        summary="skips zeros that are N:M along the reduction, as a sparse tensor core does",
        macs=_macs_hardware,
        coefficients=_hardware,
        anywhere=False,
    ),
    "all_sparse": Convention(
        name="all_sparse",
        summary="all three passes at the density of the masks",
        macs=_macs_all_sparse,
        coefficients=_all_sparse,
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """FLOPs of a trace by pass, exactly; `update_ops` are vector operations and not part of `total`."""

    convention: str
    fwd: int
    dgrad: int
    wgrad: int
    update_ops: int

    @property
    def total(self) -> int:
        """FLOPs of all matrix products."""
        return self.fwd + self.dgrad + self.wgrad


def flops(product: Product, convention: str) -> int:
    """FLOPs of one Product: two for each multiply-add that counts under the convention."""
    return FLOPS_PER_MAC * lookup(CONVENTIONS, convention, kind="convention").macs(product)


def ledger(steps: Iterable[Step], convention: str) -> Ledger:
    """The FLOPs of all `steps`, each as often as it happened."""
    lookup(CONVENTIONS, convention, kind="convention")
    sums = dict.fromkeys(Pass, 0)
    for step in steps:
        once = step.work.ops if isinstance(step.work, Stream) else flops(step.work, convention)
        sums[step.pass_] += once * step.when.count
    return Ledger(
        convention=convention,
        fwd=sums[Pass.FWD],
        dgrad=sums[Pass.DGRAD],
        wgrad=sums[Pass.WGRAD],
        update_ops=sums[Pass.UPDATE],
    )


def coefficients(face: Face, density: Fraction, convention: str) -> Coefficients:
    """The closed form of one step of a sparse layer whose sizes are whole groups; dense is (1, 1, 1)."""
    return lookup(CONVENTIONS, convention, kind="convention").coefficients(face, density)


def train_flops(sparse: int, dense: int, phases: Iterable[Phase], convention: str) -> Fraction:
    """FLOPs of a run, from one step's forward FLOPs in layers that are `sparse` and that stay `dense`.

    The sum over phases of steps * (sparse * (c_fwd + c_dgrad + c_wgrad) + 3 * dense). A trace has less where
    a layer needs no input gradient, and differs by the tails of groups and of periods of weight gradients.
    """
    total = Fraction(0)
    anywhere = lookup(CONVENTIONS, convention, kind="convention").anywhere
    for phase in phases:
        skipped = anywhere or not isinstance(phase.pattern, Unstructured)
        passes = sum(coefficients(phase.face, phase.density if skipped else ONE, convention))
        total += phase.steps * (sparse * passes + 3 * dense)
    return total


def inference_flops(sparse: int, dense: int, density: Fraction) -> Fraction:
    """FLOPs of one forward pass: dense + density * sparse."""
    return dense + density * sparse
