from dataclasses import replace
from math import isnan, log, nan

import pytest

from workloads.tasks import Tally
from workloads.tasks.metric import ACCURACY, BITS_PER_CHARACTER, UNEXPLAINED_VARIANCE


def test_guessing_among_eight_costs_three_bits() -> None:
    assert BITS_PER_CHARACTER.of(Tally(count=10, nats=10 * log(8))) == pytest.approx(3, rel=1e-15)


def test_a_metric_is_the_mean_over_all_batches_and_not_of_their_means() -> None:
    tally = Tally(count=30, right=30) + Tally(count=10, right=2)
    assert ACCURACY.of(tally) == 32 / 40


def test_every_sum_adds_up() -> None:
    ones = Tally(count=1, nats=2, right=3, entropy=4, squared_errors=5, squared_targets=6)
    assert ones + ones == Tally(count=2, nats=4, right=6, entropy=8, squared_errors=10, squared_targets=12)


def test_predicting_the_mean_explains_nothing() -> None:
    assert UNEXPLAINED_VARIANCE.of(Tally(count=3, squared_errors=48, squared_targets=48)) == 1


def test_a_diverged_run_is_seen() -> None:
    tally = Tally(count=4, nats=1.0)
    assert isnan(BITS_PER_CHARACTER.of(replace(tally, nats=nan) + tally))
