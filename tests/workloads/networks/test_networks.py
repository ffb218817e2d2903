import re
from collections.abc import Callable

import pytest

from simulator.errors import InputError
from simulator.gemm import TOTAL_MAX, Gemm
from workloads.networks import NETWORKS, Layer, Role, load_network
from workloads.networks.known import BATCH_MAX

every_network = pytest.mark.parametrize("name", NETWORKS)
TOKENS = [name for name, network in NETWORKS.items() if network.extent.word == "seq"]
IMAGES = [name for name, network in NETWORKS.items() if network.extent.word == "image"]


def layers_of(name: str, **sizes: int) -> dict[str, Layer]:
    return {layer.name: layer for layer in load_network(name, **sizes).layers}


def text_of(call: Callable[[], object]) -> str:
    with pytest.raises(InputError) as caught:
        call()
    return str(caught.value)


def test_the_registry_holds_the_promised_networks_under_their_own_names() -> None:
    promised = (
        "resnet50 vit_b16 swin_t bert_base gpt2_small gpt3_small gpt3_6b7 t5_base transformer_big llama3_8b"
    )
    assert list(NETWORKS) == promised.split()
    assert all(network.name == name for name, network in NETWORKS.items())


def test_every_network_reads_tokens_or_images_and_says_where_it_is_from() -> None:
    assert sorted(TOKENS + IMAGES) == sorted(NETWORKS)
    assert all(load_network(name).source == NETWORKS[name].source != "" for name in NETWORKS)


def test_by_default_a_batch_is_32_images_or_8192_tokens() -> None:
    assert {NETWORKS[name].batch for name in IMAGES} == {32}
    assert {NETWORKS[name].batch * NETWORKS[name].extent.default for name in TOKENS} == {8192}


@every_network
def test_layer_names_are_unique_and_plain(name: str) -> None:
    names = [layer.name for layer in load_network(name).layers]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z0-9_]+(\.[a-z0-9_]+)*", layer) for layer in names)


@every_network
def test_the_batch_scales_every_layer_and_no_parameter(name: str) -> None:
    one, five = load_network(name, batch=1), load_network(name, batch=5)
    for few, many in zip(one.layers, five.layers, strict=True):
        assert many.macs == 5 * few.macs
        assert many.input_values == (None if few.input_values is None else 5 * few.input_values)
        assert (many.gemm.n, many.gemm.k) == (few.gemm.n, few.gemm.k)
    assert one.parameters == five.parameters


@pytest.mark.parametrize("name", TOKENS)
def test_the_length_scales_all_but_attention_and_the_pooler(name: str) -> None:
    short, long = layers_of(name, batch=1, seq=16), layers_of(name, batch=1, seq=48)
    assert short.keys() == long.keys()
    for layer in short.values():
        times = 9 if layer.role is Role.ATTENTION else 1 if layer.name == "pooler" else 3
        assert long[layer.name].macs == times * layer.macs
        assert long[layer.name].parameters == layer.parameters


@every_network
def test_the_largest_sizes_still_fit_a_trace(name: str) -> None:
    extent = NETWORKS[name].extent
    network = NETWORKS[name].load(
        batch=BATCH_MAX,
        seq=extent.most if extent.word == "seq" else None,
        image=extent.most if extent.word == "image" else None,
    )
    assert max(layer.macs for layer in network.layers) <= TOTAL_MAX
    assert max(32 * layer.batch * layer.gemm.m * layer.gemm.n for layer in network.layers) <= TOTAL_MAX


@every_network
def test_the_smallest_sizes_are_accepted(name: str) -> None:
    extent = NETWORKS[name].extent
    sizes = {"batch": 1, extent.word: extent.least}
    assert len(load_network(name, **sizes).layers) == len(load_network(name).layers)


@every_network
def test_only_the_first_layer_of_an_image_network_reads_data(name: str) -> None:
    layers = load_network(name).layers
    data = [layer.name for layer in layers if not layer.input_gradient]
    stems = [layer.name for layer in layers if layer.role is Role.STEM]
    assert data == stems == ([layers[0].name] if name in IMAGES else [])
    assert [layer.name for layer in layers if layer.role is Role.HEAD] == [layers[-1].name]


def test_resnet_has_its_stride_in_the_3x3_and_a_shortcut_where_the_shape_changes() -> None:
    layers = layers_of("resnet50", batch=1)
    assert layers["conv1"].gemm == Gemm(m=112 * 112, n=64, k=147)
    assert layers["conv1"].input_values == 3 * 224 * 224
    assert layers["layer2.0.conv1"].gemm == Gemm(m=56 * 56, n=128, k=256)
    assert layers["layer2.0.conv2"].gemm == Gemm(m=28 * 28, n=128, k=9 * 128)
    assert layers["layer2.0.conv2"].input_values == 128 * 56 * 56
    assert layers["layer2.0.conv3"].gemm == Gemm(m=28 * 28, n=512, k=128)
    assert layers["layer2.0.shortcut"].gemm == Gemm(m=28 * 28, n=512, k=256)
    assert layers["layer4.2.conv2"].gemm == Gemm(m=7 * 7, n=512, k=9 * 512)
    assert layers["fc"].gemm == Gemm(m=1, n=1000, k=2048)
    assert [name for name in layers if "shortcut" in name] == [f"layer{i}.0.shortcut" for i in (1, 2, 3, 4)]


def test_vit_reads_every_pixel_once() -> None:
    patches = layers_of("vit_b16", batch=2)["patches"]
    assert (patches.gemm, patches.input_values) == (Gemm(m=2 * 196, n=768, k=768), None)


@pytest.mark.parametrize(
    ("image", "windows"), [(224, (64, 16, 4, 1)), (256, (100, 25, 9, 4)), (36, (4, 1, 1, 1))]
)
def test_swin_pads_each_stage_to_whole_windows_for_attention_alone(
    image: int, windows: tuple[int, ...]
) -> None:
    layers, side = layers_of("swin_t", batch=1, image=image), image // 4
    for stage, (count, heads) in enumerate(zip(windows, (3, 6, 12, 24), strict=True)):
        width, name = 32 * heads, f"stages.{stage}.blocks.1"
        assert layers[f"{name}.attention.qkv"].gemm == Gemm(m=49 * count, n=3 * width, k=width)
        assert layers[f"{name}.attention.scores"].gemm == Gemm(m=49, n=49, k=32)
        assert layers[f"{name}.attention.scores"].batch == count * heads
        assert layers[f"{name}.ff.1"].gemm == Gemm(m=side * side, n=4 * width, k=width)
        side = (side + 1) // 2
        if stage < 3:
            assert layers[f"stages.{stage}.merge"].gemm == Gemm(m=side * side, n=2 * width, k=4 * width)


def test_llama_reads_each_key_and_value_once_for_its_four_query_heads() -> None:
    layers = layers_of("llama3_8b", batch=2, seq=100)
    scores, values = layers["blocks.31.attention.scores"], layers["blocks.31.attention.values"]
    assert (scores.gemm, scores.batch) == (Gemm(m=400, n=100, k=128), 16)
    assert (values.gemm, values.batch) == (Gemm(m=400, n=128, k=100), 16)
    assert layers["blocks.0.attention.k"].gemm == Gemm(m=200, n=1024, k=4096)
    assert layers["blocks.0.ff.gate"].gemm == layers["blocks.0.ff.up"].gemm == Gemm(m=200, n=14336, k=4096)
    assert layers["blocks.0.ff.down"].gemm == Gemm(m=200, n=4096, k=14336)


def test_the_pooler_reads_one_token_and_a_language_head_reads_all() -> None:
    assert layers_of("bert_base", batch=2, seq=10)["pooler"].gemm == Gemm(m=2, n=768, k=768)
    assert layers_of("gpt2_small", batch=2, seq=10)["head"].gemm == Gemm(m=20, n=50257, k=768)


def test_an_unknown_network_names_the_nearest_and_all() -> None:
    assert text_of(lambda: load_network("resnet-50")) == (
        "network: no network is called `resnet-50`; did you mean `resnet50`? known: bert_base, gpt2_small, "
        "gpt3_6b7, gpt3_small, llama3_8b, resnet50, swin_t, t5_base, transformer_big, vit_b16"
    )


REFUSED = [
    (
        "bert_base",
        {"seq": 513},
        "seq: bert_base does not take `513`; "
        "write a whole number from 1 to 512, the rows of its position table",
    ),
    (
        "gpt2_small",
        {"seq": 1025},
        "seq: gpt2_small does not take `1025`; "
        "write a whole number from 1 to 1024, the rows of its position table",
    ),
    (
        "llama3_8b",
        {"seq": 8193},
        "seq: llama3_8b does not take `8193`; "
        "write a whole number from 1 to 8192, the context it was trained for",
    ),
    (
        "t5_base",
        {"seq": 0},
        "seq: t5_base does not take `0`; "
        "write a whole number from 1 to 65536, the longest that is counted here",
    ),
    (
        "vit_b16",
        {"image": 225},
        "image: vit_b16 does not take `225`; "
        "write a multiple of 16 from 16 to 2048, as it is cut into patches",
    ),
    (
        "swin_t",
        {"image": 28},
        "image: swin_t does not take `28`; "
        "write a multiple of 4 from 32 to 2048, "
        "as it is cut into patches and these are halved three times",
    ),
    (
        "resnet50",
        {"image": 31},
        "image: resnet50 does not take `31`; "
        "write a whole number from 32 to 2048, as it is halved five times",
    ),
    ("resnet50", {"seq": 128}, "seq: resnet50 reads images; leave seq out, or set image"),
    ("bert_base", {"image": 224}, "image: bert_base reads tokens; leave image out, or set seq"),
    ("bert_base", {"batch": 0}, "batch: `0` is no batch size; write a whole number from 1 to 1048576"),
    (
        "bert_base",
        {"batch": BATCH_MAX + 1},
        "batch: `1048577` is no batch size; write a whole number from 1 to 1048576",
    ),
    ("bert_base", {"batch": True}, "batch: `true` is no batch size; write a whole number from 1 to 1048576"),
    (
        "bert_base",
        {"seq": 12.0},
        "seq: bert_base does not take `12.0`; "
        "write a whole number from 1 to 512, the rows of its position table",
    ),
]


@pytest.mark.parametrize(("name", "sizes", "text"), REFUSED)
def test_a_size_that_the_network_does_not_take_is_refused(
    name: str, sizes: dict[str, int], text: str
) -> None:
    assert text_of(lambda: load_network(name, **sizes)) == text


def test_every_problem_is_reported_at_once() -> None:
    lines = text_of(lambda: load_network("resnet50", batch=-1, seq=5, image=1)).splitlines()
    assert [line.partition(":")[0] for line in lines] == ["batch", "seq", "image"]
