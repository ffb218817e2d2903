"""The peer's side of `benchmarks.systolic_peer`, run by an interpreter that has scalesim and nothing of ours.

A case is a line of JSON on stdin, its answer a line on stdout; what the peer prints goes to stderr.
"""

import json
import os
import sys
import tempfile
import time
from contextlib import redirect_stdout
from importlib import import_module
from pathlib import Path
from typing import Any

CONFIG = """
[general]
run_name = run
[architecture_presets]
ArrayHeight: {rows}
ArrayWidth: {columns}
IfmapSramSzkB: 4096
FilterSramSzkB: 4096
OfmapSramSzkB: 4096
IfmapOffset: 0
FilterOffset: 10000000
OfmapOffset: 20000000
Dataflow: {dataflow}
Bandwidth: 10
ReadRequestBuffer: 64
WriteRequestBuffer: 64
[layout]
IfmapCustomLayout: False
IfmapSRAMBankBandwidth: 10
IfmapSRAMBankNum: 10
IfmapSRAMBankPort: 2
FilterCustomLayout: False
FilterSRAMBankBandwidth: 10
FilterSRAMBankNum: 10
FilterSRAMBankPort: 2
[sparsity]
SparsitySupport: false
[run_presets]
InterfaceBandwidth: CALC
UseRamulatorTrace: False
"""
TOPOLOGY = "Layer,M,N,K,\none,{m},{n},{k},\n"
LAYOUT = f"Layer,\none,{'1,' * 20}\n"


def run(case: dict[str, Any], folder: Path) -> dict[str, float]:
    """Their cycles, the seconds of a whole run without traces, and of the array alone."""
    simulator = import_module("scalesim.scale_sim").scalesim
    written = {"config": CONFIG.format(**case), "topology": TOPOLOGY.format(**case), "layout": LAYOUT}
    for name, text in written.items():
        (folder / name).write_text(text)
    paths = {name: str(folder / name) for name in written}
    start = time.perf_counter()
    peer = simulator(save_disk_space=True, verbose=False, input_type_gemm=True, **paths)
    peer.run_scale(top_path=str(folder / "out"))
    whole = time.perf_counter() - start
    _, cycles, stalls, *_ = peer.runner.single_layer_sim_object_list[0].get_compute_report_items()
    arrays = [run_array(peer) for _ in range(case["rounds"])]
    return {
        "cycles": int(cycles),
        "stalls": int(stalls),
        "steps": arrays[0][0],
        "whole": whole,
        "array": min(seconds for _, seconds in arrays),
    }


def run_array(peer: Any) -> tuple[int, float]:
    """The cycles and the seconds of their array alone: which address each row and column of it wants when."""
    start = time.perf_counter()
    layer = import_module("scalesim.single_layer_sim").single_layer_sim()
    layer.set_params(config_obj=peer.config, topology_obj=peer.topo, layout_obj=peer.layout, verbose=False)
    operands = layer.op_mat_obj
    layer.compute_system.set_params(
        config_obj=peer.config,
        ifmap_op_mat=operands.get_ifmap_matrix()[1],
        filter_op_mat=operands.get_filter_matrix()[1],
        ofmap_op_mat=operands.get_ofmap_matrix()[1],
    )
    demands = layer.compute_system.get_demand_matrices()
    return len(demands[0]), time.perf_counter() - start


def main() -> None:
    """Say how long importing took, then answer one case after the other."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1)
    with redirect_stdout(sys.stderr):
        start = time.perf_counter()
        import_module("scalesim.scale_sim")
        print(json.dumps({"import": time.perf_counter() - start}), file=answers)
        for line in sys.stdin:
            with tempfile.TemporaryDirectory() as folder:
                print(json.dumps(run(json.loads(line), Path(folder))), file=answers)


if __name__ == "__main__":
    main()
