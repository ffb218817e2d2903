"""The page of a study: accuracy against what it costs, means and comparisons, and how it was learnt."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from analysis.page.blocks import Chart, Page, Sheet, sheet
from analysis.page.curves import LINES_MAX, Line, curves
from analysis.page.headers import Header
from analysis.page.machines import pictures
from analysis.page.parts import bars, causes_of, energies_of, grouped, passes_of, view
from analysis.page.study_words import findings, name_of
from analysis.page.telling import CONVENTION_FACTS, digest_facts, inside
from analysis.quantities import PICO
from analysis.results import Results

if TYPE_CHECKING:
    import pandas as pd

COSTS = (
    *("hardware_flops", "algorithmic_flops", "all_sparse_flops", "energy_j", "seconds", "edp_js"),
    *("dram_bytes", "area_mm2", "density"),
)
VALUES = ("value_mean", "held_out_loss_mean", "training_loss")
SPANS = {name: [name.replace("_mean", "_low"), name.replace("_mean", "_high")] for name in VALUES[:2]}
FILTERS = (("task", False), ("model", False), ("arch", False), ("steps", True), ("budget", True))
HIDDEN = frozenset(
    (
        *("recipe", "settings", "metric", "unit", "lower_is_better", "training_loss", "lost"),
        *("energy_low_j", "energy_high_j", "edp_js", "watts", "utilization", "dram_bytes"),
        *("metadata_bytes", "cycles", "report", "run", "algorithmic_flops", "all_sparse_flops"),
        *("method", "area_mm2", "density", "against_pattern", "against_steps", "budget"),
    )
)
ORDER = (
    *("task", "model", "label", "pattern", "steps", "budget", "seed", "arch", "against", "pairs"),
    *("difference", "low", "high", "p", "p_corrected", "seeds", "value_mean", "value_low", "value_high"),
    *("value", "hardware_flops", "algorithmic_flops", "all_sparse_flops", "seconds", "energy_j"),
)
ACCURACY = (
    "Means over seeds with their intervals. The dashed line is the front: nothing shown is both better and "
    "cheaper. FLOPs count under the convention that is chosen."
)
TIME = "Where the time and the energy of each recipe went, one run of each (the first seed)."
LEARNING = "A line for each run, in the colour of its recipe; every seed is drawn."
FRAMES = ("summary", "comparisons", "results")


def study_page(results: Results) -> Page:
    """What a study holds, linked by recipe and pattern."""
    meta = results.meta
    summary, comparisons, runs = (results.table(name) for name in FRAMES)
    made: Mapping[str, Any] = meta["provenance"]
    reports = results.reports()
    settings = {
        str(one.get("arch")): [str(value) for value in one.get("set") or ()]
        for one in inside(meta, "study", "machines") or ()
        if isinstance(one, Mapping)
    }
    return Page(
        title=str(inside(meta, "study", "name") or results.path.resolve().name),
        kind="study",
        linked="recipe",
        findings=tuple(findings(meta, summary, comparisons)),
        facts=(*digest_facts(made), *_facts(meta, runs)),
        charts=(*_accuracy(summary), *_learning(results, runs), *_reported(runs, reports)),
        sheets=tuple(_sheets(meta, summary, comparisons, runs)),
        pictures=tuple(pictures((report["provenance"] for report in reports.values()), settings)),
        cautions=tuple(_cautions(runs)),
        provenance={"provenance": made, "study": meta.get("study")},
    )


def _facts(meta: Mapping[str, Any], runs: "pd.DataFrame") -> Iterator[tuple[str, str]]:
    for name in ("baseline", "method"):
        if meta.get(name):
            yield name, str(meta[name])
    seeds = list(dict.fromkeys(map(str, runs["seed"].tolist())))
    if seeds:
        yield "seeds", ", ".join(seeds[:20])
    yield "runs", str(runs["run"].nunique())
    yield from CONVENTION_FACTS


def _cautions(runs: "pd.DataFrame") -> Iterator[str]:
    lost = runs[runs["value"].isna()] if runs["value"].dtype.kind == "f" else runs.iloc[:0]
    if len(lost):
        names = list(dict.fromkeys(lost["run"].tolist()))
        whys = list(dict.fromkeys(str(why) for why in lost["why"].tolist() if why)) if "why" in lost else []
        named = ", ".join(map(str, names[:6]))
        yield f"{len(names)} runs have no result and are in no mean: {named}. {'; '.join(whys[:3])}"


def _links(frame: "pd.DataFrame") -> list[str]:
    pairs = zip(frame["label"].tolist(), frame["pattern"].tolist(), strict=True)
    return [name_of(label, pattern) for label, pattern in pairs]


def _headers(frame: "pd.DataFrame") -> dict[str, Header]:
    """What the columns of the metric are called, if all tasks share one, and which way is better."""
    metrics = list(
        dict.fromkeys(
            zip(
                *(frame[key].tolist() for key in ("metric", "unit", "lower_is_better") if key in frame),
                strict=True,
            )
        )
    )
    if len(metrics) != 1 or len(metrics[0]) != 3:
        return {}
    metric, unit, lower = metrics[0]
    goal = "min" if lower is True or str(lower) == "true" else "max"
    name = str(metric)
    titles = {"value": name, "value_mean": name, "value_low": f"{name}, from", "value_high": f"{name}, to"}
    return {key: Header(title, str(unit or ""), goal=goal) for key, title in titles.items()}


def _sheets(
    meta: Mapping[str, Any], summary: "pd.DataFrame", comparisons: "pd.DataFrame", runs: "pd.DataFrame"
) -> Iterator[Sheet]:
    """The three tables; those of one row for each machine repeat what is learnt."""
    method = str(meta.get("method") or "")
    yield _sheet("summary", "Means over seeds", summary, summary, "Intervals are of the mean, at 95 %.")
    if len(comparisons):
        yield _sheet("comparisons", "Compared, seed by seed", comparisons, summary, method)
    yield _sheet("results", "Every run", runs, summary, "")


def _sheet(name: str, title: str, frame: "pd.DataFrame", summary: "pd.DataFrame", note: str) -> Sheet:
    ordered = frame[[*(key for key in ORDER if key in frame), *(key for key in frame if key not in ORDER)]]
    alike = [key for key in ("task", "model", "steps") if frame[key].nunique() < 2]
    hidden = [key for key in frame.columns if key in HIDDEN or key in alike or "loss" in key]
    return sheet(
        name,
        title,
        ordered,
        links=_links(frame),
        source=f"{name}.csv",
        hidden=hidden,
        headers=_headers(summary if len(summary) else frame),
        note=note,
    )


def _accuracy(summary: "pd.DataFrame") -> Iterator[Chart]:
    costs = [key for key in COSTS if key in summary.columns and summary[key].notna().any()]
    if not costs or not len(summary):
        return
    base = {
        "sheet": "summary",
        "ys": list(VALUES),
        "series": ["label", "pattern", "steps"],
        "text": "pattern",
        "detail": ["label", "pattern", "steps", "seeds", "arch"],
        "spans": SPANS,
        "front": "",
        "hollow": "",
        "filters": [{"key": key, "all": every} for key, every in FILTERS],
        "stairs": True,
        "logX": False,
        "logY": False,
    }
    yield Chart(kind="scatter", title="Result against cost", reading=ACCURACY, data={**base, "xs": costs})
    charged = [key for key in costs if key in ("energy_j", "seconds", "edp_js")]
    if charged:
        others = [*charged, *(key for key in costs if key not in charged)]
        reading = "The same against what the machine takes: choose the figure and the machine."
        yield Chart(kind="scatter", title="Result on a machine", reading=reading, data={**base, "xs": others})


def _learning(results: Results, runs: "pd.DataFrame") -> tuple[Chart, ...]:
    """The history of each run that is in the table, the first `LINES_MAX` of them."""
    from analysis.results import load_results

    folders = results.runs()
    lines: list[Line] = []
    chosen = runs.drop_duplicates("run")
    several = [key for key in ("task", "model", "steps") if chosen[key].nunique() > 1]
    labels, patterns = (list(dict.fromkeys(chosen[key].tolist())) for key in ("label", "pattern"))
    patterns.sort(key=lambda pattern: pattern == "")
    for row in chosen.to_dict("records"):
        folder = folders.get(str(row["run"]))
        if folder is None or len(lines) == LINES_MAX:
            continue
        history = load_results(folder).table("history")
        if not len(history):
            continue
        link = name_of(row["label"], row["pattern"])
        group = ", ".join(str(row[key]) for key in several)
        hue, dash = labels.index(row["label"]), patterns.index(row["pattern"])
        lines.append(Line(f"{link}, seed {row['seed']}", link, link, group, history, hue, dash))
    return curves("Over training", LEARNING, lines, grouped=", ".join(several) or "task")


def _reported(runs: "pd.DataFrame", reports: Mapping[str, Mapping[str, Any]]) -> tuple[Chart, ...]:
    """Time by cause and energy by part, a bar for each recipe and pattern, machine by machine."""
    if "report" not in runs.columns:
        return ()
    bars_of: dict[str, dict[str, tuple[str, str, Sequence[Mapping[str, Any]]]]] = {}
    several = [key for key in ("task", "model", "steps") if runs[key].nunique() > 1]
    for row in runs.to_dict("records"):
        report = reports.get(Path(str(row["report"])).stem)
        if report is not None:
            link = name_of(row["label"], row["pattern"])
            name = ", ".join([link, *(str(row[key]) for key in several)])
            bars_of.setdefault(str(row["arch"]), {}).setdefault(name, (name, link, report["rows"]))
    views = []
    for arch, found in bars_of.items():
        every = list(found.values())
        rows = [row for _, _, part in every for row in part]
        views.append(view(f"time by cause on {arch}", "cycles", "", 1.0, causes_of(rows), every))
        if energies_of(rows):
            views.append(view(f"energy by part on {arch}", "energy", "J", PICO, energies_of(rows), every))
        views.append(_by_pass(f"time by pass on {arch}", rows, every))
    return bars("Time and energy", TIME, [one for one in views if one["parts"]])


def _by_pass(
    name: str,
    rows: Sequence[Mapping[str, Any]],
    every: Sequence[tuple[str, str, Sequence[Mapping[str, Any]]]],
) -> dict[str, Any]:
    passes = passes_of(rows)
    split = []
    for label, link, mine in every:
        parts = grouped(mine, "pass")
        sums = {one: sum(float(row["seconds"]) for row in parts.get(one, ())) for one in passes}
        split.append((label, link, [sums]))
    return view(name, "time", "s", 1.0, passes, split)
