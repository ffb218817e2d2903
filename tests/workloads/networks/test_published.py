"""How the shapes stand against published totals."""

import pytest

from workloads.networks import Network, Role, load_network

PARAMETERS = [
    # network, image, parameters, where they are published
    ("resnet50", 224, 25_557_032, "torchvision ResNet50_Weights.IMAGENET1K_V1, num_params"),
    ("vit_b16", 224, 86_567_656, "torchvision ViT_B_16_Weights.IMAGENET1K_V1, num_params"),
    ("vit_b16", 384, 86_859_496, "torchvision ViT_B_16_Weights.IMAGENET1K_SWAG_E2E_V1, num_params"),
    ("swin_t", 224, 28_288_354, "torchvision Swin_T_Weights.IMAGENET1K_V1, num_params"),
    ("bert_base", None, 109_482_240, "transformers BertModel, bert-base-uncased"),
    ("gpt2_small", None, 124_439_808, "transformers GPT2LMHeadModel, gpt2"),
    ("t5_base", None, 222_903_552, "KerasNLP t5 presets, t5_base, params"),
    ("llama3_8b", None, 8_030_261_248, "general.parameter_count of the released Llama 3 8B"),
]


@pytest.mark.parametrize(("name", "image", "parameters", "source"), PARAMETERS)
def test_parameters_are_exactly_the_published_ones(
    name: str, image: int | None, parameters: int, source: str
) -> None:
    assert load_network(name, image=image).parameters == parameters, source


ROUNDED = [
    # network, parameters as the paper rounds them, relative tolerance, where
    ("gpt3_small", 125e6, 0.5 / 125, "arXiv:2005.14165, Table 2.1: 125M"),
    ("gpt3_6b7", 6.7e9, 0.05 / 6.7, "arXiv:2005.14165, Table 2.1: 6.7B"),
    # the vocabulary is only "about 37000 tokens"; a thousand more or less are 0.5 %
    ("transformer_big", 213e6, 0.01, "arXiv:1706.03762, Table 3: 213M"),
]


@pytest.mark.parametrize(("name", "parameters", "tolerance", "source"), ROUNDED)
def test_parameters_round_to_the_published_ones(
    name: str, parameters: float, tolerance: float, source: str
) -> None:
    assert load_network(name).parameters == pytest.approx(parameters, rel=tolerance), source


GIGAMACS = [
    # network, GMAC of one 224 x 224 image to two decimals, where they are published (as GFLOPS)
    ("resnet50", 4.09, "torchvision ResNet50_Weights.IMAGENET1K_V1"),
    ("vit_b16", 17.56, "torchvision ViT_B_16_Weights.IMAGENET1K_V1"),
    ("swin_t", 4.49, "torchvision Swin_T_Weights.IMAGENET1K_V1; 4.5 in arXiv:2103.14030, Table 1"),
]


@pytest.mark.parametrize(("name", "gigamacs", "source"), GIGAMACS)
def test_multiply_adds_of_an_image_are_the_published_ones(name: str, gigamacs: float, source: str) -> None:
    assert round(load_network(name, batch=1).macs / 1e9, 2) == gigamacs, source


def macs_by_role(network: Network) -> dict[Role, int]:
    return {role: sum(layer.macs for layer in network.layers if layer.role is role) for role in Role}


def test_the_parts_of_vit_follow_from_its_sizes() -> None:
    tokens, width = 14 * 14 + 1, 768
    assert macs_by_role(load_network("vit_b16", batch=1)) == {
        Role.STEM: 14 * 14 * width * 3 * 16 * 16,
        Role.QKV: 12 * tokens * width * 3 * width,
        Role.ATTENTION: 12 * 2 * tokens * tokens * width,
        Role.PROJ: 12 * tokens * width * width,
        Role.FF: 12 * 2 * tokens * width * 4 * width,
        Role.HEAD: width * 1000,
        Role.CONV: 0,
        Role.LOW_RANK: 0,
    }


DECODERS = [
    # network, layers L, heads H, head size Q, from the papers' tables of sizes
    ("gpt2_small", 12, 12, 64),
    ("gpt3_small", 12, 12, 64),
    ("gpt3_6b7", 32, 32, 128),
    ("llama3_8b", 32, 32, 128),
]


@pytest.mark.parametrize("seq", [1, 128, 1024])
@pytest.mark.parametrize(("name", "depth", "heads", "head_width"), DECODERS)
def test_a_decoder_costs_its_weights_and_2lhqt_multiply_adds_a_token(
    name: str, depth: int, heads: int, head_width: int, seq: int
) -> None:
    """PaLM (arXiv:2204.02311), Appendix B: 2N + 4LHQT FLOPs a token forward."""
    network = load_network(name, batch=3, seq=seq)
    weights = sum(layer.parameters for layer in network.layers)
    assert network.macs == 3 * seq * (weights + 2 * depth * heads * head_width * seq)


def test_bert_costs_the_same_but_for_the_pooler_which_reads_one_token() -> None:
    network = load_network("bert_base", batch=3, seq=128)
    pooler = 768 * 768
    weights = sum(layer.parameters for layer in network.layers) - pooler
    assert network.macs == 3 * 128 * (weights + 2 * 12 * 768 * 128) + 3 * pooler


@pytest.mark.parametrize(
    ("name", "depth", "width", "inner", "vocabulary"),
    [("transformer_big", 6, 1024, 4096, 37000), ("t5_base", 12, 768, 3072, 32128)],
)
def test_an_encoder_decoder_attends_three_times_for_each_pair_of_blocks(
    name: str, depth: int, width: int, inner: int, vocabulary: int
) -> None:
    seq, samples = 64, 2
    projections = 3 * 4 * width * width
    feed_forward = 2 * 2 * width * inner
    attention = 3 * 2 * seq * width
    expected = samples * seq * (depth * (projections + feed_forward + attention) + vocabulary * width)
    assert load_network(name, batch=samples, seq=seq).macs == expected
