import re
from pathlib import Path

import pytest

from simulator.arch import Arch, arch_names, load_arch
from simulator.errors import InputError
from simulator.natives import Natives, parse_natives
from simulator.pattern import Pattern
from simulator.reference import machine_reference
from simulator.spec import json_schema

FOLDER = Path(__file__).parents[2] / "arch_configs"
MACHINES = sorted(FOLDER.glob("*.yaml"))


def test_every_file_of_the_folder_is_a_machine_by_name() -> None:
    assert list(arch_names()) == [path.stem for path in MACHINES]
    assert {"a100", "dense128"} <= set(arch_names())


@pytest.mark.parametrize("path", MACHINES, ids=lambda path: path.stem)
def test_a_name_and_its_path_are_the_same_machine(path: Path) -> None:
    by_name, by_path = load_arch(path.stem), load_arch(str(path))
    assert by_name.value == by_path.value
    assert by_name.digest == by_path.digest
    assert (by_name.name, by_path.name) == (path.stem, str(path))


@pytest.mark.parametrize("path", MACHINES, ids=lambda path: path.stem)
def test_every_number_says_where_it_is_from(path: Path) -> None:
    numbers = [line for line in path.read_text().splitlines() if re.match(r"[\s-]*\w+: *\[?[-+.]?\d", line)]
    assert len(numbers) > (8 if "\nextends:" not in path.read_text() else 0)
    assert [line for line in numbers if not re.search(r"\s# \w", line)] == []


def test_the_reference_page_is_generated() -> None:
    assert (FOLDER / "README.md").read_text() == machine_reference()


def test_settings_lie_over_a_machine_by_name() -> None:
    arch = load_arch("a100", settings=["core.array.rows=16", "memory.dram.bandwidth=2039 GB/s"])
    assert arch.value.core.array.rows == 16
    bandwidth = arch.value.memory[0].bandwidth
    assert bandwidth is not None
    assert bandwidth.bytes == 2039 * 10**9
    assert arch.origin["memory", 0, "bandwidth"] == "--set memory.dram.bandwidth=2039 GB/s"
    assert arch.digest != load_arch("a100").digest


def test_a_dense_twin_takes_the_patterns_away(tmp_path: Path) -> None:
    path = tmp_path / "twin.yaml"
    path.write_text(
        f"spec: 1\nextends: {FOLDER}/a100.yaml\ncore: {{patterns: null, decode: null, select: null}}\n"
    )
    twin, base = load_arch(path).value, load_arch("a100").value
    assert (twin.core.patterns, twin.core.decode, twin.core.select) == (None, None, None)
    assert (twin.core.array, twin.memory) == (base.core.array, base.memory)


def test_patterns_are_a_list_or_a_rule() -> None:
    assert parse_natives(["2:4", "1:4"]) == Natives(
        listed=(Pattern(kept=2, group=4), Pattern(kept=1, group=4))
    )
    assert parse_natives("group <= 16") == parse_natives("group<=16") == Natives(group_max=16)
    assert [str(natives) for natives in (Natives(), Natives(group_max=8), parse_natives(["2:4", "2:8"]))] == [
        "no pattern",
        "group <= 8",
        "2:4, 2:8",
    ]


def test_every_bad_pattern_of_a_list_is_named() -> None:
    with pytest.raises(InputError) as caught:
        parse_natives(["2:4", "5:4", "x"])
    assert [problem.where for problem in caught.value.problems] == ["1", "2"]


def test_the_schema_shows_quantities_as_text_with_an_example() -> None:
    schema = json_schema(Arch)
    assert schema["properties"]["clock"]["type"] == "string"
    assert schema["properties"]["clock"]["examples"] == ["1.41 GHz"]
    assert set(schema["required"]) == {"spec", "name", "source", "clock", "cores", "core", "memory"}
