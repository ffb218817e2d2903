"""Parameters of a recipe as KEY=VALUE."""

from dataclasses import replace
from fractions import Fraction

import pytest

from simulator.errors import InputError
from workloads.training.recipes import RECIPES
from workloads.training.settings import FIXED, parameters, with_settings

NO_SHARE = "a share, as in 10 % or 1/10"


@pytest.mark.parametrize(
    ("name", "text", "key", "value"),
    [
        ("sr_ste", "strength=1e-3", "strength", 1e-3),
        ("sr_ste", " strength = -2e-4 ", "strength", -2e-4),
        ("mdgf_exp", "final=10 %", "final", Fraction(1, 10)),
        ("mdgf_exp", "final=1/7", "final", Fraction(1, 7)),
        ("mdgf_exp", "dense=0", "dense", Fraction(0)),
        ("mdgf_exp", "dense=0 %", "dense", Fraction(0)),
        ("mdgf_linear", "decay=none", "decay", None),
        ("mdgf_linear", "decay=50%", "decay", Fraction(1, 2)),
        ("mdgf_linear", "beta=0.25", "beta", 0.25),
        ("mdgf_linear", "mode=scaled", "mode", "scaled"),
        ("gradual", "updates=4", "updates", 4),
        ("transposable", "solver=greedy", "solver", "greedy"),
        ("adaprune", "transposable=true", "transposable", True),
        ("adaprune", "transposable=false", "transposable", False),
        ("sparse_ift_wide", "masks=set", "masks", "set"),
    ],
)
def test_a_parameter_is_what_is_written(name: str, text: str, key: str, value: object) -> None:
    before = parameters(RECIPES[name])
    after = parameters(with_settings(RECIPES[name], [text]))
    assert after == before | {key: value}
    assert type(after[key]) is type(value)


@pytest.mark.parametrize(
    ("name", "text", "key", "steps"),
    [
        ("sr_ste", "select_every=7", "select_every", 7),
        ("rigl", "grow_every=9", "dense_wgrad_every", 9),
        ("bi_mask", "second_every=3", "second_every", 3),
    ],
)
def test_an_interval_is_the_face_s(name: str, text: str, key: str, steps: int) -> None:
    found = with_settings(RECIPES[name], [text])
    assert found.face == replace(RECIPES[name].face, **{key: steps})  # type: ignore[arg-type]
    assert replace(found, face=RECIPES[name].face) == RECIPES[name]


def test_several_parameters() -> None:
    found = with_settings(RECIPES["mdgf_exp"], ["fall=3", "mode=scaled"])
    assert parameters(found) == parameters(RECIPES["mdgf_exp"]) | {"fall": 3.0, "mode": "scaled"}
    assert with_settings(RECIPES["ste"], []) == RECIPES["ste"]


def test_parameters_are_what_a_recipe_adds() -> None:
    assert parameters(RECIPES["dense"]) == parameters(RECIPES["static"]) == {}
    assert parameters(RECIPES["sr_ste"]) == {"strength": 2e-4, "select_every": 1}
    assert parameters(RECIPES["rigl"]) == {"moving": Fraction(3, 4), "drop": 0.3, "grow_every": 100}
    assert parameters(RECIPES["bi_mask"]) == {"strength": 2e-4, "select_every": 1, "second_every": 100}
    assert {"name", "face", "paper", "summary", "digest"} == FIXED


@pytest.mark.parametrize(
    ("name", "text", "error"),
    [
        ("sr_ste", "strength", "with: `strength` sets nothing; write KEY=VALUE"),
        ("sr_ste", "=3", "with: `=3` sets nothing; write KEY=VALUE"),
        ("static", "strength=1", "with: recipe static has no parameters; leave it out"),
        (
            "sr_ste",
            "strenght=1",
            "with: no parameter is called `strenght`; did you mean `strength`? known: select_every, strength",
        ),
        ("sr_ste", "name=x", "with: no parameter is called `name`; known: select_every, strength"),
        ("sr_ste", "strength=much", "with: strength is `much`; write a number, as in 1e-3"),
        ("sr_ste", "strength=nan", "with: strength is `nan`; write a number, as in 1e-3"),
        ("sr_ste", "strength=-inf", "with: strength is `-inf`; write a number, as in 1e-3"),
        ("sr_ste", "strength=", "with: strength is ``; write a number, as in 1e-3"),
        ("sr_ste", "strength=none", "with: strength is `none`; write a number, as in 1e-3"),
        ("mdgf_exp", "final=ten", f"with: final is `ten`; write {NO_SHARE}"),
        ("mdgf_exp", "final=1/0", f"with: final is `1/0`; write {NO_SHARE}"),
        ("mdgf_exp", "final=-10 %", f"with: final is `-10 %`; write {NO_SHARE}"),
        ("mdgf_exp", "final=none", f"with: final is `none`; write {NO_SHARE}"),
        (
            "sr_ste",
            "grow_every=3",
            "with: no parameter is called `grow_every`; known: select_every, strength",
        ),
        (
            "sr_ste",
            "select_every=0",
            f"with: select_every is 0; select_every is a whole number from 1 to {2**40}",
        ),
        ("wanda", "samples=0", "with: samples is `0`; it is from 1 to 1048576"),
        ("adaprune", "rows=-5", "with: rows is `-5`; it is from 1 to 1048576"),
        ("rigl", "drop=2", "with: drop is `2.0`; it is from 0 to 1"),
        ("sparsegpt", "damping=0", "with: damping is `0.0`; it is from 1e-09 to 1000000"),
        (
            "transposable",
            "solver=best",
            "with: no solver is called `best`; known: exact, fast, greedy, two_approximation",
        ),
        ("sr_ste", "select_every=1.5", "with: select_every is `1.5`; write a whole number"),
        ("gradual", "updates=1.5", "with: updates is `1.5`; write a whole number"),
        ("adaprune", "transposable=yes", "with: transposable is `yes`; write true or false"),
        ("ac_dc", "prune_at=1", "with: prune_at cannot be set; write a recipe of your own in YAML"),
        ("mdgf_exp", "mode=half", "with: no mode is called `half`; known: scaled, ste"),
        (
            "sparse_ift_wide",
            "masks=rigle",
            "with: no masks is called `rigle`; did you mean `rigl`? known: rigl, set, static",
        ),
    ],
)
def test_what_sets_nothing(name: str, text: str, error: str) -> None:
    with pytest.raises(InputError) as refused:
        with_settings(RECIPES[name], [text])
    assert str(refused.value) == error


@pytest.mark.parametrize("recipe", RECIPES)
def test_every_parameter_that_can_be_set_reads_what_it_prints(recipe: str) -> None:
    chosen = RECIPES[recipe]
    for name, value in parameters(chosen).items():
        if value is None or isinstance(value, tuple):
            continue
        text = str(value).lower() if isinstance(value, bool) else str(value)
        assert parameters(with_settings(chosen, [f"{name}={text}"])) == parameters(chosen)


def test_a_parameter_is_given_once() -> None:
    with pytest.raises(InputError) as refused:
        with_settings(RECIPES["mdgf_exp"], ["fall=3", "mode=scaled", "fall=3"])
    assert str(refused.value) == "with: fall is given twice; give each parameter once"
