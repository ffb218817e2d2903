"""What ran on which machine, as far as the trace says, and whether it came to its end."""

from analysis.headings import heading, unfinished


def test_a_heading_has_what_the_trace_says() -> None:
    made = {"network": "vit_b16", "recipe": "ste", "pattern": None, "steps": 1}
    provenance = {"trace": {"made": made, "complete": True}, "fidelity": "tile"}
    assert heading(provenance, "a100 and h100") == "vit_b16 ste on a100 and h100, fidelity tile"
    trained = {"task": "stdlib_chars", "network": "decoder", "recipe": "mdgf_exp", "pattern": "1:8"}
    learnt = heading(provenance | {"trace": {"made": trained}}, "a100")
    assert learnt == "stdlib_chars decoder, mdgf_exp 1:8 on a100, fidelity tile"
    assert heading(provenance | {"trace": {"made": {}}}, "a100") == "a100, fidelity tile"


def test_only_an_incomplete_trace_is_said_to_be_one() -> None:
    assert unfinished({"trace": {"complete": True}}) == []
    (line,) = unfinished({"trace": {"complete": False}})
    assert line.startswith("the trace is incomplete: ")
