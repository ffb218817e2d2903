"""Shapes of known networks, and of networks that a person writes, as lists of forward products.

A network is its forward layers. Backward products follow from them: the gradient to the input is
Gemm(m, n=k, k=n), the gradient to the weights is Gemm(m=n, n=k, k=m). An embedding look-up multiplies
nothing; a head tied to it owns the shared weights, which are counted once.
"""

from pathlib import Path

from simulator.errors import InputError, Problem, lookup
from simulator.spec import is_path
from workloads.networks.bert import BERT_BASE
from workloads.networks.gpt import GPT2_SMALL, GPT3_6B7, GPT3_SMALL
from workloads.networks.known import KnownNetwork
from workloads.networks.layer import Layer, Network, Role
from workloads.networks.llama import LLAMA3_8B
from workloads.networks.resnet import RESNET50
from workloads.networks.swin import SWIN_T
from workloads.networks.t5 import T5_BASE
from workloads.networks.transformer import TRANSFORMER_BIG
from workloads.networks.vit import VIT_B16
from workloads.networks.written import WrittenNetwork, read_network

__all__ = ["NETWORKS", "KnownNetwork", "Layer", "Network", "Role", "WrittenNetwork", "load_network"]

NETWORKS = {
    "resnet50": RESNET50,
    "vit_b16": VIT_B16,
    "swin_t": SWIN_T,
    "bert_base": BERT_BASE,
    "gpt2_small": GPT2_SMALL,
    "gpt3_small": GPT3_SMALL,
    "gpt3_6b7": GPT3_6B7,
    "t5_base": T5_BASE,
    "transformer_big": TRANSFORMER_BIG,
    "llama3_8b": LLAMA3_8B,
}
"""Networks by name. By default a batch is 32 images, or as many sequences as make 8192 tokens."""


def load_network(
    name_or_path: str | Path, *, batch: int | None = None, seq: int | None = None, image: int | None = None
) -> Network:
    """The network of that name, or that the YAML file at that path (`spec.is_path`) writes.

    It reads `batch` samples of `seq` tokens or of `image` x `image` pixels; None is the network's default. An
    encoder-decoder has `seq` tokens on both sides. A file writes its sizes itself and takes none of the
    three.
    """
    if not is_path(name_or_path):
        network = lookup(NETWORKS, str(name_or_path), kind="network", where="network")
        return network.load(batch=batch, seq=seq, image=image)
    given = [word for word, value in (("batch", batch), ("seq", seq), ("image", image)) if value is not None]
    if given:
        what, right = (
            "a network file writes its own sizes",
            "leave {} out, and change m and batch in the file",
        )
        raise InputError(Problem(where=word, what=what, right=right.format(word)) for word in given)
    return read_network(name_or_path)
