"""Training runs that take a second, as command lines."""

from pathlib import Path

TEACHER = (
    *("train", "teacher", "--size", "features=8", "--size", "width=16", "--size", "outputs=4"),
    *("--width", "16", "--depth", "1", "--batch", "256", "--steps", "40"),
)
GRAMMAR = (
    *("train", "grammar", "--size", "length=8", "--size", "symbols=8", "--heads", "2"),
    *("--width", "16", "--depth", "1", "--batch", "256", "--steps", "24"),
)
SPARSE = ("--recipe", "sr_ste", "--pattern", "2:4")
SAME = ("checkpoint.npz", "history.csv", "weights.csv", "trace/meta.json", "trace/part-00000.parquet")
"""Files of a run that the same choices write to the same bytes, however often it was interrupted."""


def kept(run: Path) -> dict[str, bytes]:
    """What those files hold that there are: weights.csv is of a run with sparse weights."""
    return {name: (run / name).read_bytes() for name in SAME if (run / name).exists()}
