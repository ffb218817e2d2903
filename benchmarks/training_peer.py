"""The other side of benchmarks/training.py: the same models in PyTorch."""

import json
import sys
from time import perf_counter

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.training import CASES
from workloads.tasks import load_task

THREADS = 2


class Attention(nn.Module):
    """Causal self-attention; one map makes Q, K and V."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        """The attended values, projected."""
        samples, places, width = x.shape
        q, k, v = self.qkv(x).view(samples, places, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        y = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.proj(y.transpose(1, 2).reshape(samples, places, width))


class Residual(nn.Module):
    """x + inside(norm(x))."""

    def __init__(self, width: int, inside: nn.Module) -> None:
        super().__init__()
        self.norm, self.inside = nn.LayerNorm(width), inside

    def forward(self, x: Tensor) -> Tensor:
        """The sum."""
        return x + self.inside(self.norm(x))


def feed_forward(width: int, inner: int, activation: nn.Module) -> nn.Module:
    """Two maps and an activation between them."""
    return nn.Sequential(nn.Linear(width, inner), activation, nn.Linear(inner, width))


class Decoder(nn.Module):
    """A causal language model."""

    def __init__(self, vocabulary: int, length: int, width: int, inner: int, depth: int, heads: int) -> None:
        super().__init__()
        self.tokens = nn.Embedding(vocabulary, width)
        self.places = nn.Parameter(torch.zeros(length, width))
        blocks: list[nn.Module] = []
        for _ in range(depth):
            blocks.append(Residual(width, Attention(width, heads)))
            blocks.append(Residual(width, feed_forward(width, inner, nn.GELU(approximate="tanh"))))
        self.rest = nn.Sequential(*blocks, nn.LayerNorm(width), nn.Linear(width, vocabulary))

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits, a row for each place."""
        logits: Tensor = self.rest(self.tokens(tokens) + self.places)
        return logits.flatten(0, 1)


def mlp(features: int, outputs: int, width: int, inner: int, depth: int) -> nn.Module:
    """Residual feed-forward blocks between a stem and a head."""
    blocks = [Residual(width, feed_forward(width, inner, nn.ReLU())) for _ in range(depth)]
    return nn.Sequential(nn.Linear(features, width), *blocks, nn.LayerNorm(width), nn.Linear(width, outputs))


def main() -> None:
    """A burst of steps for each line that is read."""
    import numpy as np

    case, steps = CASES[sys.argv[1]], int(sys.argv[2])
    torch.set_num_threads(THREADS)
    task = load_task(case["task"])
    shape = task.shape
    width, inner, depth = case["width"], case["inner"], case["depth"]
    if shape.kind == "tokens":
        model: nn.Module = Decoder(shape.outputs, shape.length, width, inner, depth, case["heads"])
    else:
        model = mlp(shape.features, shape.outputs, width, inner, depth)
    optimizer = torch.optim.AdamW(model.parameters(), 1e-3, weight_decay=0.01, fused=True)
    batch = task.batch(np.random.default_rng(0), case["batch"])
    inputs, targets = torch.from_numpy(batch.inputs), torch.from_numpy(batch.targets)
    values = sum(parameter.numel() for parameter in model.parameters())
    for _ in sys.stdin:
        start = perf_counter()
        for _ in range(steps):
            optimizer.zero_grad(set_to_none=True)
            outputs = model(inputs)
            if shape.kind == "tokens":
                loss = functional.cross_entropy(outputs, targets.flatten())
            else:
                loss = functional.mse_loss(outputs, targets)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
        print(json.dumps({"dense": (perf_counter() - start) / steps, "values": values}), flush=True)


if __name__ == "__main__":
    main()
