"""The rules of the house that no other tool checks: sizes, names, places, and what is shipped."""

import ast
import importlib
import os
import re
import socket
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from collections.abc import Iterator
from graphlib import TopologicalSorter
from importlib.metadata import Distribution
from itertools import chain
from pathlib import Path

import pytest
from hatchling.build import build_wheel

from simulator.version import __version__

ROOT = Path(__file__).parents[1]
PACKAGES = ("simulator", "workloads", "analysis", "arch_configs")
FOLDERS = (*PACKAGES, "tests", "docs", "benchmarks", "examples", ".ci")
MADE_BY_TOOLS = {"__pycache__", "_build", "LICENSE", "requirements.lock"}
EMPTY_WORDS = {"utils", "helpers", "common", "misc", "core"}
SHIPPED = {
    "arch_configs": {".py", ".yaml", ".typed"},
    "analysis": {".py", ".csv", ".css", ".js", ".yaml", ".typed"},
}
TEXTS = {".md", ".toml", ".lock"}
MACHINE_PATH = re.compile(r"(?<![\w.-])/(?:home|root|tmp|work|farm|Users)/\w+")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def files(*folders: str) -> Iterator[Path]:
    """Every file below the folders that a person wrote, relative to the root."""
    for path in sorted(chain.from_iterable((ROOT / folder).rglob("*") for folder in folders)):
        if path.is_file() and MADE_BY_TOOLS.isdisjoint(path.parts) and path.suffix != ".pyc":
            yield path.relative_to(ROOT)


def modules(*folders: str) -> list[Path]:
    return [path for path in files(*folders) if path.suffix == ".py"]


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """The name and the number of lines of every function in a module."""
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            yield f"{path}:{node.lineno} {node.name}", node.end_lineno - node.lineno + 1


def test_a_file_has_at_most_400_lines() -> None:
    lines = {str(path): len((ROOT / path).read_text().splitlines()) for path in modules(*FOLDERS)}
    assert [path for path, count in lines.items() if count > 400] == []


def test_a_function_has_at_most_60_lines() -> None:
    found = chain.from_iterable(map(functions, modules(*FOLDERS)))
    assert [f"{name}: {lines}" for name, lines in found if lines > 60] == []


def test_no_two_rooms_of_the_analysis_need_each_other() -> None:
    rooms: dict[str, set[str]] = {}
    for path in modules("analysis"):
        if path.name == "__init__.py":  # the facade knows everyone
            continue
        for node in ast.walk(ast.parse((ROOT / path).read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("analysis."):
                room, other = Path(path.parts[1]).stem, (node.module or "").split(".")[1]
                rooms.setdefault(room, set()).update({other} - {room})
    tuple(TopologicalSorter(rooms).static_order())  # a CycleError says which


def test_names_say_what_is_in_them() -> None:
    parts = {(str(path), part.removesuffix(".py")) for path in modules(*FOLDERS) for part in path.parts}
    assert sorted(path for path, part in parts if part in EMPTY_WORDS) == []


def test_no_package_is_named_like_a_module_of_the_standard_library() -> None:
    assert set(PACKAGES).isdisjoint(sys.stdlib_module_names)


@pytest.mark.parametrize("name", PACKAGES)
def test_the_tests_import_this_checkout(name: str) -> None:
    assert importlib.import_module(name).__file__ == str(ROOT / name / "__init__.py")


def test_the_command_imports_this_project(tmp_path: Path) -> None:
    """The names are plain words: another installed package of the same name must not shadow ours."""
    if not list(Distribution.discover(name="nmsim")):
        pytest.skip("nmsim is not installed in this environment")
    script = f"for name in {PACKAGES}: print(__import__(name).__path__[0])"
    found = subprocess.check_output([sys.executable, "-c", script], cwd=tmp_path, text=True)
    site = sysconfig.get_path("purelib")
    assert found.splitlines() in ([str(Path(at) / name) for name in PACKAGES] for at in (ROOT, site))


@pytest.mark.parametrize("name", PACKAGES)
def test_a_package_is_typed_and_every_folder_of_code_is_a_package(name: str) -> None:
    assert (ROOT / name / "py.typed").is_file()
    folders = {path.parent for path in modules(name)} | {Path(name)}
    assert [str(folder) for folder in folders if not (ROOT / folder / "__init__.py").is_file()] == []


def test_every_test_folder_is_a_package() -> None:
    folders = {path.parent for path in modules("tests")}
    assert [str(folder) for folder in folders if not (ROOT / folder / "__init__.py").is_file()] == []


def test_every_tool_looks_at_every_package() -> None:
    tools = PROJECT["tool"]
    named = {
        "wheel": tools["hatch"]["build"]["targets"]["wheel"]["packages"],
        "mypy": tools["mypy"]["packages"],
        "import-linter": tools["importlinter"]["root_packages"],
    }
    assert {tool: set(packages) for tool, packages in named.items()} == {
        "wheel": set(PACKAGES),
        "mypy": {*PACKAGES, "tests"},
        "import-linter": set(PACKAGES),
    }


def test_pytest_and_mypy_are_strict() -> None:
    options = PROJECT["tool"]["pytest"]["ini_options"]
    assert {"--strict-markers", "--strict-config", "--import-mode=importlib"} <= set(options["addopts"])
    assert options["filterwarnings"][0] == "error"
    assert options["xfail_strict"] is True
    assert PROJECT["tool"]["mypy"]["strict"] is True


def test_no_text_names_a_path_of_somebodys_machine() -> None:
    shipped = [path for path in files(*FOLDERS) if path.parts[0] != "tests"]
    texts = [
        *shipped,
        Path("Makefile"),
        *(path.relative_to(ROOT) for path in ROOT.glob("*.*") if path.suffix in TEXTS),
    ]
    found = {str(path): MACHINE_PATH.findall((ROOT / path).read_text(errors="replace")) for path in texts}
    assert {path: places for path, places in found.items() if places} == {}


def test_the_changelog_has_the_current_version() -> None:
    assert re.search(rf"^## {re.escape(__version__)}\b", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)


def test_no_test_reaches_the_network() -> None:
    with pytest.raises(AssertionError, match="nothing here uses the network"):
        socket.create_connection(("localhost", 9))


def test_ci_can_be_run() -> None:
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_the_wheel_holds_the_packages_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    with zipfile.ZipFile(tmp_path / build_wheel(str(tmp_path))) as wheel:
        names = {name for name in wheel.namelist() if ".dist-info/" not in name}
    written = [path for path in files(*PACKAGES) if path.name != "README.md"]
    assert names == {path.as_posix() for path in written}
    code = {".py", ".typed"}
    assert [str(path) for path in written if path.suffix not in SHIPPED.get(path.parts[0], code)] == []
