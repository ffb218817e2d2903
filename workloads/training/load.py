"""Recipes by name or by path: a YAML file declares the phases of a run."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from simulator.errors import InputError, lookup
from simulator.spec import Loaded, Written, is_path, load_spec
from simulator.units import parse_share
from workloads.training.face import DENSE, DGRADS, WGRADS, Dgrad, Face, Wgrad
from workloads.training.recipe import Recipe, Window
from workloads.training.recipes import RECIPES
from workloads.training.selectors import SELECTORS
from workloads.training.unstructured import Target, parse_target

PHASES_MAX = 1000


def _check_share(text: str) -> str:
    parse_share(text, " of a run")
    return text


def _check_pattern(text: str) -> str:
    if text not in ("dense", "target"):
        try:
            parse_target(text)
        except InputError as error:
            problem = error.problems[0]
            raise InputError.of(problem.what, f"{problem.right}, or dense or target") from None
    return text


def _check_selector(name: str) -> str:
    lookup(SELECTORS, name, kind="selector")
    return name


def _texts(table: Mapping[str, str]) -> str:
    """What each word of a key means, as an editor shows it."""
    return "; ".join(f"{word}: {text}" for word, text in table.items())


Selecting = Annotated[str, AfterValidator(_check_selector)]
SUMMARIES = {name: selector.summary for name, selector in SELECTORS.items()}


class WrittenPhase(Written):
    """One phase of a recipe file: its share of the run, its pattern, and the keys of a Face."""

    share: Annotated[str, AfterValidator(_check_share), Field(examples=["90 %"])]
    pattern: Annotated[str, AfterValidator(_check_pattern), Field(examples=["target"])]
    forward: bool = Field(default=False, description="FWD multiplies by masked weights")
    dgrad: Dgrad = Field(default="dense", description=_texts(DGRADS))
    wgrad: Wgrad = Field(default="dense", description=_texts(WGRADS))
    dense_wgrad_every: int | None = Field(
        default=None,
        ge=1,
        description="sparse weight gradients after which one is dense, and masks are selected",
    )
    select_every: int | None = Field(
        default=None, ge=1, description="steps from one selection of masks to the next; once if left out"
    )
    selector: Selecting = Field(default="magnitude", description=_texts(SUMMARIES))
    second_every: int | None = Field(
        default=None, ge=1, description="the same as select_every, for a second mask that DGRAD alone uses"
    )
    second_selector: Selecting | None = Field(default=None, description="one of those of selector")
    kept_state: bool = Field(default=False, description="only kept weights have optimizer state")

    @model_validator(mode="after")
    def _pattern_and_face_agree(self) -> Self:
        """Refuse a sparse face without a pattern, and a pattern that nothing uses."""
        face = self.face()
        if self.pattern == "dense" and face != DENSE:
            raise InputError.of(
                "a dense phase has sparse passes or masks", "write pattern: target, or only share"
            )
        if self.pattern != "dense" and face == DENSE:
            raise InputError.of("nothing uses the pattern", "write forward: true, or pattern: dense")
        return self

    def face(self) -> Face:
        """The Face that the keys describe."""
        return Face(**{name: getattr(self, name) for name in Face.__dataclass_fields__})


class WrittenRecipe(Written):
    """A recipe file: the phases of a run, which take all of it."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")
    summary: str
    paper: str = "no paper"
    phases: tuple[WrittenPhase, ...] = Field(min_length=1, max_length=PHASES_MAX)

    @model_validator(mode="after")
    def _shares_fill_the_run(self) -> Self:
        total = sum(parse_share(phase.share) for phase in self.phases)
        if total != 1:
            raise InputError.of(f"the shares sum to {total} of the run", "they sum to 1", where="phases")
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredRecipe(Recipe):
    """A recipe whose phases a file lists; a run of it takes a target even if no phase asks for it."""

    written: tuple[WrittenPhase, ...]

    def windows(self, target: Target, steps: int) -> list[Window]:
        """The phases of the file, `target` put in where they ask for it."""
        patterns: dict[str, Target | None] = {"dense": None, "target": target}
        windows = []
        for phase in self.written:
            known = phase.pattern in patterns
            pattern = patterns[phase.pattern] if known else parse_target(phase.pattern)
            windows.append(Window(share=parse_share(phase.share), face=phase.face(), pattern=pattern))
        return windows


def declared(loaded: Loaded[WrittenRecipe]) -> Recipe:
    """The Recipe that a file declares."""
    written = loaded.value
    sparse = [face for phase in written.phases if (face := phase.face()) != DENSE]
    return DeclaredRecipe(
        name=written.name,
        summary=written.summary,
        paper=written.paper,
        face=sparse[-1] if sparse else DENSE,
        digest=loaded.digest,
        written=written.phases,
    )


def load_recipe(name_or_path: str | Path | Recipe) -> Recipe:
    """The recipe of that name, or of the YAML file at that path (`spec.is_path`); a Recipe is one already."""
    if isinstance(name_or_path, Recipe):
        return name_or_path
    if is_path(name_or_path):
        return declared(load_spec(name_or_path, WrittenRecipe))
    return lookup(RECIPES, str(name_or_path), kind="recipe", where="recipe")
