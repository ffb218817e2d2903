"""The tasks whose data the project makes: what is promised of their distributions."""

from math import log2

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import examples
from workloads.tasks import load_task
from workloads.tasks.grammar import SHARES, TOTAL, Grammar
from workloads.tasks.teacher import Teacher, relu_moments
from workloads.tasks.translate import Translate


def grammar(**settings: int) -> Grammar:
    task = load_task("grammar", settings=settings)
    assert isinstance(task, Grammar)
    return task


def test_the_entropy_is_that_of_the_shares() -> None:
    assert sum(SHARES) == TOTAL
    assert grammar().entropy_bits == -sum(share / TOTAL * log2(share / TOTAL) for share in SHARES) == 63 / 32


@pytest.mark.parametrize("symbols", [7, 16, 33])
def test_after_every_pair_seven_symbols_have_the_shares(symbols: int) -> None:
    task = grammar(symbols=symbols)
    first, second = np.divmod(np.arange(symbols**2), symbols)
    found = np.sort(task.probabilities(first, second), axis=1)[:, ::-1]
    assert np.array_equal(found[:, :7], np.tile(np.array(SHARES) / TOTAL, (symbols**2, 1)))
    assert not found[:, 7:].any()


def test_the_true_model_has_the_entropy_as_its_cross_entropy() -> None:
    task = grammar()
    batch = task.batch(np.random.default_rng(8), 1500)
    first, second, target = batch.inputs[:, :-1], batch.inputs[:, 1:], batch.targets[:, 1:]
    likely = np.take_along_axis(task.probabilities(first, second), target[..., None], axis=-1)
    bits = -np.log2(likely)
    assert bits.size == 1500 * 31
    error = bits.std() / np.sqrt(bits.size)
    assert error < 0.008
    assert abs(bits.mean() - task.entropy_bits) < 3 * error


def test_the_first_target_is_not_asked_for_and_the_others_are_the_inputs_one_place_on() -> None:
    batch = grammar().batch(np.random.default_rng(1), 50)
    assert (batch.targets[:, 0] == -1).all()
    assert np.array_equal(batch.targets[:, 1:-1], batch.inputs[:, 2:])


@given(st.integers(2, 20), st.integers(2, 9), st.integers(0, 100), st.integers(0, 2**20))
@examples(20)
def test_a_translation_looks_up_neighbours_back_to_front(
    words: int, length: int, variant: int, seed: int
) -> None:
    task = load_task("translate", settings={"words": words, "length": length, "variant": variant})
    assert isinstance(task, Translate)
    batch = task.batch(np.random.default_rng(seed), 3)
    for row, target in zip(batch.inputs.tolist(), batch.targets.tolist(), strict=True):
        x, read = row[:length], row[length:]
        assert target == [
            task.table[x[length - 1 - i], x[length - 2 - i]] for i in range(length)
        ]  # x[-1] is the last
        assert read == [words, *target[:-1]]


def test_a_table_is_made_of_words_of_pcg64_which_are_the_same_with_every_numpy() -> None:
    task = load_task("translate", settings={"words": 30, "variant": 7})
    assert isinstance(task, Translate)
    raw = np.random.PCG64([7, 0]).random_raw(900).tolist()
    assert task.table.ravel().tolist() == [(word >> 32) * 30 >> 32 for word in raw]
    rules = grammar(symbols=9, variant=7).successors[:, ::-1]
    raw = np.random.PCG64([7, 0]).random_raw(729).reshape(81, 9).tolist()
    for row, found in zip(raw, rules.tolist(), strict=True):
        assert found[-32:] == [row.index(min(row))] * 32
        assert found[0] == row.index(sorted(row)[6])


def test_a_teachers_targets_have_mean_zero_and_variance_one() -> None:
    task = load_task("teacher", settings={"features": 12, "width": 40, "outputs": 5})
    targets = task.batch(np.random.default_rng(2), 40_000).targets.astype(np.float64)
    # of 40 000 samples the mean has the error 1/200; the fourth moment is not known, so the variance is wider
    assert np.abs(targets.mean(axis=0)).max() < 4 / 200
    assert np.abs(targets.var(axis=0) - 1).max() < 0.05


def test_moments_of_relu_are_those_of_a_large_sample() -> None:
    rng = np.random.default_rng(4)
    weights = np.concatenate([rng.standard_normal((4, 3)), [[1, 2, 3], [2, 4, 6], [-1, -2, -3]]])
    mean, covariance = relu_moments(weights)
    values = np.maximum(rng.standard_normal((400_000, 3)) @ weights.T, 0)
    assert np.allclose(mean, values.mean(axis=0), atol=0.02)
    assert np.allclose(covariance, np.cov(values.T), rtol=0.02, atol=0.03)
    assert covariance[4, 5] == pytest.approx(2 * covariance[4, 4], rel=1e-12)


def test_a_teacher_is_a_function_of_its_input_without_noise() -> None:
    task = load_task("teacher", settings={"width": 20})
    assert isinstance(task, Teacher)
    batch = task.batch(np.random.default_rng(2), 10)
    hidden = np.maximum(batch.inputs.astype(np.float64) @ task.first, 0)
    assert np.allclose(batch.targets, hidden @ task.second - task.centre, atol=1e-5)
    assert (task.first.shape, task.second.shape) == ((64, 20), (20, 16))


def test_variants_are_different_tasks() -> None:
    for name in ("grammar", "translate", "teacher"):
        one, other = (load_task(name, settings={"variant": variant}) for variant in (0, 1))
        rng = np.random.default_rng
        assert not np.array_equal(one.batch(rng(0), 6).targets, other.batch(rng(0), 6).targets)
