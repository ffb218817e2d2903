"""Small runs of every recipe in which all that it does happens, and what its oracle is told."""

from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from tests.workloads.training.emulator.recorded import ADAM, SGD, Run
from workloads.training.emulator.rates import Rate
from workloads.training.recipe import Recipe
from workloads.training.recipes import RECIPES

FAST = Rate(peak=0.15)
"""High enough for thresholds to pass nearly all weights, and to start again."""
SHORT = replace(ADAM, beta2=0.8, epsilon=1e-3)
"""AdamW whose variance settles within a few steps, for STEP."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """A run, its oracle's name, and the numbers that the oracle is given."""

    run: Run
    oracle: str
    options: dict[str, Any] = field(default_factory=dict, hash=False)

    def __str__(self) -> str:
        run = self.run
        words = [self.oracle, run.pattern or "dense", run.optimizer.name, f"{run.steps} steps"]
        words += [f"{name}={value}" for name, value in self.options.items()]
        return " ".join(words)


def recipe(name: str, face: dict[str, Any] | None = None, **settings: Any) -> Recipe:
    """The recipe with other parameters, and a face with shorter periods."""
    known = RECIPES[name]
    return replace(known, face=replace(known.face, **(face or {})), **settings)


def case(
    name: str,
    pattern: str | None = "2:4",
    *,
    face: dict[str, Any] | None = None,
    settings: dict[str, Any] | None = None,
    options: dict[str, Any] | None = None,
    **run: Any,
) -> Case:
    if pattern in ("1:8", "4:8"):
        run.setdefault("batch", 16)
    chosen = recipe(name, face, **(settings or {}))
    return Case(run=Run(recipe=chosen, pattern=pattern, **run), oracle=name, options=options or {})


def both(name: str, *patterns: str | None, **more: Any) -> list[Case]:
    """With AdamW under every pattern, and with SGD under the first."""
    return [
        *(case(name, pattern, **more) for pattern in patterns),
        case(name, patterns[0], optimizer=SGD, **more),
    ]


def mdgf() -> list[Case]:
    """Fading for 6 of 12 steps, or 10 of 12; after dense steps; fast enough to reach 0 before its end."""
    found = []
    for mode in ("ste", "scaled"):
        options = {"gradient": mode}
        found += both(
            "mdgf_linear",
            "2:4",
            "1:8",
            "30 %",
            settings={"mode": mode},
            options={"beta": 1 / 6, **options},
        )
        found += both("mdgf_exp", "1:4", "4:8", settings={"mode": mode}, options={"beta": 5 / 10, **options})
        found.append(
            case(
                "mdgf_linear",
                "1:4",
                settings={"mode": mode, "dense": Fraction(1, 4), "beta": 0.5},
                options={"beta": 0.5, **options},
            )
        )
        found.append(
            case(
                "mdgf_exp",
                "2:4",
                settings={"mode": mode, "dense": Fraction(1, 4), "fall": 3.0, "final": Fraction(1, 4)},
                options={"beta": 3 / 6, **options},
            )
        )
    return found


def kao() -> list[Case]:
    """Updates every 3 of 24 steps after 3 dense ones: masks fade in 4, or patterns tighten at each."""
    when = {"start": Fraction(1, 8), "every": Fraction(1, 8)}
    quarter = {"weight": Fraction(1, 4), **when}
    return [
        *both("kao_mask", "2:4", "1:8", "30 %", settings=quarter, options={"fade": 0.25}, steps=24),
        *both("kao_structure", "1:8", "2:4", settings=when, steps=24),
        case("kao_structure", "1:4", settings=when, steps=24),
    ]


def both_ways() -> list[Case]:
    """Transposable and second masks, and sparse gradients."""
    every = {"select_every": 5}
    return [
        *both("transposable", "2:4", "1:4", face=every),
        case("transposable", "4:8", face=every),
        case("transposable", face=every, settings={"solver": "greedy"}),
        *both(
            "bi_mask",
            "2:4",
            "1:4",
            "4:8",
            face={"second_every": 5},
            settings={"strength": 0.1},
            options={"strength": 0.1},
        ),
        *both("slope", "2:4", "1:4", "4:8", face={"second_every": 5}),
        *both("fst", "2:4", "1:4", face=every, settings={"strength": 0.1}, options={"strength": 0.1}),
        case("fst", "4:8", face=every),
        *both("s_ste", "2:4", "1:4", "1:8", "4:8"),
    ]


def dense_first() -> list[Case]:
    """Dense, then a fixed mask, or STE with a frozen variance: after 6 steps at most, or 2 at least."""
    early = {"dense": Fraction(1, 6), "latest": Fraction(1, 2)}
    return [
        *both("one_shot", "2:4", "1:8", "30 %"),
        case("step", "2:4"),
        case("step", "1:4", optimizer=SHORT, steps=24, settings=early),
        case("step", "30 %", optimizer=replace(SHORT, epsilon=0.5), steps=24, settings=early),
    ]


def kept() -> list[Case]:
    """Only kept weights have values: masks that come and go in 40 steps, or move every 4."""
    move: dict[str, Any] = {"steps": 24}
    return [
        *both("static", "2:4", "1:8", "30 %"),
        *both("ac_dc", "2:4", "1:8", "30 %", steps=40),
        *both("gradual", "2:4", "1:8", "30 %", steps=40),
        *both("rigl", "2:4", "1:4", "4:8", "30 %", face={"dense_wgrad_every": 3}, **move),
        *both("set", "2:4", "1:4", "4:8", "30 %", face={"select_every": 4}, **move),
        case("rigl", face={"dense_wgrad_every": 3}, width=10, inner=18, **move),
        case("set", face={"select_every": 4}, width=10, inner=18, depth=2, **move),
        case("slope", face={"second_every": 5}, width=10, inner=18),
        case(
            "rigl",
            face={"dense_wgrad_every": 2},
            settings={"drop": 0.5, "moving": Fraction(1, 2)},
            options={"fraction": 0.5},
            **move,
        ),
    ]


def straight() -> list[Case]:
    """Straight-through gradients at every step."""
    strong = {"strength": 0.1}
    return [
        *both("dense", None),
        *both("ste", "2:4", "1:4", "1:8", "4:8", "30 %"),
        *both("sr_ste", "2:4", "1:8", "30 %"),
        *both("sr_ste", "1:4", settings=strong, options=strong),
        case("sr_ste", width=10, inner=18, depth=2),  # tails of groups, four weights
        *both("sdgf_stepwise", "1:8", "2:4", steps=24),
        *both("sdgf_geometric", "1:4", "2:4", steps=24),
        case("sdgf_stepwise", "1:4", steps=24, settings={"dense": Fraction(1, 4)}),
        *both("dst", None, settings={"strength": 0.3}, options={"penalty": 0.3}),
        case("dst", None, steps=16, rate=FAST, settings={"strength": 3.0}, options={"penalty": 3.0}),
    ]


CASES: list[Case] = [*straight(), *mdgf(), *kao(), *both_ways(), *dense_first(), *kept()]
