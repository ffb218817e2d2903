"""Measuring a network leaves its training as it was, and measures what the recipe says is served."""

import numpy as np
import pytest

from tests.workloads.training.emulator.cases import CASES, Case
from tests.workloads.training.emulator.mlp_by_hand import Part
from tests.workloads.training.emulator.recorded import copied, few_permutations, parted, recorded, trainer_of

ONE_OF_EACH = list({case.oracle: case for case in CASES if case.run.optimizer.name == "adamw"}.values())


@pytest.mark.parametrize("case", ONE_OF_EACH, ids=str)
def test_a_run_that_is_measured_at_every_step_trains_to_the_same_bits(case: Case) -> None:
    record = recorded(case.run)
    with few_permutations() as running:
        trainer = trainer_of(case.run, running)
        held_out = trainer.task.held_out(case.run.batch)[:1]
        for taken in record.taken:
            trainer.measure(held_out)
            trainer.advance()
            values = copied(trainer.parameters.views(trainer.values))
            for name, value in taken.values.items():
                np.testing.assert_array_equal(values[name], value, err_msg=f"{name} at {trainer.step}")


@pytest.mark.parametrize("case", [case for case in CASES if case.run.optimizer.name == "adamw"], ids=str)
def test_what_is_served_is_what_is_measured(case: Case) -> None:
    record = recorded(case.run)
    batch = record.trainer.task.held_out(case.run.batch)[0]
    tally = record.measured
    values = {name: np.asarray(value, np.float64) for name, value in record.taken[-1].values.items()}
    values |= {name: np.asarray(value, np.float64) for name, value in record.served.items()}
    errors = sum(float(np.square(Part(values, x).outputs - y).sum()) for x, y in parted(batch))
    assert tally.squared_errors == pytest.approx(errors, rel=1e-9)
    assert tally.squared_targets == pytest.approx(np.square(batch.targets, dtype=np.float64).sum())
    assert tally.count == batch.targets.size
