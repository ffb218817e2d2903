"""Shape: what a task's inputs and outputs look like, which is all that a model needs to know of it."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["tokens", "pairs", "vectors", "images"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """The sizes of one sample; a size that its kind does not have is 0.

    | kind | inputs of a batch | rows of outputs |
    |---|---|---|
    | tokens | integers (samples, length) | samples * length |
    | pairs | integers (samples, source_length + length) | samples * length |
    | vectors | floats (samples, features) | samples |
    | images | floats (samples, side, side, channels) | samples |

    Integers are below `vocabulary`. A pair is the source, then the target as the decoder reads it: shifted
    by one, behind a start symbol. Rows of outputs are ordered by sample, then by place; each has `outputs`
    values: the logits of as many classes, or the numbers that are predicted.
    """

    kind: Kind
    outputs: int
    vocabulary: int = 0
    source_length: int = 0
    length: int = 0
    features: int = 0
    side: int = 0
    channels: int = 0

    @property
    def rows(self) -> int:
        """Rows of outputs that one sample has."""
        return self.length if self.kind in ("tokens", "pairs") else 1

    def inputs(self, samples: int) -> tuple[int, ...]:
        """The shape of the inputs of a batch of `samples`."""
        return {
            "tokens": (samples, self.length),
            "pairs": (samples, self.source_length + self.length),
            "vectors": (samples, self.features),
            "images": (samples, self.side, self.side, self.channels),
        }[self.kind]
