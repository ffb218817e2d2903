"""How long whole networks take to simulate: `python -m benchmarks.simulate`.

A ViT-B/16 training step at batch 32 and a ResNet-50 forward pass at batch 1, on every machine that
multiplies bf16, at the fidelity `tile` with its tiler, beside `bound`. Kernels are warm; the least of several
rounds counts.
"""

from time import perf_counter

from simulator.arch import arch_names, load_arch
from simulator.simulate import simulate
from simulator.trace import Trace
from workloads.shapes import trace_network

ROUNDS = 7
DTYPE = "bf16"


def least(trace: Trace, machine: str, fidelity: str) -> float:
    """Milliseconds of the fastest round; the first, in which kernels load, is left out."""
    times = []
    loaded = load_arch(machine)
    for _ in range(ROUNDS + 1):
        start = perf_counter()
        simulate(loaded, trace, fidelity=fidelity)
        times.append(perf_counter() - start)
    return 1e3 * min(times[1:])


def main() -> None:
    """Print a row for each machine and trace."""
    traces = {
        "vit_b16 step, batch 32": trace_network("vit_b16", batch=32, dtype=DTYPE),
        "vit_b16 step, sr_ste 2:4": trace_network(
            "vit_b16", recipe="sr_ste", pattern="2:4", batch=32, dtype=DTYPE
        ),
        "resnet50 forward, batch 1": trace_network("resnet50", batch=1, dtype=DTYPE, inference=True),
    }
    print(f"{'machine':14}{'trace':28}{'rows':>6}{'tile ms':>10}{'bound ms':>10}")
    for machine in arch_names():
        if DTYPE not in load_arch(machine).value.core.lanes:
            continue
        for name, trace in traces.items():
            tile, bound = (least(trace, machine, fidelity) for fidelity in ("tile", "bound"))
            print(f"{machine:14}{name:28}{len(trace.steps):6}{tile:10.1f}{bound:10.1f}")


if __name__ == "__main__":
    main()
