"""The decorator of kernels, and what a kernel may import."""

import ast
import inspect
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numba
import pytest

from simulator.kernels import compile as compiling
from simulator.kernels import store
from simulator.kernels.compile import kernel
from tests.simulator.kernels.tiny import VALUES, expected, make, make_of

ROOT = Path(__file__).parents[3]
compiled = pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="nothing is compiled")


def test_a_kernel_gives_what_python_gives() -> None:
    assert make(3, 1)(VALUES) == expected(3, 1)


def test_without_the_compiler_a_kernel_is_the_function(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numba.config, "DISABLE_JIT", 1)
    assert kernel(expected) is expected


@compiled
def test_a_kernel_releases_the_lock_and_divides_as_numpy_does() -> None:
    options = make(3, 1).targetoptions
    assert (options["nopython"], options["nogil"], options["error_model"]) == (True, True, "numpy")


@compiled
def test_what_a_kernel_closes_over_is_checked_when_it_is_made() -> None:
    with pytest.raises(TypeError, match=r"closes over `closed`, of type list; a kernel closes over ints"):
        kernel(make_of([]))


@compiled
def test_another_numba_compiles_without_a_cache(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(store, "_said", set())
    monkeypatch.setattr(compiling, "fits", lambda _: False)
    assert make(3, 1)(VALUES) == expected(3, 1)
    assert make(3, 2)(VALUES) == expected(3, 2)
    assert caplog.messages == [
        f"compiled kernels are not kept, so every start compiles them: numba is {numba.__version__}"
    ]


@compiled
def test_a_kernel_is_compiled_anew_when_one_that_it_calls_has_changed(tmp_path: Path) -> None:
    engine = tmp_path / "simulator"
    shutil.copytree(ROOT / "simulator", engine, ignore=shutil.ignore_patterns("__pycache__"))
    callee, caller = engine / "kernels" / "callee.py", engine / "kernels" / "caller.py"
    head = "from simulator.kernels.compile import kernel\n"
    caller.write_text(
        head + "from simulator.kernels.callee import one\n@kernel\ndef two(x):\n    return one(x) + 1\n"
    )
    environment = {**os.environ, "NMSIM_CACHE_DIR": str(tmp_path / "kept"), "PYTHONPATH": str(tmp_path)}
    script = "from simulator.kernels.caller import two; print(two(10), sum(two.stats.cache_hits.values()))"
    command = [sys.executable, "-B", "-c", script]
    found = []
    for factor in (2, 2, 3):
        callee.write_text(head + f"@kernel\ndef one(x):\n    return x * {factor}\n")
        found.append(subprocess.check_output(command, cwd=tmp_path, env=environment, text=True))
    assert found == ["21 0\n", "21 1\n", "31 0\n"]


def test_kernels_import_nothing_but_the_compiler_and_arrays() -> None:
    folder = Path(inspect.getfile(compiling)).parent
    allowed = {"numba", "numpy", "llvmlite", *sys.stdlib_module_names}
    found = set()
    for path in folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            modules = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            modules += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            found |= {(path.name, module) for module in modules if module.split(".")[0] not in allowed}
    ours = {(name, module) for name, module in found if module.startswith("simulator.kernels")}
    assert found - ours == {("threads.py", "simulator.errors")}


@pytest.mark.parametrize("module", ["simulator", "analysis.cli"])
def test_what_needs_no_kernel_does_not_wait_for_the_compiler(module: str) -> None:
    script = f"import sys, {module}; print(sorted({{'numba', 'llvmlite'}} & set(sys.modules)))"
    assert subprocess.check_output([sys.executable, "-c", script], cwd=ROOT, text=True) == "[]\n"
