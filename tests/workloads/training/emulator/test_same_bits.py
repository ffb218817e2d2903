"""Same choices, same bits: for any number of threads, hash seed, time zone and locale, and uncompiled."""

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]
ENVIRONMENTS: dict[str, dict[str, str]] = {
    "one thread": {"NMSIM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONHASHSEED": "0", "TZ": "UTC"},
    "two threads of ours and of BLAS": {"NMSIM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2"},
    "another hash seed, zone and locale": {
        "NMSIM_THREADS": "2",
        "PYTHONHASHSEED": "1",
        "TZ": "Asia/Kathmandu",
        "LC_ALL": "tr_TR.UTF-8",
    },
    "not compiled": {"NUMBA_DISABLE_JIT": "1"},
}


@cache
def digests(environment: str) -> dict[str, dict[str, str]]:
    chosen = {name for each in ENVIRONMENTS.values() for name in each} | {"OMP_NUM_THREADS"}
    inherited = {name: value for name, value in os.environ.items() if name not in chosen}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "tests.workloads.training.emulator.digests"],
        cwd=ROOT,
        env=inherited | ENVIRONMENTS[environment],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, dict[str, str]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("environment", list(ENVIRONMENTS)[1:])
def test_all_environments_have_the_same_bits(environment: str) -> None:
    right, found = digests("one thread"), digests(environment)
    assert found.keys() <= right.keys()
    for name, run in found.items():
        assert "run/run.json" in run
        assert run == right[name], f"{name} {environment}"


def test_the_runs_are_different_ones() -> None:
    results = [run["result"] for run in digests("one thread").values()]
    assert len(set(results)) == len(results) == 9
