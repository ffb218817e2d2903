from pathlib import Path

import pytest

from simulator.errors import InputError
from simulator.gemm import Gemm
from workloads.networks import Layer, Role, load_network

GOOD = """\
spec: 1
name: two layers
source: made up
other_parameters: 11
layers:
  - {name: conv1, role: stem, m: 100, n: 8, k: 27, input_values: 300, input_gradient: false}
  - {name: scores, role: attention, m: 10, n: 10, k: 4, batch: 6}
"""


def write(folder: Path, text: str, name: str = "net.yaml") -> str:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return str(path)


def problems_of(folder: Path, text: str) -> list[str]:
    """The problems of a network file, each without the folder in front."""
    path = write(folder, text)
    with pytest.raises(InputError) as caught:
        load_network(path)
    return [line.removeprefix(str(folder) + "/") for line in str(caught.value).splitlines()]


def test_a_file_gives_its_layers_in_order(tmp_path: Path) -> None:
    network = load_network(write(tmp_path, GOOD))
    assert network.layers == (
        Layer(
            name="conv1", role=Role.STEM, gemm=Gemm(m=100, n=8, k=27), input_values=300, input_gradient=False
        ),
        Layer(name="scores", role=Role.ATTENTION, gemm=Gemm(m=10, n=10, k=4), batch=6),
    )
    assert (network.name, network.source) == ("two layers", "made up")
    assert network.parameters == 11 + 8 * 27
    assert network.macs == 100 * 8 * 27 + 6 * 10 * 10 * 4


def test_the_digest_is_that_of_the_content_and_a_known_network_has_none(tmp_path: Path) -> None:
    one = load_network(write(tmp_path, GOOD))
    noted = load_network(write(tmp_path, "# a note\n" + GOOD, "noted.yaml"))
    other = load_network(write(tmp_path, GOOD.replace("k: 27", "k: 28"), "other.yaml"))
    assert len(one.digest) == 64
    assert one.digest == noted.digest != other.digest
    assert load_network("resnet50").digest == ""


def test_a_path_has_a_slash_or_the_ending_of_yaml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, GOOD, "plain")
    write(tmp_path, GOOD, "short.yml")
    monkeypatch.chdir(tmp_path)
    loaded = [load_network(path) for path in ("./plain", "short.yml", Path("plain"))]
    assert {network.name for network in loaded} == {"two layers"}
    with pytest.raises(InputError, match="no network is called `plain`"):
        load_network("plain")


@pytest.mark.parametrize("word", ["batch", "seq", "image"])
def test_a_file_takes_no_sizes(tmp_path: Path, word: str) -> None:
    with pytest.raises(InputError) as caught:
        load_network(write(tmp_path, GOOD), **{word: 8})
    assert str(caught.value) == (
        f"{word}: a network file writes its own sizes; leave {word} out, and change m and batch in the file"
    )


REFUSED = [
    (
        GOOD.replace("name: scores", "name: conv1"),
        [
            "net.yaml:7:12: layers.1.name: `conv1` is the name of layers.0 too; "
            "give each layer a name of its own"
        ],
    ),
    (
        GOOD.replace("role: stem", "role: fff"),
        [
            "net.yaml:6:25: layers.0.role: the text `fff` is none of the values known here; "
            "did you mean `ff`? known: attention, conv, ff, head, low_rank, proj, qkv, stem"
        ],
    ),
    (
        GOOD.replace("input_values: 300", "input_values: 2701"),
        [
            "net.yaml:6:66: layers.0.input_values: 2701 values are more than the product reads; "
            "batch * m * k is 2700"
        ],
    ),
    (
        GOOD.replace("batch: 6", "batch: 1000000000000").replace("m: 10,", "m: 1000000000000,"),
        [
            "net.yaml:7:5: layers.1: batch * m * n * k is 40000000000000000000000000; "
            "a layer has at most 4611686018427387904 multiply-adds"
        ],
    ),
    (GOOD.replace("m: 100", "m: 0"), ["net.yaml:6:34: layers.0.m: `0` is too small; it is at least 1"]),
    (
        GOOD.replace("source: made up", r'source: "a\eb"'),
        [r"net.yaml:3:9: source: `a\x1bb` has characters that do not print; leave them out"],
    ),
    (
        GOOD.replace("m: 100, ", "").replace("batch: 6", "bacth: 6"),
        [
            "net.yaml:6:5: layers.0.m: missing; write it",
            "net.yaml:7:57: layers.1.bacth: unknown key; did you mean `batch`? "
            "known: batch, input_gradient, input_values, k, m, n, name, role",
        ],
    ),
]


@pytest.mark.parametrize(("text", "problems"), REFUSED)
def test_a_bad_file_names_the_place_and_what_would_be_right(
    tmp_path: Path, text: str, problems: list[str]
) -> None:
    assert problems_of(tmp_path, text) == problems


def test_a_network_without_layers_is_refused(tmp_path: Path) -> None:
    text = GOOD.partition("layers:")[0] + "layers: []\n"
    assert problems_of(tmp_path, text) == ["net.yaml:5:9: layers: there are none; write at least one layer"]
