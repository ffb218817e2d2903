"""The docs say what is true: the files that they name exist, and what they tell to write is accepted."""

import ast
import re
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import pytest

from analysis.cli import run
from simulator.arch import load_arch
from workloads.networks import load_network
from workloads.tasks import TASKS
from workloads.training.load import load_recipe
from workloads.training.recipes import RECIPES
from workloads.training.settings import parameters

ROOT = Path(__file__).parents[1]
PAGES = [
    *sorted(path.relative_to(ROOT) for path in (ROOT / "docs").glob("*.md")),
    Path("README.md"),
    Path("CONTRIBUTING.md"),
]
LOADERS: dict[str, Callable[[Path], object]] = {
    "my_recipe.yaml": load_recipe,
    "my_network.yaml": load_network,
    "my_machine.yaml": load_arch,
}


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_a_page_names_only_files_that_exist(page: Path) -> None:
    named = re.findall(
        r"`((?:simulator|workloads|analysis|arch_configs|tests|docs|benchmarks|examples)/[\w./-]*)`",
        (ROOT / page).read_text(),
    )
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_model_names_only_functions_that_exist() -> None:
    page = (ROOT / "docs" / "model.md").read_text()
    named = set(re.findall(r"`(?:[A-Za-z_]+\.)([a-z_]+)`", page)) - {"yaml"}
    trees = [
        ast.parse(path.read_text())
        for folder in ("simulator", "workloads")
        for path in (ROOT / folder).rglob("*.py")
    ]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    known = {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    known |= {
        node.target.id
        for node in nodes
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
    }
    assert len(named) > 8
    assert named - known == set()


def test_the_reading_order_names_every_file_of_the_engine() -> None:
    page = (ROOT / "docs" / "reading_order.md").read_text()
    folders = (ROOT / "simulator", ROOT / "simulator" / "mask")
    files = {str(path.relative_to(ROOT)) for folder in folders for path in folder.glob("*.py")}
    assert {name for name in files if name not in page} == {
        "simulator/__init__.py",
        "simulator/mask/__init__.py",
        "simulator/version.py",
    }


def test_the_readme_shows_what_the_commands_print(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = (ROOT / "README.md").read_text()
    shown = re.findall(r"^    \$ nmsim (.+)\n((?:(?:    (?!\$).*)?\n)+?)(?=\S)", page, re.MULTILINE)
    assert [arguments.split()[0] for arguments, _ in shown] == ["trace", "simulate", "explain"]
    monkeypatch.chdir(tmp_path)
    for arguments, printed in shown:
        assert run(arguments.split()) == 0
        assert capsys.readouterr().out.splitlines() == [line[4:] for line in printed.rstrip().splitlines()]


@pytest.mark.parametrize("name", LOADERS)
def test_an_example_of_how_to_add_is_accepted(name: str, tmp_path: Path) -> None:
    page = (ROOT / "docs" / "how_to_add.md").read_text()
    examples = re.findall(rf"^```yaml\n# {name}\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert len(examples) == 1
    (tmp_path / name).write_text(examples[0])
    LOADERS[name](tmp_path / name)


def test_each_of_the_twenty_promises_says_what_proves_it() -> None:
    page = (ROOT / "docs" / "promises.md").read_text()
    rows = re.findall(r"^\| (\d+) \| (.+) \| (.+) \|$", page, re.MULTILINE)
    assert [int(number) for number, _, _ in rows] == list(range(1, 21))
    assert [number for number, _, proof in rows if "`tests/" not in proof and "not yet: " not in proof] == []


@pytest.mark.parametrize("name", ["masks", "training", "how_to_add"])
def test_the_python_of_a_page_runs(name: str) -> None:
    page = (ROOT / "docs" / f"{name}.md").read_text()
    blocks = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert blocks
    with patch.dict(RECIPES):  # what a page adds is gone after it
        for block in blocks:
            exec(compile(block, f"{name}.md", "exec"), {"__name__": name})


def _recipe_rows() -> dict[str, str]:
    page = (ROOT / "docs" / "training.md").read_text()
    table = page.split("| recipe | masks:")[1].split("\n\n")[0]
    rows = {}
    for row in table.splitlines()[2:]:
        first = row.split(" | ")[0]
        names = re.findall(r"`(\w+)`", first)
        for each in names:
            rows[each if not each.startswith("_") else f"sparse_ift{each}"] = row
    return rows


def test_training_tells_of_every_recipe_and_parameter() -> None:
    rows = _recipe_rows()
    assert rows.keys() == RECIPES.keys()
    for name, recipe in RECIPES.items():
        row = rows[
            "mdgf_linear" if name == "mdgf_exp" else "sdgf_stepwise" if name == "sdgf_geometric" else name
        ]
        missing = [
            key for key in parameters(recipe) if f"`{key}`" not in row + rows[name] and key != "member"
        ]
        assert missing == [], name


def test_training_tells_of_every_task() -> None:
    page = (ROOT / "docs" / "training.md").read_text()
    assert [name for name in TASKS if f"| `{name}`" not in page and f", `{name}` |" not in page] == []
