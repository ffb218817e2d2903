"""The page of a sweep: its points against one another, the front, and what was refused."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from analysis.page.blocks import Chart, Page, sheet
from analysis.page.headers import Header, header
from analysis.page.machines import pictures
from analysis.page.telling import digest_facts, inside
from analysis.quantities import digits, quantity
from analysis.results import Results

if TYPE_CHECKING:
    import pandas as pd

METRICS = (
    *("seconds", "energy_j", "area_mm2", "edp_js", "watts", "utilization", "cycles", "dram_bytes"),
    *("metadata_bytes", "effective_macs", "peak_macs_per_cycle"),
)
STATES = ("feasible", "front", "state", "why")
BEHIND = ("_low_j", "_high_j", "_low_mm2", "_high_mm2", "_macs")
READING = (
    "Each mark is a point; those on the front are outlined, infeasible ones hollow. The dashed line is "
    "the front of the two figures shown. Click or press enter to choose, with shift to add."
)
DRAG = (
    "A line for each point, the front on top. Drag along an axis to choose the points that pass there; click "
    "the axis to let go."
)
THREADS_MAX = 600
REASONS_MAX, AXES_MAX = 4, 6


def sweep_page(results: Results) -> Page:
    """What a sweep holds, linked by point."""
    meta = results.meta
    frame = _ordered(results.table("points"), meta)
    axes = [name for name in _listed(meta, "axes") if name in frame.columns]
    goals = {
        str(one.get("name")): str(one.get("goal", "min"))
        for one in _listed(meta, "objectives")
        if isinstance(one, Mapping)
    }
    headers = {name: header(name)._replace(goal=goal) for name, goal in goals.items()}
    headers |= {name: Header(name) for name in axes}
    hidden = [key for key in frame.columns if key not in goals and key.endswith(BEHIND)]
    links = [f"point {point}" for point in frame["point"].tolist()]
    best = [row for row, flag in enumerate(frame["front"].tolist()) if flag is True]
    table = sheet(
        "points", "Points", frame, links=links, source="points.csv", hidden=hidden, headers=headers, keep=best
    )
    made: Mapping[str, Any] = meta["provenance"]
    return Page(
        title=str(
            meta.get("name")
            or inside(made, "space", "name")
            or inside(made, "space", "given")
            or results.path.resolve().name
        ),
        kind="sweep",
        linked="point",
        findings=tuple(_findings(meta, frame, goals)),
        facts=(*digest_facts(made), *_facts(meta)),
        charts=tuple(_charts(axes, goals, frame)),
        sheets=(table,),
        pictures=tuple(pictures([made])),
        cautions=tuple(_cautions(frame)),
        provenance=meta,
    )


def _listed(meta: Mapping[str, Any], key: str) -> list[Any]:
    found = meta.get(key)
    return found if isinstance(found, list) else []


def _ordered(frame: "pd.DataFrame", meta: Mapping[str, Any]) -> "pd.DataFrame":
    """The point and its axes, what is wanted of it and its states, then the other metrics."""
    wanted = [str(one.get("name")) for one in _listed(meta, "objectives") if isinstance(one, Mapping)]
    first = ["point", *_listed(meta, "axes"), *wanted, *STATES]
    kept = [key for key in dict.fromkeys(first) if key in frame.columns]
    return frame[[*kept, *(key for key in frame.columns if key not in kept)]]


def _facts(meta: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    wanted = [one for one in _listed(meta, "objectives") if isinstance(one, Mapping)]
    for goal, word in (("min", "minimised"), ("max", "maximised")):
        names = [header(str(one.get("name"))).title for one in wanted if one.get("goal", "min") == goal]
        if names:
            yield word, ", ".join(names)
    if _listed(meta, "constraints"):
        yield "constraints", "; ".join(map(str, _listed(meta, "constraints")))
    if isinstance(meta.get("hypervolume"), int | float):
        reference = meta.get("reference")
        known = reference if isinstance(reference, Mapping) else {}
        corner = ", ".join(
            f"{header(name).title} {value:.4g} {header(name).unit}".rstrip()
            for name, value in known.items()
            if isinstance(value, int | float)
        )
        units = "".join(f" {header(name).unit}" for name in known if header(name).unit)
        yield "hypervolume", f"{meta['hypervolume']:.6g}{units}" + (f" up to {corner}" if corner else "")
    workload = inside(meta, "provenance", "workload")
    if isinstance(workload, Mapping):
        said = (
            f"{key} {value}"
            for key, value in workload.items()
            if isinstance(value, str | int | float) and "sha" not in key
        )
        yield "workload", ", ".join(said)


def _findings(meta: Mapping[str, Any], frame: "pd.DataFrame", goals: Mapping[str, str]) -> Iterator[str]:
    counts = meta.get("counts")
    known = counts if isinstance(counts, Mapping) else {}
    words = {
        "points": "points",
        "done": "done",
        "refused": "refused",
        "set_aside": "set aside",
        "feasible": "feasible",
        "front": "on the front",
    }
    yield ", ".join(f"{known[key]} {word}" for key, word in words.items() if key in known) + "."
    front = frame[frame["front"].eq(True)]
    if not len(front):
        yield "No point meets the constraints, so there is no front."
        return
    axes = [axis for axis in _listed(meta, "axes") if axis in frame.columns]
    for name, goal in goals.items():
        if name not in front.columns or front[name].dtype.kind not in "iuf" or not front[name].notna().any():
            continue
        best = front.sort_values(name, ascending=goal != "max", kind="stable").to_dict("records")[0]
        said = ", ".join(f"{axis} {best[axis]}" for axis in axes[:AXES_MAX])
        yield f"The best {header(name).title} is {_told(name, best[name])}: {said} (point {best['point']})."


def _told(name: str, value: float) -> str:
    known = header(name)
    return (
        quantity(value * known.factor, known.unit)
        if known.prefixed
        else f"{digits(value)} {known.unit}".rstrip()
    )


def _charts(axes: list[str], goals: Mapping[str, str], frame: "pd.DataFrame") -> Iterator[Chart]:
    wanted = [name for name in goals if name in frame.columns]
    metrics = list(dict.fromkeys([*wanted, *(name for name in METRICS if name in frame.columns)]))
    if len(metrics) < 1:
        return
    pairs = [(metrics[0], metrics[min(1, len(metrics) - 1)])]
    if len(metrics) > 2:
        pairs.append((metrics[0], metrics[2]))
    for title, (first, second) in zip(("The space of designs", "Another side of it"), pairs, strict=False):
        data = {
            "sheet": "points",
            "series": [*axes, *metrics],
            "detail": axes,
            "filters": [],
            "spans": {},
            "text": "",
            "front": "front",
            "hollow": "feasible",
            "stairs": True,
            "xs": list(dict.fromkeys([first, *metrics, *axes])),
            "ys": list(dict.fromkeys([second, *metrics, *axes])),
            "logX": _wide(frame, first),
            "logY": _wide(frame, second),
        }
        yield Chart(kind="scatter", title=title, reading=READING, data=data)
    yield Chart(
        kind="parallel",
        title="Axes and objectives together",
        reading=DRAG,
        data={"sheet": "points", "keys": [*axes, *wanted], "front": "front", "most": THREADS_MAX},
    )


def _wide(frame: "pd.DataFrame", key: str) -> bool:
    """Whether a column is better read on a logarithmic axis."""
    values: list[float] = frame[key].dropna().tolist() if frame[key].dtype.kind in "iuf" else []
    return len(values) > 1 and min(values) > 0 and max(values) > 20 * min(values)


def _cautions(frame: "pd.DataFrame") -> Iterator[str]:
    for state in ("refused", "set aside"):
        rows = frame[frame["state"].eq(state)]
        if len(rows):
            reasons = Counter(map(str, rows["why"].tolist())) if "why" in rows.columns else Counter()
            named = "; ".join(f"{reason} ({count})" for reason, count in reasons.most_common(REASONS_MAX))
            yield f"{len(rows)} points were {state}: {named}"
