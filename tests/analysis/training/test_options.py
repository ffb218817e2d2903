"""The options of `nmsim train`: numbers as people write them, and defaults that are those of the library."""

import inspect
from dataclasses import MISSING, fields

import pytest
import typer

from analysis.training.options import parse_number, parse_share
from analysis.training.verb import train
from workloads.training.emulator.choices import Choices

RENAMED = {"with_": "settings", "size": "sizes"}
OF_THE_COMMAND = {"out", "resume", "mask_every", "arch", "settings", "against", "form"}


def test_every_choice_is_an_option_with_the_default_of_the_library() -> None:
    options = {
        RENAMED.get(name, name): parameter.default
        for name, parameter in inspect.signature(train).parameters.items()
        if name not in OF_THE_COMMAND
    }
    choices = {field.name: field.default for field in fields(Choices)}
    assert options.keys() == choices.keys()
    given = {name: value for name, value in options.items() if name not in ("task", *RENAMED.values())}
    assert given == {name: choices[name] for name in given}
    assert choices["task"] is MISSING
    assert (options["settings"], options["sizes"]) == (None, None)


@pytest.mark.parametrize(
    ("text", "value"),
    [("5 %", 0.05), ("5%", 0.05), ("0.05", 0.05), ("1/20", 0.05), ("0", 0.0), ("1", 1.0), ("2.5 %", 0.025)],
)
def test_a_share_as_people_write_it(text: str, value: float) -> None:
    assert parse_share(text) == value


@pytest.mark.parametrize(
    "text", ["", "%", "5", "-1", "1/0", "101 %", "1e9999999", "0,5", "nan", "٣ %", "1/2/3"]
)
def test_what_is_no_share(text: str) -> None:
    with pytest.raises(typer.BadParameter, match=r"is no share; write one, as in 5 % or 0\.05"):
        parse_share(text)


@pytest.mark.parametrize(
    ("text", "value"), [("1e-3", 1e-3), ("-2", -2.0), (".5", 0.5), ("3.", 3.0), (0.5, 0.5)]
)
def test_a_number_as_people_write_it(text: str | float, value: float) -> None:
    assert parse_number(text) == value


@pytest.mark.parametrize("text", ["", "inf", "nan", "1_0", "0x1", "1e999", "٣", "1,5", "9" * 5000])
def test_what_is_no_number(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="is no number; write one, as in 1e-3"):
        parse_number(text)
