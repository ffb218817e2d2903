"""Parameters of a recipe as a person writes them: KEY=VALUE."""

from collections.abc import Callable, Iterable
from dataclasses import fields, replace
from fractions import Fraction
from math import isfinite
from typing import Any

from simulator.errors import InputError, lookup, placed, shown
from simulator.units import parse_share
from workloads.training.recipe import FIXED_PARAMETER, Recipe

FIXED = frozenset(field.name for field in fields(Recipe))
"""What every recipe has, and nobody sets."""
INTERVALS = {
    "select_every": "select_every",
    "grow_every": "dense_wgrad_every",
    "second_every": "second_every",
}
"""Steps between selections of masks, which a recipe may take otherwise than published: the Face's names."""


def parameters(recipe: Recipe) -> dict[str, Any]:
    """The parameters of a recipe and their values, as a run notes them."""
    return {name: getattr(recipe, name) for name in _kinds(recipe)} | _intervals(recipe)


def _kinds(recipe: Recipe) -> dict[str, str]:
    """The type of each parameter that is a field."""
    return {
        field.name: str(field.type)
        for field in fields(recipe)
        if field.name not in FIXED and FIXED_PARAMETER not in field.metadata
    }


def _intervals(recipe: Recipe) -> dict[str, int]:
    """The intervals that a recipe has."""
    found = {name: getattr(recipe.face, theirs) for name, theirs in INTERVALS.items()}
    return {name: steps for name, steps in found.items() if steps is not None}


def with_settings(recipe: Recipe, settings: Iterable[str]) -> Recipe:
    """The recipe with other parameters, each written KEY=VALUE: `strength=1e-3`, `final=10 %`."""
    kinds = _kinds(recipe) | dict.fromkeys(_intervals(recipe), "int")
    given: dict[str, Any] = {}
    for text in settings:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not equals or not name:
            raise InputError.of(f"{shown(text)} sets nothing", "write KEY=VALUE", where="with")
        if not kinds:
            raise InputError.of(f"recipe {recipe.name} has no parameters", "leave it out", where="with")
        if name in given:
            raise InputError.of(f"{name} is given twice", "give each parameter once", where="with")
        given[name] = _parsed(name, value, lookup(kinds, name, kind="parameter", where="with"))
    moved = {INTERVALS[name]: given.pop(name) for name in INTERVALS if name in given}
    with placed("with"):
        return replace(recipe, face=replace(recipe.face, **moved), **given)


def _parsed(name: str, text: str, kind: str) -> Any:
    """The value that `text` writes for a parameter of the type `kind`."""
    if "None" in kind and text == "none":
        return None
    if "str" in kind:
        return text
    for word, (parse, right) in PARSERS.items():
        if word in kind and "tuple" not in kind:
            try:
                return parse(text)
            except (ValueError, KeyError, ZeroDivisionError, OverflowError):
                raise InputError.of(f"{name} is {shown(text)}", f"write {right}", where="with") from None
    raise InputError.of(f"{name} cannot be set", "write a recipe of your own in YAML", where="with")


def _share(text: str) -> Fraction:
    """A share of the run; 0 too."""
    if text in ("0", "0%", "0 %"):
        return Fraction(0)
    return parse_share(text)


def _number(text: str) -> float:
    """A finite number."""
    if not isfinite(number := float(text)):
        raise ValueError
    return number


PARSERS: dict[str, tuple[Callable[[str], Any], str]] = {
    "bool": ({"true": True, "false": False}.__getitem__, "true or false"),
    "Fraction": (_share, "a share, as in 10 % or 1/10"),
    "float": (_number, "a number, as in 1e-3"),
    "int": (int, "a whole number"),
}
"""How a parameter of each type is read."""
