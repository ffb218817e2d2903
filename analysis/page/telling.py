"""Telling: facts that every page states of where its numbers are from."""

from collections.abc import Mapping
from typing import Any

from workloads.training.flops import CONVENTIONS

CONVENTION_FACTS = tuple((f"{one.name} FLOPs", one.summary) for one in CONVENTIONS.values())


def inside(nested: object, *keys: str) -> Any:
    """The value under a path of keys, or None where there is none."""
    for key in keys:
        nested = nested.get(key) if isinstance(nested, Mapping) else None
    return nested


def digest_facts(made: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """The version, the dtype, the seed and the digests of a report or a run, as far as it says them."""
    found = (
        ("tool", " ".join(str(made[key]) for key in ("tool", "version") if key in made) or _ours(made)),
        ("fidelity", made.get("fidelity")),
        ("machine", inside(made, "arch", "given")),
        ("machine sha256", short(inside(made, "arch", "sha256"))),
        ("trace sha256", short(inside(made, "trace", "sha256"))),
        ("dtype", inside(made, "trace", "made", "dtype") or made.get("dtype")),
        ("computed in", made.get("computed_in")),
        ("seed", first(inside(made, "trace", "made", "seed"), made.get("seed"))),
    )
    return tuple((name, str(value)) for name, value in found if value is not None and value != "")


def short(digest: object) -> str | None:
    """The beginning of a digest; all of it is under the provenance."""
    return f"{str(digest)[:16]}…" if digest else None


def _ours(made: Mapping[str, Any]) -> str | None:
    return f"nmsim {made['nmsim']}" if made.get("nmsim") else None


def first(*values: object) -> object:
    """The first value that there is."""
    return next((value for value in values if value is not None), None)
