"""Recipes by name and by path."""

from fractions import Fraction
from pathlib import Path

import pytest

from simulator.errors import InputError
from simulator.pattern import Pattern
from simulator.spec import json_schema
from simulator.units import parse_share
from workloads.training.face import DENSE, DGRADS, WGRADS, Face
from workloads.training.load import WrittenRecipe, load_recipe
from workloads.training.recipes import RECIPES
from workloads.training.selectors import SELECTORS

MINE = """\
spec: 1
name: mine
summary: dense, then loose, then the target
phases:
  - {share: 12.5 %, pattern: dense}
  - {share: 3/8, pattern: 3:4, forward: true, dgrad: inputs, select_every: 1}
  - share: 50 %
    pattern: target
    forward: true
    dgrad: outputs
    wgrad: gradient
    select_every: 40
    selector: transposable
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    return path


def test_a_file_declares_the_phases(tmp_path: Path) -> None:
    recipe = load_recipe(written(tmp_path, MINE))
    phases = recipe.phases(Pattern.parse("2:4"), 800)
    assert [(str(phase.pattern), phase.steps) for phase in phases] == [
        ("None", 100),
        ("3:4", 300),
        ("2:4", 400),
    ]
    assert phases[0].face == DENSE
    assert phases[2].face == RECIPES["fst"].face
    assert (recipe.name, recipe.paper) == ("mine", "no paper")


def test_a_name_means_a_recipe_and_a_slash_or_suffix_a_file(tmp_path: Path) -> None:
    assert load_recipe("sr_ste") is RECIPES["sr_ste"]
    assert load_recipe(str(written(tmp_path, MINE))).name == "mine"


def test_a_file_of_dense_phases_alone_is_dense_training(tmp_path: Path) -> None:
    text = "spec: 1\nname: mine\nsummary: s\nphases: [{share: 100 %, pattern: dense}]\n"
    (phase,) = load_recipe(written(tmp_path, text)).phases(None, 7)
    assert (phase.face, phase.steps) == (DENSE, 7)


def test_an_unknown_name_gets_the_nearest() -> None:
    with pytest.raises(InputError) as error:
        load_recipe("sr_st")
    assert str(error.value).startswith(
        "recipe: no recipe is called `sr_st`; did you mean `sr_ste`? known: ac_dc, "
    )


@pytest.mark.parametrize(
    ("text", "share"), [("90 %", Fraction(9, 10)), ("90%", Fraction(9, 10)), ("5/6", Fraction(5, 6))]
)
def test_shares_are_exact(text: str, share: Fraction) -> None:
    assert parse_share(text) == share


@pytest.mark.parametrize("text", ["", "0 %", "101 %", "0.9", "90", "-5 %", "7/6", "1/0", "1e1 %", "९ %"])
def test_what_is_no_share_is_refused(text: str) -> None:
    with pytest.raises(InputError) as error:
        parse_share(text, " of a run")
    assert str(error.value) == f"`{text}` is not a share of a run; write one, as in 90 % or 5/6"


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("12.5 %", "12 %", "phases: the shares sum to 199/200 of the run; they sum to 1"),
        (
            "12.5 %",
            "most",
            "phases.0.share: `most` is not a share of a run; write one, as in 90 % or 5/6",
        ),
        (
            "pattern: 3:4",
            "pattern: 3to4",
            "`3to4` is not a pattern; write kept:group, as in 2:4, or a share of each layer, as in 10 %, or "
            "dense or target",
        ),
        (
            "pattern: dense",
            "pattern: target",
            "nothing uses the pattern; write forward: true, or pattern: dense",
        ),
        (
            "pattern: 3:4",
            "pattern: dense",
            "a dense phase has sparse passes or masks; write pattern: target, or only share",
        ),
        (
            "forward: true, dgrad: inputs",
            "kept_state: true",
            "kept_state is set while FWD is dense; kept weights need forward: true",
        ),
        ("dgrad: outputs", "dgrad: output", "did you mean `outputs`?"),
        ("selector: transposable", "selector: transposed", "no selector is called `transposed`"),
        ("select_every: 40", "select_every: 0", "`0` is too small; it is at least 1"),
        (
            "forward: true, dgrad",
            "dgrad",
            "dgrad is inputs while FWD is dense; sparse weights need forward: true",
        ),
        ("wgrad: gradient", "wgrads: gradient", "unknown key; did you mean `wgrad`?"),
    ],
)
def test_a_bad_file_is_refused_in_words(tmp_path: Path, old: str, new: str, line: str) -> None:
    assert old in MINE
    with pytest.raises(InputError) as error:
        load_recipe(written(tmp_path, MINE.replace(old, new, 1)))
    assert line in str(error.value)
    assert str(error.value).startswith(f"{tmp_path}/mine.yaml:")


def test_a_file_may_hold_the_state_of_kept_weights_alone(tmp_path: Path) -> None:
    static = "forward: true, dgrad: inputs, wgrad: kept, kept_state: true, selector: random"
    text = f"spec: 1\nname: mine\nsummary: s\nphases: [{{share: 100 %, pattern: target, {static}}}]\n"
    assert load_recipe(written(tmp_path, text)).face == RECIPES["static"].face


def test_the_schema_says_what_each_word_of_a_key_means() -> None:
    keys = json_schema(WrittenRecipe)["$defs"]["WrittenPhase"]["properties"]
    for key, words in (("dgrad", DGRADS), ("wgrad", WGRADS), ("selector", SELECTORS)):
        assert all(f"{word}: " in keys[key]["description"] for word in words)
    assert all("description" in keys[key] for key in Face.__dataclass_fields__)
