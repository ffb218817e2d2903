import csv
import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from analysis import sweep
from analysis.sweep.metrics import METRICS
from simulator.arch import load_arch
from simulator.area import areas
from simulator.errors import InputError
from simulator.machine import resolve
from simulator.report import Report
from simulator.simulate import simulate
from simulator.tariff import load_tariff
from tests.analysis.sweep.spaces import Here, write_space
from workloads.shapes import trace_network

AXES = "{core.array.rows: [4, 8], memory.dram.bandwidth: [400 GB/s, 1555 GB/s], workload.pattern: [2:4, 1:4]}"


def rows_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "points.csv").open() as file:
        return list(csv.DictReader(file))


def kept(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in ("points.csv", "sweep.json")}


def figures(report: Report, arch: Any) -> dict[str, Any]:
    """The metrics from a plain Report, by their definitions."""
    totals, outer = report.totals, report.levels[0]
    machine, tariff = load_tariff(arch)
    area = [
        sum(getattr(one.total, side) for one in areas(tariff.scaled, machine))
        for side in ("low", "value", "high")
    ]
    low, value, high = (float(one / 10**6) for one in area)
    joules = totals["energy_pj"] / 1e12
    metadata = totals[f"{outer}_metadata_read_bytes"] + totals[f"{outer}_metadata_write_bytes"]
    return {
        "cycles": totals["cycles"],
        "seconds": totals["seconds"],
        "energy_j": joules,
        "energy_low_j": totals["energy_low_pj"] / 1e12,
        "energy_high_j": totals["energy_high_pj"] / 1e12,
        "edp_js": joules * totals["seconds"],
        "area_mm2": value,
        "area_low_mm2": low,
        "area_high_mm2": high,
        "watts": joules / totals["seconds"],
        "utilization": report.utilization,
        "dense_macs": totals["dense_macs"],
        "effective_macs": totals["effective_macs"],
        "peak_macs_per_cycle": resolve(arch.value).peak_macs("bf16"),
        "dram_bytes": totals[f"{outer}_read_bytes"] + totals[f"{outer}_write_bytes"] + metadata,
        "metadata_bytes": metadata,
    }


def test_every_point_is_what_simulate_says_of_it(tmp_path: Path, here: Here) -> None:
    path = write_space(tmp_path, axes=AXES, fidelity="tile")
    found = rows_of(sweep(path, out=tmp_path / "out").path)
    assert len(found) == 8 == here.points
    for row in found:
        trace = trace_network(tmp_path / "net.yaml", recipe="sr_ste", pattern=row["workload.pattern"])
        settings = [f"{key}={row[key]}" for key in ("core.array.rows", "memory.dram.bandwidth")]
        arch = load_arch("a100", settings=settings)
        expected = figures(simulate(arch, trace), arch)
        for name, value in expected.items():
            exact = type(value)(row[name])
            assert exact == value, name
        assert (row["state"], row["feasible"], row["why"]) == ("done", "true", "")
        assert set(expected) == set(METRICS)


def test_the_files_say_what_formats_promise(tmp_path: Path, here: Here) -> None:
    path = write_space(
        tmp_path,
        axes="{cores: [216, 217, 432]}",
        objectives="[seconds, area]",
        constraints="[area <= 1 mm^2]",
    )
    done = sweep(path, out=tmp_path / "out")
    said = json.loads((tmp_path / "out" / "sweep.json").read_text())
    assert said["schema"] == 1
    assert said["axes"] == ["cores"]
    assert said["objectives"] == [{"name": "seconds", "goal": "min"}, {"name": "area_mm2", "goal": "min"}]
    assert said["constraints"] == ["area <= 1 mm^2"]
    assert said["counts"] == {"points": 3, "done": 2, "refused": 1, "set_aside": 0, "feasible": 0, "front": 0}
    assert (said["hypervolume"], said["reference"]) == (None, {})
    provenance = said["provenance"]
    assert (provenance["tool"], provenance["seed"], provenance["fidelity"]) == ("nmsim", 0, "bound")
    assert provenance["space"]["given"] == str(path)
    assert provenance["arch"]["sha256"] == load_arch("a100").digest
    refused = rows_of(done.path)[1]
    assert refused["state"] == "refused"
    assert refused["why"] == "memory.2.per: 217 cores are not shared evenly by 4; it divides `cores`"
    assert (refused["seconds"], refused["feasible"], refused["front"]) == ("", "false", "false")


def test_a_sweep_that_is_done_evaluates_nothing_and_writes_the_same_bytes(tmp_path: Path, here: Here) -> None:
    path = write_space(tmp_path, axes=AXES)
    first = kept(sweep(path, out=tmp_path / "out").path)
    assert kept(sweep(path, out=tmp_path / "out").path) == first
    assert here.points == 8


def test_other_objectives_rank_anew_without_running(tmp_path: Path, here: Here) -> None:
    sweep(write_space(tmp_path, axes=AXES), out=tmp_path / "out")
    path = write_space(
        tmp_path,
        axes=AXES,
        objectives="{utilization: max, energy: min}",
        constraints="[seconds <= 1 s]",
        reference="{utilization: 0, energy: 1 J}",
    )
    again = sweep(path, out=tmp_path / "out")
    assert here.points == 8
    assert again.said["reference"] == {"utilization": 0.0, "energy_j": 1.0}
    assert max(again.points["utilization"]) == max(again.front["utilization"])
    assert min(again.points["energy_j"]) == min(again.front["energy_j"])


def test_a_grown_axis_keeps_what_is_known_and_ends_as_if_run_at_once(tmp_path: Path, here: Here) -> None:
    sweep(write_space(tmp_path, axes="{core.array.rows: [4, 16]}"), out=tmp_path / "out")
    path = write_space(tmp_path, axes="{core.array.rows: [4, 8, 16]}")
    grown = kept(sweep(path, out=tmp_path / "out").path)
    assert here.points == 3
    assert kept(sweep(path, out=tmp_path / "fresh").path) == grown
    assert here.points == 6


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"name": "other"}, "holds the sweep of another space: name was `tiny`, not `other`"),
        ({"arch": "h100"}, "holds the sweep of another space: arch was `a100`, not `h100`"),
        ({"fidelity": "tile"}, "holds the sweep of another space: fidelity was `bound`, not `tile`"),
        ({"seed": "3"}, "holds the sweep of another space: seed was `0`, not `3`"),
        ({"axes": "{cores: [216]}"}, "holds the sweep of another space: axes was core.array.rows, not cores"),
        (
            {"axes": "{core.array.rows: [8, 16]}"},
            "holds a sweep with core.array.rows at [4] too, which this space leaves out",
        ),
    ],
)
def test_another_space_is_refused_with_what_differs(
    tmp_path: Path, here: Here, keys: dict[str, str], said: str
) -> None:
    sweep(write_space(tmp_path), out=tmp_path / "out")
    before = kept(tmp_path / "out")
    with pytest.raises(InputError) as caught:
        sweep(write_space(tmp_path, **keys), out=tmp_path / "out")
    assert str(caught.value).startswith(f"{tmp_path / 'out'}: {said}; ")
    assert str(caught.value).endswith("name another directory with --out")
    assert kept(tmp_path / "out") == before


def test_a_machine_that_was_written_anew_is_another_space(tmp_path: Path, here: Here) -> None:
    (tmp_path / "m.yaml").write_text(Path("arch_configs/a100.yaml").read_text())
    path = write_space(tmp_path, arch="m.yaml")
    sweep(path, out=tmp_path / "out")
    (tmp_path / "m.yaml").write_text(Path("arch_configs/a100.yaml").read_text().replace("40 MiB", "41 MiB"))
    with pytest.raises(InputError, match=r"another m[.]yaml: what it writes has changed since"):
        sweep(path, out=tmp_path / "out")


def file_in_the_way(folder: Path) -> None:
    folder.write_text("x")


def other_files(folder: Path) -> None:
    folder.mkdir()
    (folder / "notes.txt").write_text("x")


@pytest.mark.parametrize(
    ("before", "said"),
    [
        (file_in_the_way, "is a file; name a directory"),
        (
            other_files,
            "the directory holds files, and no sweep; name another directory with --out, or empty it",
        ),
    ],
)
def test_what_is_in_the_way_stays(
    tmp_path: Path, here: Here, before: Callable[[Path], None], said: str
) -> None:
    before(tmp_path / "out")
    with pytest.raises(InputError) as caught:
        sweep(write_space(tmp_path), out=tmp_path / "out")
    assert str(caught.value) == f"{tmp_path / 'out'}: {said}"
    assert here.points == 0


def test_a_space_whose_every_point_is_refused_says_why(tmp_path: Path, here: Here) -> None:
    path = write_space(tmp_path, axes="{cores: [1, 2]}")
    with pytest.raises(InputError) as caught:
        sweep(path, out=tmp_path / "out")
    first = "memory.2.per: 1 cores are not shared evenly by 4; it divides `cores` (and 1 other reasons)"
    what = f"every one of its 2 points is refused, the first because of {first}; mend the axes"
    assert str(caught.value) == f"{path}: {what}"
    assert not (tmp_path / "out" / "points.csv").exists()


def test_workloads_that_do_not_go_together_are_refused_points(tmp_path: Path, here: Here) -> None:
    path = write_space(tmp_path, axes="{workload.recipe: [dense, sr_ste], workload.pattern: [2:4, 1:4]}")
    points = sweep(path, out=tmp_path / "out").points
    assert list(points["state"]) == ["refused", "refused", "done", "done"]
    assert points["why"][0].startswith("workload: pattern: recipe dense uses none; ")


def test_a_trace_may_be_the_workload(tmp_path: Path, here: Here) -> None:
    path = write_space(tmp_path, axes="{core.array.rows: [8]}", workload="{trace: made}")
    trace = trace_network(tmp_path / "net.yaml", recipe="sr_ste", pattern="2:4")
    trace.save(tmp_path / "made")
    (row,) = sweep(path, out=tmp_path / "out").points.to_dict("records")
    assert row["cycles"] == simulate("a100", trace, fidelity="bound").totals["cycles"]


def test_a_damaged_store_is_set_aside_and_the_same_table_comes_of_it(
    tmp_path: Path, here: Here, caplog: pytest.LogCaptureFixture
) -> None:
    path = write_space(tmp_path, axes=AXES)
    first = kept(sweep(path, out=tmp_path / "out").path)
    (tmp_path / "out" / "sweep.db").write_bytes(b"no database" * 100)
    with caplog.at_level(logging.WARNING):
        assert kept(sweep(path, out=tmp_path / "out").path) == first
    assert "sweep.db" in caplog.text
    assert here.points == 16


def test_workers_and_this_process_agree_to_the_byte(
    tmp_path: Path, here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_space(tmp_path, axes=AXES)
    first = kept(sweep(path, out=tmp_path / "out").path)
    monkeypatch.undo()
    told: list[tuple[int, int]] = []
    done = sweep(path, out=tmp_path / "two", workers=2, progress=lambda *counts: told.append(counts))
    assert kept(done.path) == first
    assert (told[0], told[-1]) == ((0, 8), (8, 8))


def test_a_sweep_reads_well_in_a_notebook(tmp_path: Path, here: Here) -> None:
    done = sweep(write_space(tmp_path, name="<b>tiny</b>"), out=tmp_path / "out")
    assert repr(done) == (
        f"<Swept '<b>tiny</b>': 2 points, 2 feasible, 2 on the front of min seconds; {tmp_path / 'out'}>"
    )
    assert "<b>" not in done._repr_html_()
    assert list(done.points.index) == [0, 1]
    assert done.points["cycles"].dtype == "int64"
    assert done.front["core.array.rows"].tolist() == [4, 8]
