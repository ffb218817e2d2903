"""Language model over any text of the user's."""

from pathlib import Path

from simulator.errors import InputError
from simulator.places import printable
from workloads.tasks.characters import Characters
from workloads.tasks.readers.plain_text import read_text

HELD_OUT_SHARE = 20


class UserText(Characters):
    """The last twentieth of the text is held out; the alphabet is its 255 most frequent characters."""

    name = "text"
    summary = "next character of a text of your own"
    reads = "a file of UTF-8 text"

    def __init__(self, path: Path, *, length: int) -> None:
        symbols, alphabet = read_text(path)
        held = len(symbols) // HELD_OUT_SHARE
        problem = ""
        if held <= length:
            problem = f"has {len(symbols)} characters, of which the last {held} are held out"
        elif len(alphabet) == 1:
            problem = "holds one character over and over"
        if problem:
            right = f"give a text of at least {HELD_OUT_SHARE * (length + 1)} characters of several kinds"
            raise InputError.of(problem, right, where=printable(str(path)))
        super().__init__(symbols[:-held], symbols[-held:], alphabet=alphabet, length=length)
