import json
import pickle
from pathlib import Path
from typing import Any, Literal

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field
from yamlcore import CCoreLoader

from simulator.arch import load_arch
from simulator.errors import InputError
from simulator.spec import Written, json_schema, load_spec
from simulator.yaml12 import parse


class Part(Written):
    name: str
    size: int = 1


class Whole(Written):
    title: str = ""
    kind: Literal["a", "b"] = "a"
    counts: dict[str, int] = Field(default_factory=dict)
    parts: tuple[Part, ...] = ()
    ratio: float = 0.5
    anything: Any = None


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def written(text: str, name: str = "x.yaml") -> str:
    Path(name).parent.mkdir(exist_ok=True)
    Path(name).write_text(text)
    return name


def loaded(text: str, *settings: str) -> Whole:
    return load_spec(written(f"spec: 1\n{text}"), Whole, settings=settings).value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2:4", "2:4"),
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("y", "y"),
        ("010", 10),
        ("0o10", 8),
        ("0x10", 16),
        ("1_000", "1_000"),
        ("1e3", 1000.0),
        ("1.", 1.0),
        ("true", True),
        ("True", True),
        ("2001-01-01", "2001-01-01"),
        ("190:20:30", "190:20:30"),
        ("'3'", "3"),
        ("[2:4, 1:4]", ["2:4", "1:4"]),
        ("=", "="),
    ],
)
def test_scalars_mean_what_yaml_1_2_says(text: str, value: object) -> None:
    seen = loaded(f"anything: {text}").anything
    assert seen == value
    assert type(seen) is type(value)


BMP = st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]), max_size=12)
SCALARS = st.one_of(st.booleans(), st.integers(-(2**63) + 1, 2**63 - 1), BMP, st.floats(-1e9, 1e9))
TREES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(BMP.map("k{}".format), inner, max_size=4),
    max_leaves=12,
)


@given(TREES)
def test_the_tree_is_what_the_library_reads(tree: object) -> None:
    """Differential: JSON is YAML (but for pairs of surrogates), so both readers give it back."""
    text = json.dumps(tree)
    node, problems = parse(text, "x")
    assert not problems
    assert node is not None
    assert node.plain() == tree == yaml.load(text, CCoreLoader)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        lines = [str(found.problem) for found in parse(text, "x")[1]]
    except InputError as error:
        lines = str(error).splitlines()
    assert all(line.startswith("x:") for line in lines)


def test_every_value_knows_where_it_was_written() -> None:
    name = written("spec: 1\n# a comment\ntitle: t\nparts:\n  - name: p\n    size: 3\n")
    origin = load_spec(name, Whole).origin
    assert origin["title",] == "x.yaml:3:8"
    assert origin["parts", 0, "size"] == "x.yaml:6:11"
    assert origin["parts", 0] == "x.yaml:5:5"


def test_comments_order_and_spelling_do_not_change_the_digest() -> None:
    first = load_spec(written("spec: 1\ntitle: t\ncounts: {a: 8, b: 2}\n"), Whole)
    second = load_spec(
        written("# hello\ncounts:\n  b: 0x2\n  a: 010\n  # more\ntitle: 't'\nspec: 1\n".replace("010", "08")),
        Whole,
    )
    other = load_spec(written("spec: 1\ntitle: t\ncounts: {a: 8, b: 3}\n"), Whole)
    assert first.digest == second.digest != other.digest
    assert len(first.digest) == 64


def test_a_file_lies_over_the_one_it_extends() -> None:
    written("spec: 1\ntitle: base\ncounts: {a: 1, b: 2}\nparts: [{name: p}, {name: q}]\n", "sub/base.yaml")
    name = written("extends: base.yaml\nspec: 1\ncounts: {b: 3}\nparts: [{name: r, size: 2}]\n", "sub/x.yaml")
    result = load_spec(name, Whole)
    assert result.value == Whole(title="base", counts={"a": 1, "b": 3}, parts=(Part(name="r", size=2),))
    assert result.origin["title",] == "sub/base.yaml:2:8"
    assert result.origin["counts", "a"] == "sub/base.yaml:3:13"
    assert result.origin["counts", "b"] == "sub/x.yaml:3:13"
    assert result.name == "sub/x.yaml"


def test_how_content_is_spread_over_files_does_not_change_the_digest() -> None:
    written("spec: 1\ntitle: t\ncounts: {a: 1}\n", "base.yaml")
    spread = load_spec(written("spec: 1\nextends: base.yaml\ncounts: {b: 2}\n"), Whole)
    flat = load_spec(written("spec: 1\ntitle: t\ncounts: {a: 1, b: 2}\n", "flat.yaml"), Whole)
    assert spread.digest == flat.digest
    assert spread.value == flat.value


def test_a_null_takes_away_what_the_base_says() -> None:
    written("spec: 1\ntitle: base\ncounts: {a: 1, b: 2}\n", "base.yaml")
    name = written("spec: 1\nextends: base.yaml\ntitle:\ncounts: {a: null}\n")
    assert load_spec(name, Whole).value == Whole(counts={"b": 2})


def test_settings_override_by_key_index_and_name() -> None:
    text = "counts: {a: 1}\nparts: [{name: p}, {name: q}]\n"
    settings = ("counts.a=0o17", "parts.0.size=5", "parts.q.size=6", "title='2:4'", "counts.b=2", "ratio=1")
    assert loaded(text, *settings) == Whole(
        counts={"a": 15, "b": 2},
        parts=(Part(name="p", size=5), Part(name="q", size=6)),
        title="2:4",
        ratio=1.0,
    )


def test_a_setting_is_the_origin_of_its_value() -> None:
    result = load_spec(written("spec: 1\ntitle: t\n"), Whole, settings=["counts.a=3", "counts.a=4"])
    assert result.value.counts == {"a": 4}
    assert result.origin["counts", "a"] == "--set counts.a=4"
    assert result.origin["title",] == "x.yaml:2:8"


def test_a_setting_may_hold_equal_signs_and_lists() -> None:
    assert loaded("title: t", "title=a=b", "parts=[{name: z}]") == Whole(title="a=b", parts=(Part(name="z"),))


def test_a_value_once_refused_is_not_complained_about_twice() -> None:
    with pytest.raises(InputError) as caught:
        loaded("ratio: .nan\ncounts: {a: 1e999}\nkind: c\ntitle: 0")
    assert [str(problem) for problem in caught.value.problems] == [
        "x.yaml:2:8: ratio: `.nan` is not a finite number; write a finite one",
        "x.yaml:3:13: counts.a: `1e999` is not a finite number; write a finite one",
        "x.yaml:4:7: kind: the text `c` is none of the values known here; known: a, b",
        "x.yaml:5:8: title: `0` is not text; write text; quotes make text of anything",
    ]


def test_a_long_value_is_cut_in_messages() -> None:
    with pytest.raises(InputError) as caught:
        loaded(f"kind: {'z' * 1000}\n{'k' * 900}: 1")
    assert max(len(str(problem)) for problem in caught.value.problems) < 200


def test_a_loaded_file_cannot_be_changed() -> None:
    result = load_spec(written("spec: 1\ntitle: t\n"), Whole)
    with pytest.raises(ValueError, match="frozen"):
        result.value.title = "u"  # type: ignore[misc]


def test_a_loaded_file_travels_to_another_process() -> None:
    result = load_arch("a100")
    assert pickle.loads(pickle.dumps(result)) == result


def test_the_schema_knows_the_keys_of_every_file() -> None:
    schema = json_schema(Whole)
    assert schema["properties"]["spec"]["const"] == 1
    assert {"extends", "title", "parts"} <= set(schema["properties"])
    assert schema["additionalProperties"] is False
    assert "spec" in schema["required"]
