"""A trace by name: each problem is placed at the parameter that it is about."""

from pathlib import Path
from typing import Any

import pytest

import workloads
from simulator.errors import InputError
from simulator.gemm import Product
from tests.strategies import TWO_OF_FOUR
from workloads import CONVENTIONS, Role, ledger, trace_network
from workloads.shapes import STEPS_MAX, parse_roles

RANGE = "write a whole number from 1 to 1000000000"
SR_STE: dict[str, Any] = {"recipe": "sr_ste", "pattern": TWO_OF_FOUR}
STAY_DENSE = "sparse: `head` layers stay dense; roles that may: ff, qkv, proj, conv"


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"steps": 0}, f"steps: `0` is no number of steps; {RANGE}"),
        ({"steps": -1}, f"steps: `-1` is no number of steps; {RANGE}"),
        ({"steps": STEPS_MAX + 1}, f"steps: `1000000001` is no number of steps; {RANGE}"),
        ({"steps": 2.0}, f"steps: `2.0` is no number of steps; {RANGE}"),
        ({"steps": 2, "inference": True}, "steps: an inference is one forward pass; leave steps out"),
        ({"batch": 0}, "batch: `0` is no batch size; write a whole number from 1 to 1048576"),
        ({"seq": 5}, "seq: vit_b16 reads images; leave seq out, or set image"),
        (
            {"image": 225},
            "image: vit_b16 does not take `225`; "
            "write a multiple of 16 from 16 to 2048, as it is cut into patches",
        ),
        (
            {"dtype": "bf17"},
            "dtype: no dtype is called `bf17`; did you mean `bf16`? "
            "known: bf16, fp16, fp32, fp64, fp8, int32, int4, int8, tf32",
        ),
        (
            {"optimizer": "adam"},
            "optimizer: no optimizer is called `adam`; did you mean `adamw`? known: adamw, sgd",
        ),
        ({"sparse": "ff,head"}, STAY_DENSE),
        ({"sparse": frozenset({Role.HEAD})}, STAY_DENSE),
        (
            {"sparse": "fff"},
            "sparse: no role of layers that may be sparse is called `fff`; did you mean `ff`? "
            "known: conv, ff, proj, qkv",
        ),
        ({"pattern": 124}, "pattern: `124` is not a pattern; write kept:group, as in 2:4"),
        ({"pattern": "5:4"}, "pattern: `5:4` keeps 5 of 4; kept is 1 to 4 for a group of 4"),
        ({"pattern": None}, "pattern: recipe sr_ste needs one; write the target, as in 2:4"),
        (
            {"pattern": None, "inference": True},
            "pattern: recipe sr_ste needs one; write the target, as in 2:4",
        ),
        (
            {"recipe": "dense"},
            "pattern: recipe dense uses none; leave it out, or choose a recipe that does",
        ),
        (
            {"recipe": "sdgf_geometric", "pattern": "1:1024"},
            "pattern: recipe sdgf_geometric starts 1:1024 from a group of 8192; "
            "its target's group is at most 512",
        ),
    ],
)
def test_a_problem_is_placed_at_its_parameter(options: dict[str, Any], text: str) -> None:
    with pytest.raises(InputError) as error:
        trace_network("vit_b16", **(SR_STE | options))
    assert str(error.value) == text


def test_an_unknown_name_is_placed_at_its_parameter() -> None:
    with pytest.raises(InputError, match=r"^network: no network is called `vit`; "):
        trace_network("vit")
    with pytest.raises(InputError, match=r"^recipe: no recipe is called `sr`; "):
        trace_network("vit_b16", recipe="sr")


def test_a_file_is_its_own_place(tmp_path: Path) -> None:
    gone = tmp_path / "gone.yaml"
    for network, recipe in ((gone, "dense"), ("vit_b16", gone)):
        with pytest.raises(InputError) as error:
            trace_network(network, recipe=recipe)
        assert str(error.value) == f"{gone}: no such file; give the path of a YAML file"


def test_roles_are_named_or_given() -> None:
    assert parse_roles("ff, qkv") == parse_roles([Role.QKV, Role.FF]) == {Role.FF, Role.QKV}
    texts, objects = (
        trace_network("vit_b16", recipe="ste", pattern="2:4", batch=1, sparse=sparse)
        for sparse in ("qkv,proj", frozenset({Role.PROJ, Role.QKV}))
    )
    assert texts == objects
    assert texts.provenance["sparse"] == ["proj", "qkv"]
    masked = {one.layer for one in texts.steps if isinstance(one.work, Product) and one.work.mask is not None}
    assert masked == {f"blocks.{block}.attention.{one}" for block in range(12) for one in ("qkv", "proj")}


def test_the_facade_says_what_a_trace_costs() -> None:
    trace = trace_network("vit_b16", recipe="ste", pattern="2:4", batch=1)
    totals = {name: ledger(trace.steps, name).total for name in CONVENTIONS}
    assert totals["all_sparse"] < totals["algorithmic"] < totals["hardware"]
    assert all(hasattr(workloads, name) for name in workloads.__all__)
