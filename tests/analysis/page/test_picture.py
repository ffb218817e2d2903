"""The picture of a machine: drawn for each machine that comes along, with the numbers of its file."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from analysis.page.machines import pictures
from analysis.page.picture import WIDTH, core_picture, memory_picture, size_text
from simulator.arch import arch_names, load_arch
from simulator.machine import resolve

CHARACTER = 6.4
"""Pixels: as wide as characters of 11 px are on average in a wide sans serif."""


def said(drawing: str) -> list[str]:
    return [node.text or "" for node in ElementTree.fromstring(drawing).iter() if node.tag.endswith("text")]


@pytest.mark.parametrize("name", arch_names())
def test_every_machine_is_drawn_within_its_frame(name: str) -> None:
    arch = load_arch(name).value
    for drawing in (memory_picture(arch), core_picture(arch)):
        root = ElementTree.fromstring(drawing)
        high = float(root.attrib["height"])
        for node in root:
            if node.tag.endswith("rect"):
                x, y, wide, tall = (float(node.attrib[key]) for key in ("x", "y", "width", "height"))
                assert x >= 0
                assert x + wide <= WIDTH
                assert 0 <= y < y + tall <= high
            if node.tag.endswith("text"):
                long = CHARACTER * len(node.text or "") * {"middle": 0.5}.get(node.attrib["text-anchor"], 1)
                assert float(node.attrib["x"]) + long <= WIDTH, node.text
                assert float(node.attrib["y"]) <= high


def test_it_says_what_the_file_says() -> None:
    arch = load_arch("a100").value
    memory = said(memory_picture(arch))
    assert [text.split(" ")[0] for text in memory if text.endswith(")")] == [
        level.name for level in arch.memory
    ]
    assert "108 × 164 KiB, 32 banks, 23 cycles" in memory
    assert "7.219 TB/s" in memory
    assert "432 cores" in memory
    core = said(core_picture(arch))
    assert {"decode coordinate", "1 of 4", "32 B/cycle", "32 KiB", "skips zeros of: 2:4"} <= set(core)
    assert core_picture(arch).count('class="pe"') == 32


def test_a_dense_machine_has_no_decoder_and_a_large_array_is_drawn_coarser() -> None:
    arch = load_arch("dense128").value
    drawing = core_picture(arch)
    assert resolve(arch).rows == 128
    assert "skips no zeros" in said(drawing)
    assert 'class="meta"' not in drawing
    assert drawing.count('class="pe"') == 16 * 16
    assert "drawn coarser: a cell is 8 × 8 PEs" in said(drawing)


def test_more_bandwidth_and_more_capacity_are_wider() -> None:
    drawing = memory_picture(load_arch("a100").value)
    flows = [float(wide) for wide in re.findall(r'class="flow"[^/]*? width="([\d.]+)"', drawing)]
    assert flows == sorted(flows)  # towards the cores
    slabs = [float(wide) for wide in re.findall(r'class="slab"[^/]*? width="([\d.]+)"', drawing)]
    assert max(slabs) == slabs[0]


@pytest.mark.parametrize(("count", "text"), [(1, "1 B"), (1536, "1.5 KiB"), (40 * 2**30, "40 GiB")])
def test_sizes_read_as_in_a_file(count: int, text: str) -> None:
    assert size_text(count) == text


def test_a_machine_that_is_not_at_hand_is_not_drawn(tmp_path: Path) -> None:
    digest = load_arch("a100").digest
    asked = [
        {"arch": {"given": "a100", "name": "A", "sha256": digest}},
        {"arch": {"given": "a100", "name": "A", "sha256": digest}},
        {"arch": {"given": "a100", "name": "B", "sha256": "0" * 64}},
        {"arch": {"given": str(tmp_path / "gone.yaml"), "name": "C", "sha256": "1" * 64}},
        {"arch": {"given": "a100", "sha256": load_arch("a100", settings=["cores=216"]).digest}},
        {},
    ]
    found = list(pictures(asked, {"a100": ["cores=216"]}))
    assert [len(one.drawings) for one in found] == [2, 0, 0, 2]
    assert "is not the machine of these results" in found[1].notes[0]
    assert "is at hand" in found[2].notes[0]
    assert any("flagged as unverified" in note for note in found[0].notes)
    assert "216 cores" in said(found[3].drawings[0])
