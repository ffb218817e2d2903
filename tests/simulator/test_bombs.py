"""No text is too much: every bomb ends within 5 s and 1 GiB, in a process that has no more."""

import resource
import subprocess
import sys
import time
from pathlib import Path

from simulator.arch import load_arch
from simulator.errors import InputError

ROOT = Path(__file__).parents[2]
ROOM = 2**20 - 100
BOMBS = {
    "brackets": "[" * ROOM,
    "braces": "{" * ROOM,
    "dashes": "- " * (ROOM // 2),
    "questions": "? " * (ROOM // 2),
    "quotes": '"' * ROOM,
    "colons": ":" * ROOM,
    "lines": "\n" * ROOM,
    "directives": "%TAG !a! x\n" * (ROOM // 11),
    "documents": "---\n" * (ROOM // 4),
    "anchors": "a: &a [1]\n" * (ROOM // 10),
    "aliases": "a: &a [x]\nb: [" + "*a," * (ROOM // 3 - 10) + "]",
    "keys": "{" + ",".join(f"a{index}" for index in range(9_990)) + "}",
    "long key": "x" * ROOM + ": 1",
    "long number": f"cores: {'9' * (ROOM - 10)}",
    "long text": f"name: {'x' * (ROOM - 10)}",
    "long unit": f"clock: 1 {'x' * (ROOM - 10)}",
    "long pattern": f"core: {{patterns: '{'9' * (ROOM // 2)}:4'}}",
}


def test_every_bomb_ends_soon_and_small(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.simulator.test_bombs", str(tmp_path / "bomb.yaml")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split("\n")[:-1] == list(BOMBS)


def main(path: Path) -> None:
    """Load each bomb with 1 GiB of memory, and print its name if it was refused briefly and in time."""
    resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))
    for name, text in BOMBS.items():
        path.write_text(text)
        start = time.process_time()
        try:
            load_arch(path)
        except InputError as error:
            if max(map(len, str(error).splitlines())) < 400 and time.process_time() - start < 5:
                sys.stdout.write(f"{name}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
