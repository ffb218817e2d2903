"""Figures that are looked up and not run: banks of SRAM, what logic takes, what 2:4 adds to an array."""

from collections.abc import Iterator, Mapping
from fractions import Fraction

from analysis.published import read_published
from analysis.validation.cases import CALIBRATED, PREDICTED, Case, Checked
from analysis.validation.energy import logic_overhead
from simulator.components import AREA, load_table
from simulator.scaled import Scaled

BANKS, LOGIC_TABLE = "sram_cacti", "cmos"
CACTI, SYNTHESIS, FPGA = "cacti_sram", "synthesis", "vortex_fpga_synthesis"
NODE = Fraction(45)
"""The node in nm of what was recalled beside Horowitz' energies, at which synthesis is compared."""
SELECT_BITS = 16
"""The width of the muxes that rows of selection were made from."""
FLOATS = {"fp16": "EXPONENT=5 FRACTION=10", "bf16": "EXPONENT=8 FRACTION=7"}
METADATA = {"bitmask": "GROUP", "combinatorial": "RANK"}
"""Which parameter of a decoder is the number of bits that it takes."""
BANK_MEDIAN, BANK_WORST, POINT_WORST = 0.06, 0.25, 0.15
"""The largest errors of banks that are let pass: between the points of their table, and at them."""


def looked_up() -> Iterator[Checked]:
    """Every figure of the tables whose rows nothing runs."""
    yield from banks()
    yield from synthesized()
    yield from added()


def banks() -> Iterator[Checked]:
    """Each bank's energies and area; the table is of the same tool, and a bank of its sizes is a point of it.

    A point is not always met: what falls with size or width is pooled.
    """
    rows = load_table(BANKS).value.rows
    points = {(one.node, one.size, one.width) for one in rows.values()}
    for index, row in enumerate(read_published(CACTI)):
        node, size, width = Fraction(row["node_nm"]), 1024 * int(row["size_kib"]), int(row["width_bits"])
        scaled = Scaled(tables=(rows,), node=node)
        for name, column, unit, times in (
            ("read", "read_pj", "pJ", Fraction(width)),
            ("write", "write_pj", "pJ", Fraction(width)),
            (AREA, "area_mm2", "mm^2", Fraction(1, 10**6)),
        ):
            case = Case(
                reference=CACTI,
                rows=(index,),
                name=f"{name}, {row['size_kib']} KiB x {width} bits, {node} nm",
                arch=BANKS,
                works=(),
                published=float(row[column]),
                standing=CALIBRATED if (node, size, width) in points else PREDICTED,
                unit=unit,
            )
            yield Checked(case=case, simulated=float(scaled.sram(name, size, width).value * times))


class Synthesized:
    """The rows of synthesis by design and variant: their places, counts, and what a transistor takes.

    A transistor is as large as one of the int8 multiply-add, whose area is recalled.
    """

    def __init__(self, logic: Scaled) -> None:
        rows = read_published(SYNTHESIS)
        self.places = {(row["design"], row["variant"]): index for index, row in enumerate(rows)}
        self.counts = {key: int(rows[index]["transistors"]) for key, index in self.places.items()}
        whole = self.counts["multiply_add", "BITS=8 SUM=32"]
        self.um2 = float(logic.value("multiply_add", AREA, "int8").value) / whole

    def checked(
        self, name: str, found: Fraction, *keys: tuple[str, str], least: bool = False, fitted: bool = False
    ) -> Checked:
        """The area `found` against that of the designs together, or of the least of them."""
        counts = [self.counts[key] for key in keys]
        case = Case(
            reference=SYNTHESIS,
            rows=tuple(self.places[key] for key in keys),
            name=name,
            arch=LOGIC_TABLE,
            works=(),
            published=self.um2 * (min(counts) if least else sum(counts)),
            standing=CALIBRATED if fitted else PREDICTED,
            unit="um^2",
        )
        return Checked(case=case, simulated=float(found))


def synthesized() -> Iterator[Checked]:
    """What was synthesized against the rows of logic, in um^2 at 45 nm."""
    logic = Scaled(tables=(load_table(LOGIC_TABLE).value.rows,), node=NODE)
    made = Synthesized(logic)
    for variant in [variant for design, variant in made.places if design == "select_tree"]:
        sizes = _sizes(variant)
        fan_in, bits = sizes["FAN_IN"], sizes["BITS"]
        yield made.checked(
            f"selecting one of {fan_in}, {bits} bits",
            logic.select(AREA, fan_in).value * bits,
            *((design, variant) for design in ("select_tree", "select_array")),
            least=True,
            fitted=bits == SELECT_BITS,
        )
    for design, variant in made.places:
        form = design.removeprefix("decode_")
        if form in METADATA:
            sizes = _sizes(variant)
            pattern = f"{sizes['KEPT']}:{sizes['GROUP']}"
            area = logic.value("decode", AREA, form).value * sizes[METADATA[form]]
            yield made.checked(
                f"decoding {pattern}, {form}", area, (design, variant), fitted=pattern == "2:4"
            )
    yield from _arithmetic(logic, made)


def _arithmetic(logic: Scaled, made: Synthesized) -> Iterator[Checked]:
    """Multiply-adds, adders and registers, whose areas here are recalled; that of int8 is the measure."""
    floating = ("add_float", "none")
    for bits in (4, 8):
        area = logic.value("multiply_add", AREA, f"int{bits}").value
        key = ("multiply_add", f"BITS={bits} SUM=32")
        yield made.checked(f"multiply-add, int{bits}", area, key, fitted=bits == 8)
    for dtype, variant in FLOATS.items():
        area = logic.value("multiply_add", AREA, dtype).value
        yield made.checked(f"multiply-add, {dtype}", area, ("multiply_float", variant), floating)
    yield made.checked("add, fp32", logic.value("add", AREA, "fp32").value, floating)
    yield made.checked("add, int32", logic.value("add", AREA, "int32").value, ("add", "BITS=32"))
    yield made.checked("register, 32 bits", logic.value("register", AREA).value * 32, ("hold", "BITS=32"))


def _sizes(variant: str) -> Mapping[str, int]:
    """The parameters of a design: FAN_IN=4 BITS=8."""
    pairs = (part.partition("=") for part in variant.split())
    return {name: int(value) for name, _, value in pairs}


def added() -> Iterator[Checked]:
    """The logic that 2:4 adds to Vortex' tensor unit: its share of the LUTs there, of the area here."""
    rows = read_published(FPGA)
    places = {row["design"]: index for index, row in enumerate(rows)}
    pair = (places["tcu"], places["tcu_sp(2:4)"])
    dense, sparse = (int(rows[index]["lut"]) for index in pair)
    case = Case(
        reference=FPGA,
        rows=pair,
        name="logic that 2:4 adds",
        arch="vortex_tcu",
        works=(),
        published=sparse / dense - 1,
        unit="share",
    )
    yield Checked(case=case, simulated=logic_overhead("vortex_tcu"))
