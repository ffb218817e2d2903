"""The file is one page that asks for nothing, holds any text as text, and is the same each time."""

import base64
import hashlib
import html
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from analysis.page.blocks import Page, sheet
from analysis.page.document import BYTES_MAX, document, embedded, flat, plain, text
from analysis.page.page import page_of
from analysis.results import load_results
from tests.analysis.page.kinds import HOSTILE, Made

KINDS = ("report", "run", "trace", "study", "sweep")
ALLOWED = {
    *("html", "head", "meta", "title", "style", "body", "header", "main", "section", "p", "h1", "h2", "ul"),
    *(
        "li",
        "dl",
        "dt",
        "dd",
        "div",
        "bdi",
        "noscript",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "figure",
    ),
    *("figcaption", "svg", "rect", "path", "polygon", "text", "details", "summary", "script"),
}


class Read(HTMLParser):
    """The elements of a page and what is in its scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.within: dict[str, list[str]] = {"script": [], "style": []}
        self.open = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.open = tag

    def handle_endtag(self, tag: str) -> None:
        self.open = ""

    def handle_data(self, data: str) -> None:
        if self.open in self.within:
            self.within[self.open].append(data)


def written(path: Path) -> str:
    return document(page_of(load_results(path))).decode()


def digest(content: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"


@pytest.mark.parametrize("kind", KINDS)
def test_the_policy_allows_this_script_and_this_style_and_nothing_else(made: Made, kind: str) -> None:
    read = Read(written(made.all[kind]))
    policies = [
        a["content"] or "" for tag, a in read.elements if a.get("http-equiv") == "Content-Security-Policy"
    ]
    assert len(policies) == 1
    rules = dict(rule.strip().split(" ", 1) for rule in policies[0].split(";"))
    data, script = read.within["script"]
    assert rules == {
        "default-src": "'none'",
        "script-src": digest(script),
        "style-src": digest("".join(read.within["style"])),
        "base-uri": "'none'",
        "form-action": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }
    assert json.loads(data)["sheets"]


@pytest.mark.parametrize("kind", KINDS)
def test_no_element_asks_for_anything_or_brings_a_style_of_its_own(hostile: Made, kind: str) -> None:
    read = Read(written(hostile.all[kind]))
    assert {tag for tag, _ in read.elements} <= ALLOWED
    names = {name for _, attributes in read.elements for name in attributes}
    assert not {name for name in names if name.startswith("on")}
    assert names.isdisjoint({"src", "href", "style", "srcset", "action", "data", "xlink:href"})
    assert len(read.within["script"]) == 2


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_bytes_each_time_and_few_of_them(hostile: Made, kind: str) -> None:
    first = document(page_of(load_results(hostile.all[kind])))
    assert first == document(page_of(load_results(hostile.all[kind])))
    assert len(first) < BYTES_MAX


@pytest.mark.parametrize("name", HOSTILE)
def test_any_text_stays_text(name: str) -> None:
    for escaped in (text(name), plain(name)):
        inside = escaped.removeprefix("<bdi>").removesuffix("</bdi>")
        assert not re.search("[<>\"']", inside)
        assert not re.search("[\0\x1b\ud800\u202a-\u202e\u2066-\u2069]", html.unescape(inside))
    held = embedded({name: [name]})
    assert not re.search("[<>&\u2028\u2029]", held)
    assert held.isascii()
    assert json.loads(held) == {name: [name]}


def test_a_number_that_json_has_not_is_never_written() -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        embedded([float("nan")])


def test_a_long_table_is_cut_to_fit_and_says_so() -> None:
    count = 50_000
    columns: dict[str, Any] = {f"x{i}_j": [j * 1.123**i for j in range(count)] for i in range(12)}
    frame = pd.DataFrame(columns)
    links = [f"point {row}" for row in range(count)]
    table = sheet("points", "Points", frame, links=links, source="points.csv", keep=[33_333])
    page = Page(title="t", kind="sweep", linked="point", findings=(), facts=(), sheets=(table,))
    made = document(page)
    assert len(made) < BYTES_MAX
    data = json.loads(Read(made.decode()).within["script"][0])
    assert data["sheets"][0]["whole"] == count
    assert 500 < len(data["sheets"][0]["links"]) < count
    assert "point 33333" in data["links"]
    assert "points.csv has them all" in html.unescape(made.decode()).replace("<bdi>", "").replace(
        "</bdi>", ""
    )


def test_provenance_is_flat_and_has_an_end() -> None:
    assert flat({"a": {"b": [1, "x"]}, "c": None, "d": {}}) == [
        ("a.b.0", "1"),
        ("a.b.1", "x"),
        ("c", "null"),
        ("d", "{}"),
    ]
    assert len(flat({str(i): list(range(50)) for i in range(50)}, room=60)) == 60
