"""What a study found, in words: the best of each task, and what differs from the baseline."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

TASKS_MAX = 4
NAMED_MAX = 6
LEVEL = 0.05


def name_of(label: object, pattern: object) -> str:
    """How a page calls a recipe under a pattern; the same in every chart and table."""
    return " ".join(str(part) for part in (label, pattern) if part not in ("", None) and part == part)


def findings(meta: Mapping[str, Any], summary: "pd.DataFrame", comparisons: "pd.DataFrame") -> Iterator[str]:
    """The findings of a study, one sentence each."""
    if not len(summary):
        yield "The study has no results yet."
        return
    pairs = summary[["label", "pattern"]].drop_duplicates()
    archs = [str(arch) for arch in dict.fromkeys(summary["arch"].tolist()) if arch and arch == arch]
    on = f" on {', '.join(archs[:NAMED_MAX])}" if archs else ""
    yield f"{len(pairs)} recipes and patterns{_seeds(summary['seeds'].dropna().tolist())}{on}."
    for (task, steps), part in list(summary.groupby(["task", "steps"], sort=False))[-TASKS_MAX:]:
        yield from _best(f"{task}, {steps} steps", part)
    yield from _compared(meta, comparisons)


def _seeds(counts: Sequence[float]) -> str:
    """How many seeds each mean is over."""
    if not counts:
        return ""
    least, most = int(min(counts)), int(max(counts))
    return f", {least} to {most} seeds" if least < most else f", {most} seed{'s' if most > 1 else ''}"


def _best(where: str, part: "pd.DataFrame") -> Iterator[str]:
    """The best mean, and the best of a recipe with a pattern if that is another."""
    known = part[part["value_mean"].notna()].drop_duplicates(["label", "pattern"])
    if not len(known):
        return
    lower = "lower_is_better" not in known or str(known["lower_is_better"].iloc[0]).lower() == "true"
    metric = str(known["metric"].iloc[0]) if "metric" in known else "result"
    sparse = known[known["pattern"].astype(str) != ""]
    first = _extreme(known, lower=lower)
    said = f"{where}: the best {metric} is {_told(first)}, of {name_of(first['label'], first['pattern'])}"
    if len(sparse):
        second = _extreme(sparse, lower=lower)
        if name_of(second["label"], second["pattern"]) != name_of(first["label"], first["pattern"]):
            said += (
                f"; with a pattern it is {_told(second)}, of {name_of(second['label'], second['pattern'])}"
            )
    yield f"{said}."


def _extreme(frame: "pd.DataFrame", *, lower: bool) -> Mapping[str, Any]:
    values = frame["value_mean"].astype(float)
    place = int((values if lower else -values).to_numpy().argmin())
    row: Mapping[Any, Any] = frame.iloc[place].to_dict()
    return row


def _told(row: Mapping[str, Any]) -> str:
    low, high = row.get("value_low"), row.get("value_high")
    inside = low is not None and high is not None and low == low and high == high
    return f"{float(row['value_mean']):.4g}" + (f" ({float(low):.4g} to {float(high):.4g})" if inside else "")  # type: ignore[arg-type]


def _compared(meta: Mapping[str, Any], comparisons: "pd.DataFrame") -> Iterator[str]:
    if (
        not len(comparisons)
        or "p_corrected" not in comparisons
        or comparisons["p_corrected"].dtype.kind != "f"
    ):
        return
    tested = comparisons[comparisons["p_corrected"].notna()]
    differing = tested[tested["p_corrected"] < LEVEL]
    names = [name_of(*pair) for pair in zip(differing["label"], differing["pattern"], strict=True)]
    listed = f": {', '.join(list(dict.fromkeys(names))[:NAMED_MAX])}" if names else ""
    more = " and others" if len(set(names)) > NAMED_MAX else ""
    baseline = f" with {meta['baseline']}" if meta.get("baseline") else ""
    if len(tested):
        found = f"{len(differing)} differ at p < {LEVEL} after correction"
        yield f"Of {len(tested)} comparisons{baseline} {found}{listed}{more}."
    else:
        yield "No comparison has pairs enough for a test."
