"""Cases measured on an A100: dense products, 2:4 layers against dense ones, and layers that are trained."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from analysis.published import read_published
from analysis.validation.cases import CALIBRATED, Case, Checked, Work, check, product
from simulator.gemm import DTYPES, Stream
from workloads.training.selectors import SELECTORS

GPU, SMALL = "a100_80gb", "a100"
"""The machines: of 80 GB, and of 40 GB for the table that does not say and fits it better."""
GEMM, LAYER, TRAINING = "a100_gemm_measured", "a100_2to4_measured", "torchao_2to4_training_linear"
DTYPE, PATTERN, GROUP = "fp16", "2:4", 4
BITS = DTYPES[DTYPE]
GEMM_MEDIAN, GEMM_WORST, LAYER_WORST, SPEEDUP_WORST, LEFT_OUT_WORST = 0.06, 0.12, 0.12, 0.15, 0.20
TRAINING_WORST = 0.15
"""The largest errors that are let pass: relative ones of times, differences of speed-ups."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speedup:
    """How much faster 2:4 is than dense in one Case, as published and as simulated; `k` is its reduction."""

    source: str
    name: str
    k: int
    arch: str
    published: float
    simulated: float
    standing: str

    @property
    def error(self) -> float:
        """Simulated less published."""
        return self.simulated - self.published

    @property
    def columns(self) -> dict[str, object]:
        """The speed-up as a row of a table; its error there is that of a Case, beside the difference."""
        return {
            "source": self.source,
            "standing": self.standing,
            "case": self.name,
            "machine": self.arch,
            "unit": "ratio",
            "published": self.published,
            "simulated": self.simulated,
            "error": self.simulated / self.published - 1,
            "difference": self.error,
        }


def gpu_cases(settings: Sequence[str] = (), *, fidelity: str = "tile") -> list[Case]:
    """Every Case of a GPU; `settings` override keys of its machine."""
    cases = [*_gemm_cases(fidelity), *_layer_cases(fidelity), *_training_cases(fidelity)]
    return [case.with_settings(settings) for case in cases]


def _case(
    reference: str, row: int, name: str, works: tuple[Work, ...], seconds: float, fidelity: str
) -> Case:
    return Case(
        reference=reference,
        rows=(row,),
        name=name,
        arch=SMALL if reference == LAYER else GPU,
        works=works,
        published=seconds,
        standing=CALIBRATED,
        unit="s",
        fidelity=fidelity,
    )


def _gemm_cases(fidelity: str) -> Iterator[Case]:
    for index, row in enumerate(read_published(GEMM)):
        m, n, k = (int(row[axis]) for axis in "mnk")
        works = (product(m, n, k, None, DTYPE),)
        yield _case(GEMM, index, f"{m}x{n}x{k}", works, float(row["ms"]) / 1e3, fidelity)


def _layer_cases(fidelity: str) -> Iterator[Case]:
    """The layer's weights are m x k, and n * batch columns pass: its m is our n, and n * batch our m."""
    for index, row in enumerate(read_published(LAYER)):
        m, n, k = int(row["n"]) * int(row["batch"]), int(row["m"]), int(row["k"])
        for column, pattern in (("dense_us", None), ("cusparselt_us", PATTERN)):
            works = (product(m, n, k, pattern, DTYPE),)
            name = f"{m}x{n}x{k} {pattern or 'dense'}"
            yield _case(LAYER, index, name, works, float(row[column]) / 1e6, fidelity)


def _training_cases(fidelity: str) -> Iterator[Case]:
    patterns = {"dense_linear(fwd+bwd)": None, "semi_sparse_linear": PATTERN}
    for index, row in enumerate(read_published(TRAINING)):
        if row["variant"] not in patterns:
            continue  # prune+compress_only is a part of semi_sparse_linear
        m, n, k = (int(row[axis]) for axis in "MNK")
        pattern = patterns[row["variant"]]
        name = f"{m}x{n}x{k} {pattern or 'dense'}"
        works = training_works(m, n, k, pattern)
        yield _case(TRAINING, index, name, works, float(row["time_ms"]) / 1e3, fidelity)


def training_works(m: int, n: int, k: int, pattern: str | None) -> tuple[Work, ...]:
    """One training step of a linear layer of m tokens, k inputs and n outputs with a bias, all in fp16.

    FWD and DGRAD run over weights that are 2:4 both ways, WGRAD is dense. The bias' gradient reads m * n
    values. Pruning reads the weights and writes them packed for each way, with a bit of metadata a weight.
    """
    products = (
        product(m, n, k, pattern, DTYPE),
        product(m, k, n, pattern, DTYPE),
        product(k, n, m, None, DTYPE),
    )
    bias = Stream(op="bias_gradient", elements=m * n, read_bits=m * n * BITS, write_bits=n * BITS, ops=m * n)
    if pattern is None:
        return (*products, bias)
    weights = n * k
    pruning = Stream(
        op="prune_weights",
        elements=weights,
        read_bits=weights * BITS,
        write_bits=weights * BITS,
        metadata_write_bits=2 * weights,
        ops=weights * SELECTORS["transposable"].compares(GROUP),
    )
    return (*products, bias, pruning)


def speedups(checked: Sequence[Checked]) -> list[Speedup]:
    """Dense over 2:4 for each pair of Cases, which lie next to each other."""
    pairs = [one for one in checked if one.case.source in (LAYER, TRAINING)]
    found = []
    for dense, sparse in zip(pairs[::2], pairs[1::2], strict=True):
        name = sparse.case.name.removesuffix(f" {PATTERN}")
        found.append(
            Speedup(
                source=sparse.case.source,
                name=name,
                k=int(name.rpartition("x")[2]),
                arch=sparse.case.arch,
                published=dense.case.published / sparse.case.published,
                simulated=dense.simulated / sparse.simulated,
                standing=sparse.case.standing,
            )
        )
    return found


def checked_gpu(settings: Sequence[str] = (), *, fidelity: str = "tile") -> list[Checked]:
    """Every Case of a GPU, simulated."""
    return check(gpu_cases(settings, fidelity=fidelity))
