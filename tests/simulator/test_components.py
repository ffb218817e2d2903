import re
from pathlib import Path

import pytest

from simulator.arch import arch_names, load_arch
from simulator.components import Table, load_table, table_names
from simulator.errors import InputError
from simulator.spec import json_schema

FOLDER = Path(__file__).parents[2] / "arch_configs" / "components"
TABLES = sorted(FOLDER.glob("*.yaml"))
READABLE = r"doi:10\.|github\.com/|\(PyPI\)|hwcomponents-\w+ \d|arXiv:|www\.|benchmarks/"
"""What a citation says that a reader can look up; else each of its rows is flagged."""

HEAD = "spec: 1\nname: mine\nsources: {book: 'a book, doi:10.1/1'}\nrows:\n"
GOOD = "component: register, bits: 1, node: 45 nm, value: {read: 1 pJ}, low: 50 %, high: 200 %, source: book"


def written(tmp_path: Path, row: str) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_text(f"{HEAD}  one: {{{row}}}\n")
    return path


def problems(path: Path) -> list[str]:
    with pytest.raises(InputError) as caught:
        load_table(path)
    return [str(problem).replace(f"{path}:", "") for problem in caught.value.problems]


def test_every_file_of_the_folder_is_a_table_by_name() -> None:
    assert list(table_names()) == [path.stem for path in TABLES]
    assert {"cmos", "dram", "sram_cacti"} <= set(table_names())


@pytest.mark.parametrize("name", table_names())
def test_every_number_has_a_source_or_the_flag(name: str) -> None:
    table = load_table(name).value
    for key, row in table.rows.items():
        cited = re.search(READABLE, table.sources[row.source])
        recalled = "as recalled" in table.sources[row.source]
        assert row.unverified or (cited and not recalled), f"{key}: neither a source nor the flag"
    assert {row.source for row in table.rows.values()} <= set(table.sources)


@pytest.mark.parametrize("name", [name for name in table_names() if name != "sram_cacti"])
def test_bounds_are_explained_in_the_rows_own_note(name: str) -> None:
    """The head of sram_cacti, which is generated, speaks for all its rows; elsewhere for 100 % alone."""
    silent = []
    for key, row in load_table(name).value.rows.items():
        words = set(re.findall(r"[a-z]+", (row.note or "").lower()))
        if row.low == row.high == 1:
            assert "a bound of 100 % says" in head(name), key
        elif not ({"low", "high"} <= words or words & {"bound", "bounds"}):
            silent.append(key)
    assert not silent


def test_the_generated_table_explains_its_bounds() -> None:
    assert "bounds are a spread between sources" in head("sram_cacti")


def head(name: str) -> str:
    """The comment that a table begins with, in small letters."""
    text = (FOLDER / f"{name}.yaml").read_text().split("spec:")[0]
    return " ".join(text.replace("#", " ").split()).lower()


def test_every_machine_but_the_plain_array_names_tables_that_serve_it() -> None:
    assert [name for name in arch_names() if load_arch(name).value.components is None] == ["systolic"]


def test_a_table_is_found_beside_the_file_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    path = written(tmp_path / "mine", GOOD)
    assert load_table("mine.yaml", beside=path.parent).value == load_table(path).value


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (GOOD.replace("register", "regster"), "5:20: rows.one.component: no component is called `regster`;"),
        (GOOD.replace("read: 1 pJ", "reed: 1 pJ"), "rows.one.value.reed: register has no such value;"),
        (GOOD.replace("1 pJ", "1 pW"), "rows.one.value.read: `pW` is no unit of energy;"),
        (
            GOOD.replace("1 pJ", "-1 pJ"),
            "rows.one.value.read: `-1 pJ` is not positive; an energy is 0 or more",
        ),
        (GOOD.replace("1 pJ", "1e29 pJ"), "rows.one.value.read: this is too large; look at its unit"),
        (
            GOOD.replace("50 %", "150 %"),
            "rows.one.low: the low bound of read lies on the other side of its value;",
        ),
        (GOOD.replace("50 %", "{write: 1 pJ}"), "rows.one.low: its names are not those of `value`;"),
        (GOOD.replace("50 %", "half"), "rows.one.low: `half` is no bound;"),
        (GOOD.replace("book", "bok"), "rows.one.source: there is no source `bok`; did you mean `book`?"),
        (f"of: top, {GOOD}", "rows.one.of: `top` is no role; known: moving, stationary, sum"),
        (f"size: 8 KiB, {GOOD}", "rows.one.size: register has no size;"),
        (GOOD.replace("45 nm", "45"), "rows.one.node: `45` has no unit; write a length such as 7 nm"),
        (f"voltage: 3 V, {GOOD}", "rows.one.voltage: `3 V` is out of range; from 0.6 to 1.4 V"),
        (GOOD.replace("register", "dram"), "rows.one.of: missing; name the kind"),
        (
            GOOD.replace("register", "sram"),
            "rows.one.value: it lacks some; an sram has read, write, area, leak",
        ),
        (f"unverifed: true, {GOOD}", "rows.one.unverifed: unknown key;"),
        (f"of: 3.5, {GOOD.replace('register', 'select')}", "rows.one.of: `3.5` names nothing;"),
    ],
)
def test_what_is_wrong_with_a_row_is_said_where_it_is(tmp_path: Path, row: str, message: str) -> None:
    found = problems(written(tmp_path, row))
    assert any(message in problem for problem in found), found


def test_two_rows_of_the_same_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(f"{HEAD}  one: {{{GOOD}}}\n  two: {{{GOOD}}}\n")
    assert problems(path)[0].endswith("row `one` gives read of the same at the same node; keep one of them")


def test_editors_get_a_schema() -> None:
    schema = json_schema(Table)
    assert schema["additionalProperties"] is False
    assert "rows" in schema["properties"]
