import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.strategies import examples
from tests.workloads.tasks.readers.made_files import outcome, refused
from workloads.tasks import load_task
from workloads.tasks.characters import Characters
from workloads.tasks.readers import plain_text
from workloads.tasks.readers.plain_text import read_text

RIGHT = "give a file of UTF-8 text"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "text"


def test_symbols_are_the_characters_by_code_point(path: Path) -> None:
    path.write_bytes("banana, é😀\r\n".encode())
    symbols, alphabet = read_text(path)
    assert alphabet == "\n\r ,abné😀"
    assert "".join(alphabet[symbol] for symbol in symbols) == "banana, é😀\r\n"


def test_a_byte_order_mark_is_left_out_at_the_start_alone(path: Path) -> None:
    path.write_bytes("\ufeffab\ufeff".encode())
    symbols, alphabet = read_text(path)
    assert (alphabet, symbols.tolist()) == ("ab\ufeff", [0, 1, 2])


def test_rare_characters_share_a_symbol_and_of_equally_rare_ones_the_lower_stay(path: Path) -> None:
    text = "".join(map(chr, range(0x4E00, 0x4E00 + 300))) + 2 * "".join(
        map(chr, range(0x4E00 + 290, 0x4E00 + 300))
    )
    path.write_text(text, encoding="utf-8")
    symbols, alphabet = read_text(path)
    assert list(map(ord, alphabet)) == [*range(0x4E00, 0x4E00 + 245), *range(0x4E00 + 290, 0x4E00 + 300)]
    assert symbols[245:290].tolist() == [255] * 45


@given(st.text(alphabet=st.characters(codec="utf-8"), min_size=1), st.integers(1, 5))
@examples(60)
def test_it_reads_what_python_reads_wherever_a_part_ends(
    tmp_path_factory: pytest.TempPathFactory, text: str, chunk: int
) -> None:
    text = text.removeprefix("\ufeff") or "x"
    path = tmp_path_factory.getbasetemp() / "any"
    path.write_bytes(text.encode())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plain_text, "CHUNK", chunk)
        symbols, alphabet = read_text(path)
    assert set(alphabet) == set(Counter(text))
    assert "".join(alphabet[symbol] for symbol in symbols) == text


@given(st.binary(min_size=1, max_size=30), st.integers(1, 5))
@examples(60)
def test_the_first_byte_that_is_not_utf8_is_named(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, chunk: int
) -> None:
    path = tmp_path_factory.getbasetemp() / "any"
    path.write_bytes(data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plain_text, "CHUNK", chunk)
        found = outcome(lambda: read_text(path))
    try:
        text = data.decode().removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        seen = f"byte {error.start} (0x{data[error.start]:02x}) is not UTF-8"
        text, expected = "", f"{path}: {seen}; save the file as UTF-8"
    else:
        expected = f"{path}: is empty; {RIGHT}"
    assert found == expected if not text else len(found[0]) == len(text)


def test_what_is_no_text(tmp_path: Path, path: Path) -> None:
    path.write_bytes(b"")
    assert refused(tmp_path, lambda: read_text(path)) == [f"text: is empty; {RIGHT}"]
    path.write_bytes("\ufeff".encode())
    assert refused(tmp_path, lambda: read_text(path)) == [f"text: is empty; {RIGHT}"]
    with path.open("wb") as file:
        file.truncate(2**27 + 1)
    assert refused(tmp_path, lambda: read_text(path)) == [f"text: is larger than 128 MiB; {RIGHT}"]
    assert refused(tmp_path, lambda: read_text(tmp_path)) == [f".: cannot be read (is a directory); {RIGHT}"]
    path.unlink()
    os.mkfifo(path)
    assert refused(tmp_path, lambda: read_text(path)) == [f"text: is a device or pipe; {RIGHT}"]
    device = Path("/dev/zero")
    assert refused(tmp_path, lambda: read_text(device)) == [f"{device}: is a device or pipe; {RIGHT}"]


def test_the_end_of_the_text_is_held_out(path: Path) -> None:
    path.write_text("abcde" * 100 + "x" * 25, encoding="utf-8")
    task = load_task("text", path=path, settings={"length": 4})
    assert isinstance(task, Characters)
    assert task.shape.vocabulary == 7
    assert (len(task.trained), len(task.held)) == (499, 26)
    assert task.held.tolist() == [4] + [5] * 25
    assert len(task.held_out(1)) == 6


def test_a_text_is_long_enough_and_of_several_characters(tmp_path: Path, path: Path) -> None:
    right = "give a text of at least 660 characters of several kinds"
    path.write_text("ab" * 329 + "c", encoding="utf-8")
    assert refused(tmp_path, lambda: load_task("text", path=path)) == [
        f"text: has 659 characters, of which the last 32 are held out; {right}"
    ]
    path.write_text("ab" * 330, encoding="utf-8")
    batch = load_task("text", path=path).batch(np.random.default_rng(0), 3)
    assert batch.inputs.shape == (3, 32)
    path.write_text("a" * 1000, encoding="utf-8")
    assert refused(tmp_path, lambda: load_task("text", path=path)) == [
        f"text: holds one character over and over; {right}"
    ]
