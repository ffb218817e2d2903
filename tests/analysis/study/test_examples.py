"""The studies that are shipped as examples: each loads, and each run of it could begin."""

from pathlib import Path

import pytest

from analysis.study.cells import cells_of
from analysis.study.spec import WrittenStudy
from simulator.spec import load_spec

STUDIES = sorted((Path(__file__).parents[3] / "examples" / "studies").rglob("*.yaml"))
CONTROLS = {"dense", "static", "one_shot", "sr_ste"}


@pytest.mark.parametrize("file", STUDIES, ids=lambda file: str(file.stem))
def test_a_study_loads_and_a_claim_has_its_controls(file: Path) -> None:
    written = load_spec(file, WrittenStudy).value
    if file.parent.name == "claims" and written.name != "claims: learning rates":
        assert len(written.seeds) >= 6
        assert min(written.seeds) >= 100, "not those on which rates were chosen"
        lacking = CONTROLS - {entry.recipe for entry in written.recipes}
        assert lacking <= {"one_shot", "dense"}


def test_names_are_told_apart() -> None:
    names = [load_spec(file, WrittenStudy).value.name for file in STUDIES]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("name", ["small", "longer_schedules", "claims/02_structure_decay"])
def test_every_run_could_begin(name: str) -> None:
    (file,) = (file for file in STUDIES if str(file).endswith(f"/{name}.yaml"))
    cells = cells_of(load_spec(file, WrittenStudy))
    assert len({cell.run for cell in cells.runs}) == len(cells.runs)


@pytest.mark.full
@pytest.mark.parametrize("file", STUDIES, ids=lambda file: str(file.stem))
def test_every_run_of_every_study_could_begin(file: Path) -> None:
    assert cells_of(load_spec(file, WrittenStudy)).runs
