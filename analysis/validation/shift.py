"""How far the figures of the GPU move: simpler models, rows left out of the fit, each constant changed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from statistics import fmean

from analysis.validation.cases import PREDICTED, Checked, check, sizes
from analysis.validation.fit import (
    CONSTANTS,
    GIVEN,
    LEFT_OUT,
    Constant,
    of_k,
    settings_of,
    written_value,
)
from analysis.validation.gpu import (
    GEMM,
    GPU,
    LAYER,
    SMALL,
    TRAINING,
    Speedup,
    checked_gpu,
    gpu_cases,
    speedups,
)

SHEET = settings_of(tuple(constant.sheet for constant in CONSTANTS))
CHANGES = (Fraction(9, 10), Fraction(11, 10))


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a model of the GPU comes to: sizes of errors by source, and the speed-ups that one would conclude.

    Errors are median and worst; a speed-up of 2:4 layers is the mean over those of one k.
    """

    model: str
    gemm: tuple[float, float]
    layer: tuple[float, float]
    training: tuple[float, float]
    concluded: tuple[tuple[str, float], ...]

    @property
    def columns(self) -> dict[str, str | float]:
        """The figures under the names that tables give them."""
        errors = {"gemm": self.gemm, "2:4": self.layer, "training": self.training}
        return {
            "model": self.model,
            **{
                f"{name} {what}": error
                for name, pair in errors.items()
                for what, error in zip(("median", "worst"), pair, strict=True)
            },
            **dict(self.concluded),
        }

    @property
    def cells(self) -> dict[str, object]:
        """The figures as a row of a table."""
        ratios = dict(self.concluded)
        return {
            name: value if isinstance(value, str) else f"{value:.2f}" if name in ratios else f"{value:.1%}"
            for name, value in self.columns.items()
        }


def published(checked: Sequence[Checked]) -> Figures:
    """What was measured, beside which models stand."""
    pairs = speedups(checked)
    return Figures(
        model="measured",
        gemm=(0.0, 0.0),
        layer=(0.0, 0.0),
        training=(0.0, 0.0),
        concluded=_concluded([(one, one.published) for one in pairs]),
    )


def figures(model: str, checked: Sequence[Checked]) -> Figures:
    """The figures of one model of the GPU."""
    errors = {
        source: sizes(one.error for one in checked if one.case.source == source)
        for source in (GEMM, LAYER, TRAINING)
    }
    return Figures(
        model=model,
        gemm=errors[GEMM],
        layer=errors[LAYER],
        training=errors[TRAINING],
        concluded=_concluded([(one, one.simulated) for one in speedups(checked)]),
    )


def _concluded(pairs: Sequence[tuple[Speedup, float]]) -> tuple[tuple[str, float], ...]:
    """The mean speed-up of 2:4 layers of each k, and that of each layer that is trained."""
    found: dict[str, list[float]] = {}
    for one, ratio in pairs:
        what = "layer" if one.source == LAYER else "training"
        found.setdefault(f"{what}, k = {one.k}", []).append(ratio)
    return tuple((name, fmean(ratios)) for name, ratios in sorted(found.items()))


def simpler_models() -> Iterator[Figures]:
    """What needs no fit: the fidelity `bound`, and `tile`, with every constant as if data sheets were all."""
    yield figures("roofline", checked_gpu(SHEET, fidelity="bound"))
    yield figures("data sheets alone", checked_gpu(SHEET))


def other_memory() -> Iterator[Figures]:
    """The model and the roofline with the other size of memory, for tables that do not say theirs."""
    other = {GEMM: SMALL, LAYER: GPU, TRAINING: GPU}
    for model, settings, fidelity in (("nmsim", (), "tile"), ("roofline", SHEET, "bound")):
        cases = gpu_cases(settings, fidelity=fidelity)
        found = check(replace(case, arch=other[case.source]) for case in cases)
        yield figures(f"{model}, other memory", found)


def left_out() -> Iterator[Speedup]:
    """The speed-ups of the 2:4 layers of one k after another, predicted by a fit that did not see them."""
    for k, values in LEFT_OUT.items():
        cases = [case for case in gpu_cases(settings_of(values)) if case.source == LAYER and of_k(case, k)]
        yield from speedups(check(replace(case, standing=PREDICTED) for case in cases))


def changed() -> Iterator[Figures]:
    """The figures with each constant a tenth less and a tenth more, a share at most all."""
    for constant in (*CONSTANTS, *GIVEN):
        for change in CHANGES:
            setting = constant.setting(written_value(constant) * change)
            yield figures(setting.replace("=", " = "), checked_gpu((setting,)))


def described(constant: Constant) -> dict[str, object]:
    """A fitted constant as a row of a table."""
    value, unit = written_value(constant), constant.unit
    end = ", at its end" if value in (constant.low, constant.high) else ""
    return {
        "constant": constant.key,
        "value": f"{float(value):g} {unit}",
        "data sheet": f"{float(constant.sheet):g} {unit}",
        "sought in": f"{float(constant.low):g} to {float(constant.high):g} {unit}{end}",
        "stands for": constant.why,
    }
