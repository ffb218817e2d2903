"""A foreign ERT becomes a component table if every name is accounted for; if not, nothing is written."""

from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.cli import run
from analysis.interchange.convert import convert
from analysis.interchange.names import named
from analysis.interchange.reference_tables import Entry, art_text, ert_text
from simulator import load_arch
from simulator.components import MOVES, load_table
from simulator.errors import InputError
from simulator.tariff import Action, load_tariff

Capture = pytest.CaptureFixture[str]
# In part what Sparseloop's artifact has for its sparse tensor core: ERT.yaml and ART.yaml of
# fig15_stc_related_setup, STC-RF2x-24-bandwidth (github.com/Accelergy-Project/micro22-sparseloop-artifact).
PE = "system.SM.Subpartition[0..3].PE[0..255]"
ERT = (
    Entry("system.DRAM", {"read": 512, "write": 512, "idle": 0}),
    Entry(f"{PE}.LRF", {"write": 0.072, "read": 0.072, "gated_read": 0.00296}),
    Entry(f"{PE}.MAC", {"mac_random": 0.5608, "mac_gated": 0.01798}),
    Entry("system.SM.Subpartition[0..3].RF", {"write": 1.67589, "read": 1.65889, "gated_write": 6e-05}),
    Entry(
        "system.SM.SMEM",
        {"read": 285.71464, "write": 316.96744, "metadata_read": 25.8695, "metadata_write": 19.6486},
    ),
)
ART = (
    Entry(f"{PE}.MAC", area=332.25),
    Entry("system.SM.SMEM", area=2604256.0),
    Entry("system.DRAM", area=0.0),
)
NAMES = (
    *(
        "MAC=multiply_add:int8",
        "LRF=register:stationary/8",
        "RF=memory:accumulators/32",
        "DRAM=memory:dram/64",
    ),
    *("SMEM=memory:shared/512,64", "gated_*=-", "idle=-"),
)


def written(folder: Path, ert: tuple[Entry, ...] = ERT, art: tuple[Entry, ...] = ART) -> tuple[Path, Path]:
    """The two tables as files."""
    (folder / "ERT.yaml").write_text(ert_text(ert))
    (folder / "ART.yaml").write_text(art_text(art))
    return folder / "ERT.yaml", folder / "ART.yaml"


def test_the_artifacts_tables_charge_what_the_shipped_table_of_them_does(tmp_path: Path) -> None:
    """`sparseloop_stc` was written by hand from the same ERT: laid over it, nothing changes."""
    ert, art = written(tmp_path)
    (tmp_path / "table.yaml").write_text(convert(ert, art, given=NAMES, node="45 nm").text)
    table = load_table(tmp_path / "table.yaml").value
    assert table.rows["memory_shared"].bits == 512
    assert table.rows["memory_shared_metadata"].bits == 64
    assert table.rows["multiply_add_int8"].value == {
        "multiply": Fraction("0.5608"),
        "gated": Fraction("0.01798"),
        "area": Fraction("332.25"),
    }
    assert {float(row.node) for row in table.rows.values() if row.node is not None} == {45.0}
    shipped = load_table("sparseloop_stc").value
    for mine, theirs in (
        ("register_stationary", "lrf"),
        ("memory_dram", "dram"),
        ("memory_accumulators", "rf"),
    ):
        one, other = table.rows[mine], shipped.rows[theirs]
        assert (one.component, one.of, one.bits) == (other.component, other.of, other.bits)
        for name in ("read", "write"):
            assert one.value[name] == other.value[name]


def test_a_machine_is_priced_by_a_foreign_table(tmp_path: Path) -> None:
    ert, art = written(tmp_path)
    path = tmp_path / "table.yaml"
    path.write_text(
        convert(ert, art, given=[*NAMES[:3], "DRAM=dram:lpddr4/64", *NAMES[4:]], node="45 nm").text
    )
    loaded = load_arch("stc", settings=[f"components=[sparseloop_stc, {path}]"])
    _, tariff = load_tariff(loaded)
    assert tariff.charges[Action("dram", "read")].value == 8 * 10**9
    assert tariff.charges[Action("shared", "read")].value == round(285.71464 / 512 * 1e9)


def test_leakage_of_a_cycle_becomes_power_by_the_clock(tmp_path: Path) -> None:
    """At 2 GHz 0.003 pJ a cycle are 6 uW: of a memory its own, of logic spread over all logic's area.

    Logic: 4 lanes of 100 um^2 that leak 6 uW each, and 2 adders of 50 um^2 that leak nothing: 24 uW over
    500 um^2 are 48 mW for a square millimetre.
    """
    ert, art = written(
        tmp_path,
        (
            Entry("s.mac[0..3]", {"compute": 1.0, "leak": 0.003}),
            Entry("s.adder[0..1]", {"add": 0.5}),
            Entry("s.buffer", {"read": 3.0, "write": 4.0, "leak": 0.003}),
        ),
        (Entry("s.mac[0..3]", area=100.0), Entry("s.adder[0..1]", area=50.0), Entry("s.buffer", area=9.0)),
    )
    names = ["mac=multiply_add:fp16", "adder=add:fp32", "buffer=memory:l2/64"]
    (tmp_path / "t.yaml").write_text(convert(ert, art, given=names, clock="2 GHz").text)
    rows = load_table(tmp_path / "t.yaml").value.rows
    assert rows["memory_l2"].value["leak"] == 6
    assert rows["leakage"].value["leak"] == 48000
    assert rows["memory_l2"].node is None
    with pytest.raises(
        InputError, match=r"^--clock: the energy of leakage is that of a cycle; give the clock"
    ):
        convert(ert, art, given=names)
    with pytest.raises(
        InputError, match=r"^s.mac\[0..3\]: logic leaks, and no area says of how much; give the"
    ):
        convert(ert, None, given=names, clock="2 GHz")


BAD = {
    (): [
        "system.SM.SMEM: nmsim has no such component; say which of add, decode, dram, leakage, memory, "
        "multiply_add, network, register, select, vector it is, as in --as SMEM=memory:l2/512, or leave it "
        "out with SMEM=-"
    ],
    ("MAC",): ["--as: `MAC` names nothing; write NAME=COMPONENT: "],
    ("MAC=add:int32", "MAC=-"): ["--as: `MAC` is named twice; keep one"],
    ("Q=-",): ["--as: no component and no action is called `Q`; known: DRAM, LRF, MAC, RF, SMEM"],
    ("MAC=multiply_ad:int8",): [
        "--as MAC: no component is called `multiply_ad`; did you mean `multiply_add`? "
    ],
    ("MAC=multiply_add:int9",): ["--as MAC: `int9` is no dtype; did you mean `int8`? known: "],
    ("MAC=multiply_add",): ["--as MAC: `multiply_add` does not say which; write multiply_add:DTYPE"],
    ("MAC=vector:int8",): ["--as MAC: `vector:int8` does not say which; write vector alone"],
    ("MAC=vector/8",): ["--as MAC: `vector/8`: vector does not go by the bit; write vector alone"],
    ("MAC=Multiply",): ["--as MAC: `Multiply` names no component; write one as in "],
    ("SMEM=memory:shared",): [
        "--as SMEM: `memory:shared`: it does not say how many bits an action moves; "
        "write memory:shared/BITS, as in memory:shared/64"
    ],
    ("SMEM=memory:shared/0",): ["--as SMEM: `memory:shared/0`: a width is out of range; from 1 to 65536"],
    ("SMEM=select:four/8",): ["--as SMEM: `four` is no fan-in; write a whole number, as in select:4/8"],
    ("SMEM=sram:x/8",): ["--as SMEM: no component is called `sram`; did you mean `dram`? known: "],
    ("LRF=register:stationary/8,8",): ["--as LRF: `register:stationary/8,8`: register has no metadata; "],
    ("DRAM=memory:dram/64",): [
        "system.DRAM.idle: memory dram has no such action; memory has read, write, metadata_read, "
        "metadata_write; --as idle=ACTION says which, idle=- leaves it out"
    ],
    ("RF=memory:shared/64", "SMEM=memory:shared/512", "gated_write=-"): [
        "system.SM.SMEM: system.SM.Subpartition[0..3].RF is memory shared too; leave one out, as in --as "
        "system.SM.Subpartition.RF=-"
    ],
    ("MAC=multiply_add:int8", "mac_gated=multiply"): [
        "system.SM.Subpartition.PE.MAC.mac_gated: another action is multiply too, with another energy; "
    ],
    ("MAC=multiply_add:int8", "mac_random=leak", "mac_gated=leak"): [
        "system.SM.Subpartition.PE.MAC.mac_gated: another action is leak too, with another energy; "
    ],
}


@pytest.mark.parametrize("names", BAD, ids=" ".join)
def test_what_is_not_accounted_for_is_listed_and_nothing_is_written(
    names: tuple[str, ...], tmp_path: Path, capsys: Capture
) -> None:
    ert, art = written(tmp_path)
    out = tmp_path / "table.yaml"
    given = [word for name in names for word in ("--as", name)]
    assert run(["convert", str(ert), str(art), *given, "-o", str(out)]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    for line in BAD[names]:
        assert any(
            said == line or (line.endswith(" ") and said.startswith(line))
            for said in printed.err.splitlines()
        )
    assert not out.exists()


@pytest.mark.parametrize("option", ["--node", "--clock"])
def test_a_quantity_without_a_unit_is_refused(option: str, tmp_path: Path, capsys: Capture) -> None:
    ert, art = written(tmp_path)
    assert run(["convert", str(ert), str(art), option, "45", "-o", str(tmp_path / "t.yaml")]) == 2
    assert capsys.readouterr().err.startswith(f"{option}: `45` has no unit; write a ")


def test_a_table_of_nothing_is_refused(tmp_path: Path) -> None:
    ert, _ = written(tmp_path)
    with pytest.raises(InputError, match=r"^--as: nothing is left for a table; leave fewer out$"):
        convert(ert, given=[f"{name}=-" for name in ("DRAM", "LRF", "MAC", "RF", "SMEM")])


def test_the_most_of_a_name_decides() -> None:
    names = {"read": "a", "RF.read": "b", "gated_*": "-"}
    assert named("s.RF.read", names) == "RF.read"
    assert named("s.LRF.read", names) == "read"
    assert named("s.RF.gated_read", names) == "gated_*"
    assert named("s.RF.write", names) is None


@given(
    st.dictionaries(st.sampled_from(MOVES), st.floats(0, 1e15) | st.floats(0, 1e-3), min_size=1),
    st.floats(0, 1e15) | st.none(),
)
def test_any_energies_come_through_exactly_or_are_refused(
    tmp_path_factory: pytest.TempPathFactory, energies: dict[str, float], area: float | None
) -> None:
    """An exponent below -30 cannot be written in a table, and is refused in words if at all."""
    folder = tmp_path_factory.mktemp("convert")
    ert, art = written(
        folder, (Entry("s.l2", energies),), () if area is None else (Entry("s.l2", area=area),)
    )
    if any(0 < one < 1e-29 for one in (*energies.values(), area or 0)):
        with suppress(InputError):
            convert(ert, art, given=["l2=memory:l2/1"])
        return
    (folder / "t.yaml").write_text(convert(ert, art, given=["l2=memory:l2/1"]).text)
    (row,) = load_table(folder / "t.yaml").value.rows.values()
    assert {name: float(row.value[name]) for name in energies} == energies
    assert area is None or float(row.value["area"]) == area
