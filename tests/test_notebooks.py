"""The notebooks run, on this interpreter, without a word on stderr; what they say, their cells assert."""

import json
import re
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

import analysis

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "examples").glob("*.ipynb"))
KERNEL = "nmsim"
SECONDS = 300


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One kernel, of this interpreter, and a place of its own for all that Jupyter reads and writes."""
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    folder = tmp_path / "jupyter" / "kernels" / KERNEL
    folder.mkdir(parents=True)
    spec = {"argv": argv, "display_name": KERNEL, "language": "python"}
    (folder / "kernel.json").write_text(json.dumps(spec))
    for variable in ("JUPYTER_DATA_DIR", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
        monkeypatch.setenv(variable, str(tmp_path / "jupyter"))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


def stored(notebook: Path) -> Any:
    return nbformat.reads(notebook.read_text(), as_version=4)  # type: ignore[no-untyped-call]


@pytest.mark.usefixtures("kernel")
@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(notebook: Path, tmp_path: Path) -> None:
    content, folder = stored(notebook), tmp_path / "run"
    folder.mkdir()
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(content, kernel_name=KERNEL, timeout=SECONDS, resources=resources).execute()
    outputs = [output for cell in content.cells for output in cell.get("outputs", ())]
    assert [output.text for output in outputs if output.get("name") == "stderr"] == []
    shown = {kind for output in outputs for kind in output.get("data", ())}
    assert {"text/plain", "text/html"} <= shown
    assert shown & {"image/svg+xml", "image/png"}
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_stored_without_outputs(notebook: Path) -> None:
    """They would depend on the versions of pandas and matplotlib: a reader sees those of their own."""
    code = [cell for cell in stored(notebook).cells if cell.cell_type == "code"]
    assert [cell.outputs for cell in code if cell.outputs or cell.execution_count] == []
    assert any("assert " in cell.source for cell in code)


def test_there_are_two_notebooks() -> None:
    assert [path.stem for path in NOTEBOOKS] == ["accuracy_and_cost", "two_to_four"]


def test_the_python_of_the_page_runs() -> None:
    page = (ROOT / "docs" / "python.md").read_text()
    blocks = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    names: dict[str, Any] = {}
    for block in blocks:
        exec(compile(block, "python.md", "exec"), names)
    assert len(names["by_layer"]) == 5


def test_the_page_names_every_name_of_the_facade() -> None:
    page = (ROOT / "docs" / "python.md").read_text()
    named = {name for name in analysis.__all__ if f"`analysis.{name}`" in page}
    assert {name for name in analysis.__all__ if name not in named} == {"Results", "load_results"}
    assert "`analysis.load_results(path)`" in page
