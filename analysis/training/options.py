"""The options of `nmsim train`, in groups: what is learnt, by which recipe and model, how long, and how."""

import re
from collections.abc import Callable
from fractions import Fraction
from math import isfinite
from pathlib import Path
from typing import Annotated, Any

import typer

from analysis.options import whole

TEXT_MAX = 40
NUMBER = r"-?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]{1,3})?"
SHARE = r"([0-9]{1,3}(?:\.[0-9]{1,17})?(?:e-[0-9]{1,2})?|[0-9]{1,9}/[1-9][0-9]{0,8}) ?(%?)"


def parse_number(text: str | float) -> float:
    """The finite number that `text` writes; its range is checked by who uses it."""
    written = str(text)
    if not re.fullmatch(NUMBER, written) or not isfinite(number := float(written)):
        raise typer.BadParameter(f"`{written[:TEXT_MAX]}` is no number; write one, as in 1e-3")
    return number


def parse_share(text: str | float) -> float:
    """The share from 0 to 1 that `text` writes: 5 %, 1/20 or 0.05."""
    written = str(text)
    match = re.fullmatch(SHARE, written)
    share = float(Fraction(match[1]) / (100 if match[2] else 1)) if match else -1.0
    if not 0 <= share <= 1:
        raise typer.BadParameter(f"`{written[:TEXT_MAX]}` is no share; write one, as in 5 % or 0.05")
    return share


def option(*names: str, help: str, metavar: str | None = None) -> Any:  # noqa: A002
    """An option of text."""
    return typer.Option(*names, help=help, metavar=metavar)


def number(help_text: str, parse: Callable[[str], float] = parse_number, metavar: str = "X") -> Any:
    """An option that takes a number."""
    return typer.Option(parser=parse, metavar=metavar, help=help_text)


def share(help_text: str) -> Any:
    """An option that takes a share."""
    return number(help_text, parse_share, "SHARE")


Task = Annotated[str, typer.Argument(help="what is learnt: a task's name (`nmsim list tasks`)")]
Data = Annotated[Path | None, option(help="the data of a task that reads your own")]
Sizes = Annotated[
    list[str] | None, option("--size", metavar="KEY=VALUE", help="a size of the task: length=64")
]

RecipeName = Annotated[str, option(help="a recipe's name (`nmsim list recipes`) or YAML file")]
PatternText = Annotated[str | None, option(help="what the recipe prunes to: 2:4, 25 %, or ff=1:8,qkv=2:4")]
With = Annotated[
    list[str] | None, option("--with", metavar="KEY=VALUE", help="a parameter of the recipe: strength=1e-3")
]
Sparse = Annotated[str, option(help="layers that follow the recipe: ff,qkv,proj,conv")]

ModelName = Annotated[
    str | None, option(help="a model's name (`nmsim list models`); left out: that of the task")
]
Width = Annotated[int, whole("features of a row between blocks, or channels")]
Depth = Annotated[int, whole("blocks")]
Inner = Annotated[int | None, whole("features inside a feed-forward block; left out: four times the width")]
Heads = Annotated[int, whole("heads of attention")]
Activation = Annotated[str, option(help="relu or gelu")]

Batch = Annotated[int, whole("samples a step")]
Steps = Annotated[int | None, whole("training steps; left out: 1000, or what --budget pays for")]
Budget = Annotated[str | None, option(help="FLOPs in place of steps: `2.5 PFLOP` or `1000 dense steps`")]
Convention = Annotated[str, option(help="how the budget counts: algorithmic, hardware or all_sparse")]
Longer = Annotated[int, whole("times the steps, or the budget: a longer schedule of the same shape")]

Peak = Annotated[
    float | None, number("the most that the learning rate is; left out: 5e-3 with adamw, 0.1 with sgd")
]
Schedule = Annotated[str, option(help="how it falls: cosine, constant, step or rsqrt")]
Warmup = Annotated[float, share("the share of the run in which it rises")]
Floor = Annotated[float, share("the share of its peak below which it never falls")]
OptimizerName = Annotated[str, option(help="adamw or sgd")]
Decay = Annotated[float, number("weight decay")]
Momentum = Annotated[float, number("momentum of sgd")]
Beta2 = Annotated[float, number("how slowly adamw forgets squared gradients")]
Clip = Annotated[float, number("norm to which the gradient is clipped; 0 clips nothing")]
Smoothing = Annotated[float, share("how much of each label is spread over all classes")]
Seed = Annotated[int, whole("of the start and of the batches: the same for every recipe")]
Dtype = Annotated[str, option(help="dtype of the products in the trace; the emulator computes in float32")]
Probes = Annotated[int, whole("batches by which gradient noise is probed, at 30, 60 and 95 % of the run")]

Out = Annotated[Path | None, typer.Option("-o", "--out", help="directory of the run; left out: nothing kept")]
Resume = Annotated[bool, typer.Option("--resume", help="go on with the run in --out, to the same bits")]
MaskEvery = Annotated[int | None, whole("steps from one copy of the masks in --out to the next")]
Archs = Annotated[
    list[str] | None,
    option("--arch", metavar="ARCH", help="a machine that the run is costed on; may be repeated"),
]
Settings = Annotated[
    list[str] | None,
    option("--set", metavar="KEY=VALUE", help="override a key of every --arch: core.array.rows=32"),
]
Against = Annotated[Path | None, option(help="directory of another run of the task, to be told apart from")]
