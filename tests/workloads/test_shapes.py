"""A trace by name: each problem is placed at the parameter that it is about."""

from collections import Counter
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import workloads
from simulator.errors import InputError
from simulator.gemm import Product
from simulator.pattern import Pattern
from tests.strategies import TWO_OF_FOUR
from workloads import CONVENTIONS, Role, ledger, load_network, trace_network
from workloads.shapes import STEPS_MAX, parse_roles

FORMS = "write kept:group, as in 2:4, or a share of each layer, as in 10 %"
SHARE = "write a share above 0 % and up to 100 %, or kept:group, as in 2:4"
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
        ({"pattern": 124}, f"pattern: `124` is not a pattern; {FORMS}"),
        ({"pattern": "half"}, f"pattern: `half` is not a pattern; {FORMS}"),
        ({"pattern": "0 %"}, f"pattern: `0 %` is no share of the weights; {SHARE}"),
        ({"pattern": "100.5%"}, f"pattern: `100.5%` is no share of the weights; {SHARE}"),
        (
            {"pattern": "ff=1:8,1:4"},
            "pattern: `1:4` names no role; write role=pattern, as in ff=1:8,qkv=1:4",
        ),
        ({"pattern": "ff=1:8,ff=1:4"}, "pattern: ff has two patterns; give each role one"),
        ({"pattern": "ff=1:8,qkv=4"}, f"pattern: `4` is not a pattern; {FORMS}"),
        (
            {"pattern": "ff=1:8,head=1:4"},
            "pattern: `head` layers stay dense; roles that may: ff, qkv, proj, conv",
        ),
        ({"pattern": {}}, "pattern: no role has a pattern; write role=pattern, as in ff=1:8,qkv=1:4"),
        (
            {"pattern": "ff=1:8,qkv=1:4", "sparse": "ff"},
            "sparse: ff follow the recipe, and ff, qkv have a pattern; leave sparse out",
        ),
        (
            {"pattern": "10 %", "recipe": "bi_mask"},
            "pattern: dgrad: outputs needs groups, and 10% has none; write it as kept:group, as in 2:4",
        ),
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


def test_each_role_has_its_own_pattern() -> None:
    made = {
        "text": trace_network("vit_b16", recipe="ste", pattern="qkv=1:4, ff=1:8", batch=1, steps=3),
        "mapping": trace_network(
            "vit_b16",
            recipe="ste",
            pattern={Role.FF: Pattern.parse("1:8"), Role.QKV: Pattern.parse("1:4")},
            batch=1,
            steps=3,
            sparse="ff,qkv",
        ),
    }
    assert made["text"] == made["mapping"]
    assert made["text"].provenance["pattern"] == "ff=1:8,qkv=1:4"
    assert made["text"].provenance["sparse"] == ["ff", "qkv"]
    single = {
        pattern: trace_network("vit_b16", recipe="ste", pattern=pattern, batch=1, steps=3, sparse=role)
        for role, pattern in (("ff", "1:8"), ("qkv", "1:4"))
    }
    for one in made["text"].steps:
        same = single["1:4" if one.layer.endswith("qkv") else "1:8"]
        assert one in same.steps
    inference = trace_network("vit_b16", recipe="ste", pattern="qkv=1:4,ff=1:8", batch=1, inference=True)
    masks = Counter(str(one.work.mask) for one in inference.steps if isinstance(one.work, Product))
    assert (masks["1:8"], masks["1:4"]) == (24, 12)


def test_rigl_trains_a_tenth_of_the_weights_anywhere() -> None:
    trace = trace_network("vit_b16", recipe="rigl", pattern="10 %", batch=1, steps=404)
    assert trace.provenance["pattern"] == "10%"
    counted = {
        (one.layer, one.work.mask_kept)
        for one in trace.steps
        if isinstance(one.work, Product) and one.work.mask_kept is not None
    }
    assert len(counted) == 24
    assert {kept for _, kept in counted} == {235930}  # of 768 * 3072, rounded half up
    # (3 d T + 2 d + 1) / (T + 1) in 3/4 of the run, 3 d after it: Evci et al., appendix H
    ff, density = 24 * 197 * 768 * 3072, Fraction(235930, 768 * 3072)
    closed = 2 * ff * (303 * (302 * density + 1) / 101 + 101 * 3 * density)
    shapes = load_network("vit_b16", batch=1)
    rest = 404 * 2 * (3 * (shapes.macs - ff) - shapes.layers[0].macs)
    assert ledger(trace.steps, "algorithmic").total == rest + closed
    hardware = ledger(trace.steps, "hardware").total
    assert hardware == 404 * 2 * (3 * shapes.macs - shapes.layers[0].macs)  # which skips none of these zeros


def test_the_facade_says_what_a_trace_costs() -> None:
    trace = trace_network("vit_b16", recipe="ste", pattern="2:4", batch=1)
    totals = {name: ledger(trace.steps, name).total for name in CONVENTIONS}
    assert totals["all_sparse"] < totals["algorithmic"] < totals["hardware"]
    assert all(hasattr(workloads, name) for name in workloads.__all__)
