"""Pattern: `kept` of every `group` consecutive values, written "2:4"."""

import re
from dataclasses import dataclass
from fractions import Fraction
from math import lcm

from simulator.errors import InputError, shown

GROUP_MAX = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """At most `kept` of every `group` consecutive values are non-zero, groups aligned at index 0.

    N counts the values **kept**, everywhere. A tail shorter than the group keeps min(kept, tail).
    """

    kept: int
    group: int

    def __post_init__(self) -> None:
        for name in ("kept", "group"):
            value = getattr(self, name)
            if type(value) is not int:
                raise InputError.of(
                    f"{name} of a pattern is {value!r}", f"{name} is a whole number from 1 to {GROUP_MAX}"
                )
        if not 1 <= self.group <= GROUP_MAX:
            raise InputError.of(
                f"`{self}` has a group of {self.group}", f"a group has 1 to {GROUP_MAX} values"
            )
        if not 1 <= self.kept <= self.group:
            raise InputError.of(
                f"`{self}` keeps {self.kept} of {self.group}",
                f"kept is 1 to {self.group} for a group of {self.group}",
            )

    @classmethod
    def parse(cls, text: str) -> "Pattern":
        """The pattern that `text` writes as kept:group, as in "2:4"."""
        match = re.fullmatch(r"([0-9]{1,9}):([0-9]{1,9})", text) if isinstance(text, str) else None
        if match is None:
            raise InputError.of(f"{shown(text)} is not a pattern", "write kept:group, as in 2:4")
        return cls(kept=int(match[1]), group=int(match[2]))

    def __str__(self) -> str:
        return f"{self.kept}:{self.group}"

    @property
    def density(self) -> Fraction:
        """The share of values that is kept, kept / group, exactly."""
        return Fraction(self.kept, self.group)

    @property
    def dense(self) -> bool:
        """Whether every value is kept, as under 4:4."""
        return self.kept == self.group

    def kept_along(self, length: int) -> int:
        """Values kept of `length`: floor(length/group)*kept + min(kept, length mod group)."""
        groups, tail = divmod(length, self.group)
        return groups * self.kept + min(self.kept, tail)

    def groups_along(self, length: int) -> int:
        """Groups that `length` values touch, a ragged last one included."""
        return -(-length // self.group)

    def groups_of_run(self, length: int) -> int:
        """The most groups that a run of `length` kept values touches, behind one another of that length."""
        if length % self.kept == 0 or self.kept % length == 0:
            return -(-length // self.kept)
        return (length + self.kept - 2) // self.kept + 1

    def conforms_to(self, native: "Pattern") -> bool:
        """Whether every mask of this pattern, on the same axis, is also a mask of `native`.

        N:M conforms to kept:group iff each aligned window w of `group` positions within lcm(M, group) has
        sum over the groups j of M of min(N, |w and group_j|) <= kept. Tails follow: a shorter window holds
        no more values than the whole one it starts.
        """
        return all(
            self._most_within(start, start + native.group) <= native.kept
            for start in range(0, lcm(self.group, native.group), native.group)
        )

    def _most_within(self, start: int, stop: int) -> int:
        """The most values that a mask of this pattern can keep in [start, stop)."""
        total = 0
        for group in range(start // self.group, -(-stop // self.group)):
            inside = min(stop, (group + 1) * self.group) - max(start, group * self.group)
            total += min(self.kept, inside)
        return total
