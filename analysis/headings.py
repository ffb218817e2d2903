"""What results of a trace say of themselves: what ran on which machine, and whether it came to its end."""

from collections.abc import Mapping
from typing import Any


def heading(provenance: Mapping[str, Any], machines: str) -> str:
    """The network, recipe and pattern of a trace as far as it says them, the `machines`, and the fidelity."""
    made = provenance["trace"]["made"]
    names = [str(made[key]) for key in ("network", "recipe", "pattern") if made.get(key)]
    what = f"{' '.join(names)} on " if names else ""
    return f"{what}{machines}, fidelity {provenance['fidelity']}"


def unfinished(provenance: Mapping[str, Any]) -> list[str]:
    """The line that says so of an incomplete trace; nothing of a complete one."""
    if provenance["trace"]["complete"]:
        return []
    return ["the trace is incomplete: its run was stopped before its end"]
