"""The document: one HTML file of a Page that asks nothing of any network, the same bytes each time.

All text goes through `text`, `plain` or `embedded`; the script builds elements and never parses markup. The
policy allows this one script and this one style, by their digests, and nothing else at all.
"""

import hashlib
import json
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
from html import escape
from importlib.resources import files
from typing import Any

from analysis.page.blocks import ROWS_MAX, Chart, Column, Page, Picture, Sheet, cut
from simulator.version import __version__

SCRIPTS = (
    *("elements", "numbers", "chosen", "axes", "figure", "scatter", "curves", "bars", "heat"),
    *("parallel", "rows", "sheets", "start"),
)
PLAIN_ROWS = 60
BYTES_MAX = 1_900_000
"""What a page is made to fit; 2 MB are promised."""
ROWS_MIN = 20
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)
"""No characters of a page, and those that turn the direction of what is around them."""
_UNSAFE = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}


def document(page: Page) -> bytes:
    """The file, under two megabytes: of long tables as many rows as fit, those that matter most first."""
    most = ROWS_MAX
    while True:
        made = _written(page, most)
        if len(made) <= BYTES_MAX or most <= ROWS_MIN:
            return made
        most //= 2


def clean(value: object) -> str:
    """`value` as text that HTML can hold and that says what it shows; other characters are replaced."""
    return _UNSEEN.sub("\ufffd", str(value))


def text(value: object) -> str:
    """`value` as HTML text whose direction of writing ends where it ends."""
    return f"<bdi>{escape(clean(value))}</bdi>"


def plain(value: object) -> str:
    """`value` where no element can be: in the title, in attributes."""
    return escape(clean(value))


def embedded(value: object) -> str:
    """`value` as JSON within HTML: no character of it can end the script that holds it."""
    written = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return re.sub("[<>&]", lambda found: _UNSAFE[found[0]], written)


def _static(name: str) -> str:
    return (files("analysis.page") / "static" / name).read_text(encoding="utf-8")


def _digest(content: str) -> str:
    return f"'sha256-{b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"


def _written(page: Page, most: int) -> bytes:
    style = f"\n{_static('page.css')}"
    scripts = "\n".join(_static(f"{name}.js") for name in SCRIPTS)
    script = f'\n(() => {{\n"use strict";\n{scripts}}})();\n'
    policy = (
        f"default-src 'none'; script-src {_digest(script)}; style-src {_digest(style)}; "
        "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )
    sheets = tuple(one.taken(most) for one in page.sheets)
    parts = [
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="color-scheme" content="light dark">\n<meta name="referrer" content="no-referrer">',
        f'<meta name="generator" content="nmsim {plain(__version__)}">',
        f"<title>{plain(cut(page.title))} · nmsim</title>",
        f"<style>{style}</style>\n</head>\n<body>",
        *_head(page),
        '<main>\n<section id="charts" aria-label="charts"></section>',
        f"<noscript>\n{''.join(_noscript(sheets))}</noscript>",
        *_pictures(page.pictures),
        '<section id="sheets" aria-label="tables"></section>',
        *_provenance(page),
        "</main>",
        f'<script type="application/json" id="data">{embedded(_data(page, sheets))}</script>',
        f"<script>{script}</script>\n</body>\n</html>\n",
    ]
    return "\n".join(parts).encode(errors="replace")


def _head(page: Page) -> Iterator[str]:
    yield f'<header>\n<p class="kind">nmsim {text(page.kind)}</p>\n<h1>{text(cut(page.title))}</h1>'
    yield '<ul class="findings">'
    yield from (f"<li>{text(finding)}</li>" for finding in page.findings)
    yield "</ul>"
    if page.cautions:
        yield '<ul class="cautions">'
        yield from (f"<li>{text(caution)}</li>" for caution in page.cautions)
        yield "</ul>"
    yield '<dl class="facts">'
    yield from (f"<div><dt>{text(name)}</dt><dd>{text(cut(said))}</dd></div>" for name, said in page.facts)
    yield "</dl>\n</header>"


def _pictures(pictures: tuple[Picture, ...]) -> Iterator[str]:
    if not pictures:
        return
    yield '<section id="machines" aria-label="machines">'
    for picture in pictures:
        yield f'<figure class="machine"><h2>{text(cut(picture.title))}</h2>'
        if picture.drawings:
            yield '<div class="drawings">'
            yield from picture.drawings
            yield "</div>"
        if picture.notes:
            notes = "".join(f"<li>{text(note)}</li>" for note in picture.notes)
            yield f'<figcaption><ul class="notes">{notes}</ul></figcaption>'
        yield "</figure>"
    yield "</section>"


def _provenance(page: Page) -> Iterator[str]:
    yield '<section id="provenance"><h2>Provenance</h2>'
    yield "<details><summary>everything that made this</summary>"
    yield '<div class="box" tabindex="0" role="region" aria-label="provenance"><table class="plain"><tbody>'
    for key, said in flat(page.provenance):
        yield f'<tr><th scope="row">{text(cut(key))}</th><td>{text(cut(said))}</td></tr>'
    yield "</tbody></table></div></details></section>"


def flat(nested: object, path: str = "", room: int = 400) -> list[tuple[str, str]]:
    """A nested provenance as dotted keys and texts, as many as there is `room` for."""
    found: list[tuple[str, str]] = []
    if isinstance(nested, Mapping | list) and nested:
        inside = nested.items() if isinstance(nested, Mapping) else enumerate(nested)
        for key, value in inside:
            if len(found) < room:
                found += flat(value, f"{path}.{key}" if path else str(key), room - len(found))
        return found
    if isinstance(nested, str):
        return [(path, nested)]
    return [(path, json.dumps(nested, ensure_ascii=False, default=str))]


def _noscript(sheets: tuple[Sheet, ...]) -> Iterator[str]:
    """The first table without the script that would draw it."""
    yield "<p>Charts and all tables are drawn by the script of this page, which does not run here.</p>\n"
    for one in sheets[:1]:
        columns = [column for column in one.columns if column.shown]
        head = "".join(f'<th scope="col">{text(_titled(column))}</th>' for column in columns)
        yield f'<h2>{text(one.title)}</h2>\n<div class="box"><table class="plain">'
        yield f"<thead><tr>{head}</tr></thead>\n<tbody>\n"
        for row in range(min(one.rows, PLAIN_ROWS)):
            cells = "".join(f"<td>{text(_said(column, row))}</td>" for column in columns)
            yield f"<tr>{cells}</tr>\n"
        yield "</tbody></table></div>\n"
        if one.whole > PLAIN_ROWS:
            yield f"<p>The first {PLAIN_ROWS} of {one.whole} rows; {text(one.source)} has them all.</p>\n"


def _titled(column: Column) -> str:
    return f"{column.title} ({column.unit})" if column.unit else column.title


def _said(column: Column, row: int) -> str:
    value = column.cells[row]
    if value is None:
        return ""
    if isinstance(value, float) or (column.unit and isinstance(value, int) and not isinstance(value, bool)):
        return f"{value * column.factor:.5g}"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _data(page: Page, sheets: tuple[Sheet, ...]) -> dict[str, Any]:
    """What the script draws; links are numbers in one list of their names."""
    links: dict[str, int] = {"": -1}
    for one in sheets:
        for link in one.links:
            links.setdefault(link, len(links) - 1)
    charts = [_chart(chart, links) for chart in page.charts]
    tables = [_sheet(one, links) for one in sheets]
    return {
        "linked": page.linked,
        "charts": charts,
        "sheets": tables,
        "links": [clean(key) for key in list(links)[1:]],
    }


def _chart(chart: Chart, links: dict[str, int]) -> dict[str, Any]:
    def coded(value: Any) -> Any:
        """The value with the links in it as their numbers."""
        if isinstance(value, Mapping):
            return {
                key: links.setdefault(cut(inner), len(links) - 1) if key == "link" else coded(inner)
                for key, inner in value.items()
            }
        if isinstance(value, list | tuple):
            return [coded(inner) for inner in value]
        return clean(value) if isinstance(value, str) else value

    return {"kind": chart.kind, "title": clean(chart.title), "reading": chart.reading, **coded(chart.data)}


def _sheet(one: Sheet, links: Mapping[str, int]) -> dict[str, Any]:
    return {
        "name": one.name,
        "title": one.title,
        "note": clean(one.note),
        "source": clean(one.source),
        "file": one.file or f"{one.name}.csv",
        "whole": one.whole,
        "links": [links[link] for link in one.links],
        "columns": [_column(column) for column in one.columns],
    }


def _column(column: Column) -> dict[str, Any]:
    """A column with its repeated texts written once."""
    cells: list[Any] = [clean(value) if isinstance(value, str) else value for value in column.cells]
    made: dict[str, Any] = {
        "key": clean(cut(column.key)),
        "title": clean(cut(column.title)),
        "unit": column.unit,
        "factor": column.factor,
        "prefixed": column.prefixed,
        "goal": column.goal,
        "shown": column.shown,
        "written": column.written,
    }
    if cells and all(isinstance(value, str) for value in cells):
        words = {word: place for place, word in enumerate(dict.fromkeys(cells))}
        if 2 * len(words) <= len(cells):
            return {**made, "words": list(words), "cells": [words[value] for value in cells]}
    return {**made, "cells": cells}
