"""Models by name: what is refused, and in which words."""

from typing import Any

import pytest

from simulator.errors import InputError
from tests.workloads.models.running import SHAPES, small
from workloads.models.linear import Linear
from workloads.models.registry import MODELS, build_model
from workloads.networks.layer import Role
from workloads.tasks.shape import Shape


@pytest.mark.parametrize("name", SHAPES)
def test_a_model_is_called_what_the_registry_calls_it(name: str) -> None:
    model = small(name)
    assert name in MODELS
    assert model.name == model.network.name == name
    assert ("width", 6) in model.network.sizes


def test_every_kind_of_task_has_a_model() -> None:
    assert {kind for model in MODELS.values() for kind in model.reads} == {
        "tokens",
        "pairs",
        "vectors",
        "images",
    }


@pytest.mark.parametrize(
    ("name", "changes", "problem"),
    [
        ("decodr", {}, "model: no model is called `decodr`; did you mean `decoder`?"),
        (
            "mlp",
            {},
            "model: `mlp` reads vectors or images, and the task gives tokens; models for tokens",
        ),
        ("decoder", {"width": 0}, "width: `0`; a whole number from 1 to 65536"),
        ("decoder", {"batch": -1}, "batch: `-1`; a whole number from 1 to 1048576"),
        ("decoder", {"batch": 0, "heads": 4}, "batch: `0`; a whole number from 1 to 1048576"),
        ("decoder", {"heads": 4}, "heads: 4 heads do not share a width of 6 equally; a divisor of the width"),
        ("decoder", {"activation": "tanh"}, "activation: `tanh`; one of relu, gelu"),
    ],
)
def test_what_cannot_be_built_is_refused(name: str, changes: dict[str, Any], problem: str) -> None:
    sizes: dict[str, Any] = {"width": 6, "depth": 1, "inner": 8, "heads": 2, "batch": 4}
    with pytest.raises(InputError) as refused:
        build_model(name, SHAPES["decoder"], **sizes | changes)
    assert str(refused.value).startswith(problem)


@pytest.mark.parametrize("name", SHAPES)
def test_maps_of_role_ff_are_what_the_caller_makes(name: str) -> None:
    made: list[tuple[str, Role]] = []

    def make(**given: Any) -> Linear:
        made.append((given["name"], given["role"]))
        return Linear(**given)

    model = small(name, make_map=make)
    wanted = [(layer.name, layer.role) for layer in model.network.layers if layer.role is Role.FF]
    assert made == wanted
    assert wanted


def test_a_mlp_of_images_reads_all_their_values() -> None:
    shape = Shape(kind="images", side=4, channels=3, outputs=10)
    model = build_model("mlp", shape, width=8, depth=1, inner=8, heads=1, batch=2)
    assert model.parameters.slots["stem.weight"].shape == (8, 48)


@pytest.mark.parametrize(
    ("shape", "rows", "inputs"),
    [
        (SHAPES["decoder"], 5, (3, 5)),
        (SHAPES["encoder_decoder"], 5, (3, 9)),
        (SHAPES["mlp"], 1, (3, 6)),
        (Shape(kind="images", side=4, channels=3, outputs=10), 1, (3, 4, 4, 3)),
    ],
)
def test_a_shape_knows_its_inputs_and_its_rows(shape: Shape, rows: int, inputs: tuple[int, ...]) -> None:
    assert (shape.rows, shape.inputs(3)) == (rows, inputs)


IMAGES = Shape(kind="images", side=8, channels=1, outputs=10)


@pytest.mark.parametrize("name", [name for name, kind in MODELS.items() if "images" in kind.reads])
def test_heads_must_share_the_width_where_there_is_attention(name: str) -> None:
    sizes: dict[str, Any] = {"width": 8, "depth": 1, "inner": 8, "batch": 2}
    assert build_model(name, IMAGES, heads=2, **sizes).network.layers
    if MODELS[name].attends:
        with pytest.raises(InputError, match="heads: 3 heads do not share a width of 8 equally"):
            build_model(name, IMAGES, heads=3, **sizes)
    else:
        assert build_model(name, IMAGES, heads=3, **sizes).network.layers
