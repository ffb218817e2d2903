from fractions import Fraction
from pathlib import Path

import pytest

from simulator.arch import arch_names, load_arch
from simulator.area import sum_dtype
from simulator.errors import InputError
from simulator.machine import resolve
from simulator.simulate import simulate
from simulator.tariff import Action, Tariff, load_tariff
from simulator.trace import Trace
from tests.simulator.steps import step

FOLDER = Path(__file__).parents[2] / "arch_configs"


def tariff(name: str, *settings: str) -> Tariff:
    return load_tariff(load_arch(name, settings=settings))[1]


def test_sparseloops_ert_comes_through_as_it_is() -> None:
    charges = tariff("stc").charges
    picojoules = {action: Fraction(charge.value, 10**9) for action, charge in charges.items()}
    assert picojoules[Action("multiply_add", "multiply", "int8")] == Fraction("0.5608")
    assert picojoules[Action("register", "read", "stationary")] == Fraction("0.009")
    assert picojoules[Action("shared", "read")] == round(Fraction("285.71464") / 512, 9)
    assert picojoules[Action("shared", "metadata_write")] == round(Fraction("19.6486") / 64, 9)
    assert picojoules[Action("dram", "metadata_read")] == picojoules[Action("dram", "read")] == 8
    assert picojoules[Action("leakage", "cycle")] == 0


def test_the_omission_of_metadata_is_one_row_more() -> None:
    charges = tariff("stc", "components=[sparseloop_stc, sparseloop_no_dram_metadata]").charges
    assert charges[Action("dram", "metadata_read")].value == 0
    assert charges[Action("dram", "read")].value == 8 * 10**9


@pytest.mark.parametrize("name", [name for name in arch_names() if load_arch(name).value.components])
def test_every_charge_has_rows_and_every_row_a_source(name: str) -> None:
    found = tariff(name)
    for action, charge in found.charges.items():
        assert 0 <= charge.low <= charge.value <= charge.high, action
        if action.action != "skipped":
            assert charge.rows, action
        assert all(found.sources[row] for row in charge.rows)
    assert found.parts[-1] == "leakage"
    machine = resolve(load_arch(name).value)
    assert {level.name for level in machine.levels} <= set(found.parts)


def test_a_dtype_without_a_row_is_refused_before_anything_runs(tmp_path: Path) -> None:
    path = tmp_path / "m.yaml"
    path.write_text(f"spec: 1\nextends: {FOLDER}/stc.yaml\ncore: {{lanes: {{int8: 16, fp8: 16}}}}\n")
    with pytest.raises(InputError) as caught:
        simulate(path, Trace(steps=(step(),)))
    assert str(caught.value) == (
        f"{path}: components: no row gives area of multiply_add fp8; "
        "add such a row, or name a table that has one; there are rows of int8"
    )


def test_a_later_table_counts_and_is_found_beside_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine").mkdir()
    row = "component: memory, of: dram, bits: 1, value: {read: 1 pJ}, low: 100 %, high: 100 %, source: book"
    (tmp_path / "mine" / "cheap.yaml").write_text(
        f"spec: 1\nname: mine\nsources: {{book: a book}}\nrows:\n  a_cheap_one: {{{row}}}\n"
    )
    path = tmp_path / "mine" / "m.yaml"
    path.write_text(f"spec: 1\nextends: {FOLDER}/stc.yaml\ncomponents: [sparseloop_stc, cheap.yaml]\n")
    monkeypatch.chdir(tmp_path)
    charges = tariff(str(path)).charges
    assert charges[Action("dram", "read")].rows == ("a_cheap_one",)
    assert charges[Action("dram", "read")].value == 10**9
    assert charges[Action("dram", "metadata_read")].value == 10**9
    assert charges[Action("dram", "write")].value == 8 * 10**9


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("node=5 nm", "scaling: missing; none are published to 5 nm: give yours"),
        ("scaling={energy: 0.5, area: 0.5}", "scaling: the published factors reach this node; leave it out"),
        ("components=null", "node: there are no `components` that it could scale; leave it out"),
        ("node=null", "node: missing; with `components` it is needed, as in 7 nm"),
        ("memory.dram.kind=null", "memory.0.kind: missing; name a kind of dram, such as hbm2"),
        ("voltage=3 V", "voltage: `3 V` is out of range; from 0.6 to 1.4 V"),
        ("components=[cmoss]", "no component table is called `cmoss`; did you mean `cmos`?"),
        ("memory.dram.kind=hbm9", "components: no row gives read of dram hbm9;"),
        ("memory.l2.banks=1", "a100: memory.l2: a bank of 41943040 B is not in the table;"),
    ],
)
def test_what_does_not_fit_is_said(setting: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        tariff("a100", setting)
    assert message in str(caught.value)


def test_products_of_integers_are_summed_in_integers() -> None:
    assert [sum_dtype(dtype) for dtype in ("int4", "int8", "fp8", "bf16")] == [
        "int32",
        "int32",
        "fp32",
        "fp32",
    ]
