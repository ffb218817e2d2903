"""Errors: one line per problem, in the user's own words, wherever the error travels."""

import copy
import pickle

import pytest

from simulator.errors import InputError, Problem, lookup, placed, shown, suggestion

PROBLEM = Problem(where="x.yaml:3:5: clock", what="`-1 GHz` is negative", right="a clock is above 0")


def test_a_problem_is_one_line() -> None:
    assert str(PROBLEM) == "x.yaml:3:5: clock: `-1 GHz` is negative; a clock is above 0"


def test_a_problem_without_a_place_has_no_colon_in_front() -> None:
    assert str(Problem(what="`5:4` keeps 5 of 4", right="at most 4")) == "`5:4` keeps 5 of 4; at most 4"


@pytest.mark.parametrize(("inner", "outer"), [("", "row 3"), ("b", "row 3: b")])
def test_a_place_goes_in_front(inner: str, outer: str) -> None:
    moved = Problem(where=inner, what="no", right="yes").at("row 3")
    assert moved == Problem(where=outer, what="no", right="yes")


def test_an_error_has_one_line_for_each_problem() -> None:
    error = InputError([PROBLEM, Problem(what="no", right="yes")])
    assert str(error).split("\n") == [str(PROBLEM), "no; yes"]
    assert error.problems == (PROBLEM, Problem(what="no", right="yes"))


def test_problems_may_come_from_a_generator() -> None:
    error = InputError(Problem(what=what, right="yes") for what in "ab")
    assert [problem.what for problem in error.problems] == ["a", "b"]
    assert str(error) == "a; yes\nb; yes"


def test_an_error_of_one_problem() -> None:
    assert InputError.of("no", "yes", where="k").problems == (Problem(where="k", what="no", right="yes"),)
    assert str(InputError.of("no", "yes")) == "no; yes"


def test_every_problem_of_an_error_is_placed() -> None:
    error = InputError([PROBLEM, Problem(what="no", right="yes")]).at("study.yaml")
    assert str(error).split("\n") == [f"study.yaml: {PROBLEM}", "study.yaml: no; yes"]


def test_what_is_raised_within_a_place_is_placed_there() -> None:
    with pytest.raises(InputError) as caught, placed("study.yaml"):
        raise InputError([PROBLEM, Problem(what="no", right="yes")])
    assert str(caught.value).split("\n") == [f"study.yaml: {PROBLEM}", "study.yaml: no; yes"]
    assert caught.value.__suppress_context__


def test_a_place_leaves_other_faults_alone() -> None:
    with pytest.raises(KeyError, match=r"^'x'$"), placed("study.yaml"):
        raise KeyError("x")


def test_an_error_is_a_value_error() -> None:
    with pytest.raises(ValueError, match=r"^no; yes$"):
        raise InputError.of("no", "yes")


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_an_error_crosses_processes_whole(protocol: int) -> None:
    error = InputError([PROBLEM, Problem(what="no", right="yes")])
    arrived = pickle.loads(pickle.dumps(error, protocol))
    assert type(arrived) is InputError
    assert arrived.problems == error.problems
    assert str(arrived) == str(error)


def test_an_error_can_be_copied() -> None:
    error = InputError([PROBLEM])
    assert copy.copy(error).problems == copy.deepcopy(error).problems == (PROBLEM,)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("2:4", "`2:4`"),
        ("", "``"),
        (124, "`124`"),
        (None, "`None`"),
        (["a", 1], "a list"),
        ("größe", "`größe`"),
        ("a\nb\x1b[31m", "`a\\x0ab\\x1b[31m`"),
        ("a\u202eb", "`a\\x202eb`"),
        ("x" * 60, "`" + "x" * 60 + "`"),
        ("x" * 61, "`" + "x" * 60 + "…`"),
        ("\n" * 10**6, "`" + "\\x0a" * 15 + "…`"),
    ],
)
def test_a_value_is_quoted_on_one_short_line(value: object, text: str) -> None:
    assert shown(value) == text


def test_a_value_is_cut_where_the_caller_says() -> None:
    assert shown("abcdef", limit=3) == "`abc…`"
    assert shown("abc", limit=3) == "`abc`"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("bitmsk", "did you mean `bitmask`? known: bitmask, csr, dense"),
        ("Dense", "did you mean `dense`? known: bitmask, csr, dense"),
        ("zzz", "known: bitmask, csr, dense"),
        ("", "known: bitmask, csr, dense"),
        ("csr" * 10**6, "known: bitmask, csr, dense"),
    ],
)
def test_a_suggestion_names_the_nearest_then_all(name: str, text: str) -> None:
    assert suggestion(name, ["dense", "csr", "bitmask"]) == text


def test_lookup_finds_the_entry() -> None:
    assert lookup({"a": 1, "b": 2}, "b", kind="letter") == 2


@pytest.mark.parametrize(
    ("name", "where", "text"),
    [
        ("denes", "", "no format is called `denes`; did you mean `dense`? known: csr, dense"),
        ("x", "a.yaml:1:1: format", "a.yaml:1:1: format: no format is called `x`; known: csr, dense"),
        (None, "", "no format is called `None`; known: csr, dense"),
        (["dense"], "", "no format is called a list; known: csr, dense"),
    ],
)
def test_lookup_refuses_what_is_not_there(name: str, where: str, text: str) -> None:
    with pytest.raises(InputError) as caught:
        lookup({"dense": 1, "csr": 2}, name, kind="format", where=where)
    assert str(caught.value) == text
