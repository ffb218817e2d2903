"""What results of a trace say of themselves: what ran on which machine, and whether it came to its end."""

from collections.abc import Mapping
from typing import Any


def subject(made: Mapping[str, Any]) -> str:
    """The network, recipe and pattern of a trace as far as it says them; of a run that trained, its task."""
    network, recipe = (
        " ".join(str(made[key]) for key in keys if made.get(key))
        for keys in (("task", "network"), ("recipe", "pattern"))
    )
    return (", " if made.get("task") else " ").join(filter(None, (network, recipe)))


def heading(provenance: Mapping[str, Any], machines: str) -> str:
    """The subject of a trace, the `machines`, and the fidelity."""
    what = subject(provenance["trace"]["made"])
    return f"{f'{what} on ' if what else ''}{machines}, fidelity {provenance['fidelity']}"


def unfinished(provenance: Mapping[str, Any]) -> list[str]:
    """The line that says so of an incomplete trace; nothing of a complete one."""
    if provenance["trace"]["complete"]:
        return []
    return ["the trace is incomplete: its run was stopped before its end"]
