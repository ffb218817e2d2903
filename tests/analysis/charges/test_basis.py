"""What a charge rests on: rows, nodes, sources and flags."""

from fractions import Fraction
from pathlib import Path

from analysis.charges.basis import basis, factor_number, factor_text, sources_of
from simulator import simulate
from tests.analysis.energy_case import TRACE, machine


def test_a_basis_names_nodes_sources_and_flags(tmp_path: Path) -> None:
    tariff = simulate(machine(tmp_path), TRACE).tariff
    assert tariff is not None
    found = basis(tariff, ("add", "mux", "add"))
    assert tuple(found) == (("add", "mux"), ("14 nm",), ("measured", "guessed"), True)
    assert found.cells["flag"] == "unverified"
    assert not basis(tariff, ("add",)).unverified
    assert list(sources_of(tariff, ("mux",)).values()) == ["G. Uess, in conversation"]


def test_sources_of_two_tables_that_share_an_id_are_told_apart(tmp_path: Path) -> None:
    other = "spec: 1\nname: o\nsources: {measured: another}\nrows:\n  mesh: {component: network, bits: 1, "
    (tmp_path / "other.yaml").write_text(
        other + "value: {hop: 1 pJ}, low: 1 %, high: 100 %, source: measured}\n"
    )
    loaded = machine(
        tmp_path, "weight_stationary", f"components=[{tmp_path}/table.yaml, {tmp_path}/other.yaml]"
    )
    tariff = simulate(loaded, TRACE).tariff
    assert tariff is not None
    assert sources_of(tariff, ("add", "mesh"))["measured_2"] == "another"
    assert basis(tariff, ("mesh",)).sources == ("measured_2",)


def test_several_factors_are_no_factor() -> None:
    assert (factor_number(Fraction(1, 4)), factor_text(Fraction(1, 3))) == (0.25, "0.333")
    assert (factor_number(None), factor_text(None)) == (None, "-")
