"""Sparse-IFT: as many multiply-adds as the dense model, sparse masks in every map that is replaced."""

from math import sqrt

import pytest

from simulator.gemm import Pass
from simulator.pattern import Pattern
from tests.workloads.training.emulator.tiny import tiny
from workloads.networks.layer import Network, Role
from workloads.training.emulator.choices import Resolved, resolve
from workloads.training.emulator.parts import parts
from workloads.training.emulator.trainer import Trainer
from workloads.training.flops import ledger
from workloads.training.recipes import RECIPES
from workloads.training.settings import with_settings
from workloads.training.unroll import inference_steps
from workloads.training.unstructured import Target, Unstructured, parse_target

MEMBERS = [name for name in RECIPES if name.startswith("sparse_ift")]
TARGETS = ["2:4", "1:4", "50 %", "25 %", "10 %"]
SIZES = {"width": 64, "inner": 256, "steps": 4, "batch": 64}


def resolved(name: str, target: str | None) -> Resolved:
    return resolve(tiny(name, pattern=target, **SIZES))


def served_flops(network: Network, name: str, target: Target | None) -> int:
    """FLOPs of the feed-forward layers, and what stands for them, in one pass of the served network."""
    steps = inference_steps(network, RECIPES[name], target)
    inner = [step for step in steps if ".ff." in step.layer]
    assert {step.pass_ for step in inner} == {Pass.FWD}
    return ledger(inner, "algorithmic").total


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", MEMBERS)
def test_a_pass_takes_the_flops_of_the_dense_model(name: str, target: str) -> None:
    """Sizes are whole numbers, so to within one column of a factor, or one branch."""
    dense = served_flops(resolved("dense", None).model.network, "dense", None)
    found = served_flops(resolved(name, target).model.network, name, parse_target(target))
    assert found == pytest.approx(dense, rel=0.02)


def test_the_wide_member_is_as_wide_as_its_density_says() -> None:
    for target, inner in (("2:4", 512), ("1:4", 1024), ("10 %", 2560), ("30 %", 853)):
        sizes = dict(resolved("sparse_ift_wide", target).model.network.sizes)
        assert (sizes["inner"], sizes["width"]) == (inner, 64)
    wide = RECIPES["sparse_ift_wide"]
    for target, width in (("50 %", 64 * sqrt(2)), ("25 %", 128), ("10 %", 64 * sqrt(10))):
        sizes = wide.sizes("resnet", {"width": 64, "inner": 9}, parse_target(target))
        assert sizes == {"width": int(width), "inner": 9}


@pytest.mark.parametrize("masks", ["rigl", "set", "static"])
@pytest.mark.parametrize("target", ["2:4", "25 %"])
@pytest.mark.parametrize("name", MEMBERS)
def test_masks_obey_the_target_and_the_rest_is_dense(name: str, target: str, masks: str) -> None:
    found = resolve(tiny(name, pattern=target, settings=(f"masks={masks}",), width=16, inner=32))
    wanted = parse_target(target)
    with parts() as running:
        trainer = Trainer(found.model, found.task, found.plan, running)
        for _ in range(3):
            trainer.advance()
    followers = {weight.name for weight in trainer.weights}
    assert followers == {slot.name for slot in found.model.parameters.slots.values() if slot.role is Role.FF}
    for weight in trainer.weights:
        assert weight.mask is not None
        if isinstance(wanted, Unstructured):
            assert weight.kept == wanted.kept_of(weight.values.size)
        else:
            assert weight.kept == len(weight.values) * wanted.kept_along(weight.values.shape[1])
        assert not weight.forward[~weight.mask].any()
        assert not weight.values[~weight.mask].any()


@pytest.mark.parametrize("name", MEMBERS)
def test_masks_move_as_those_of_rigl(name: str) -> None:
    target = parse_target("10 %")
    assert RECIPES[name].phases(target, 1000) == RECIPES["rigl"].phases(target, 1000)
    fixed = with_settings(RECIPES[name], ["masks=static"])
    assert fixed.phases(target, 1000) == RECIPES["static"].phases(target, 1000)


def test_one_pattern_serves_all() -> None:
    assert RECIPES["sparse_ift_doped"].maps(Pattern(kept=2, group=4)) is not None
    assert RECIPES["sparse_ift_wide"].maps(Pattern(kept=2, group=4)) is None
    assert all(RECIPES[name].rebuilds for name in MEMBERS)
    assert [name for name, each in RECIPES.items() if each.rebuilds] == MEMBERS
