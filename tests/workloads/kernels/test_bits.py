"""What holds for every kernel of training: the compiler changes no bit, and none knows more than arrays."""

import ast
import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numba
import numpy as np
import pytest

import workloads.kernels
from tests.workloads.kernels.bits import calls, digests

ROOT = Path(__file__).parents[3]
FOLDER = Path(workloads.kernels.__path__[0])


@pytest.mark.skipif(
    bool(numba.config.DISABLE_JIT), reason="nothing is compiled, so there is nothing to compare"
)
def test_the_compiler_changes_no_bit() -> None:
    command = [sys.executable, "-m", "tests.workloads.kernels.bits"]
    plain = subprocess.check_output(
        command, cwd=ROOT, env={**os.environ, "NUMBA_DISABLE_JIT": "1"}, text=True
    )
    assert json.loads(plain) == digests()


def kernels() -> set[str]:
    """The names of the functions under the decorator."""
    found = set()
    for path in FOLDER.glob("*.py"):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef) and "kernel" in map(ast.unparse, node.decorator_list):
                found.add(node.name)
    return found


def test_every_kernel_is_compared() -> None:
    named = {getattr(each, "py_func", each).__name__ for each in calls(np.float32)}
    assert named == kernels()


def test_every_kernel_names_its_oracle() -> None:
    for path in FOLDER.glob("*.py"):
        module = importlib.import_module(f"workloads.kernels.{path.stem}")
        for name in kernels() & vars(module).keys():
            function = getattr(vars(module)[name], "py_func", vars(module)[name])
            assert "Oracle: tests/oracles/" in function.__doc__, f"{path.name}: {name}"


def test_kernels_import_nothing_but_the_compiler_and_arrays() -> None:
    allowed = {"llvmlite", "numba", "numpy", *sys.stdlib_module_names}
    found = set()
    for path in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            modules = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            modules += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            found |= {module for module in modules if module.split(".")[0] not in allowed}
    ours = {module for module in found if module.startswith("workloads.kernels.")}
    assert found - ours == {"simulator.kernels.compile"}
