"""Natives: the patterns whose zeros a machine skips, and which of them another pattern runs as."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import gcd

from simulator.errors import InputError, Problem, shown
from simulator.pattern import Pattern

FAN_IN_MAX = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Natives:
    """The patterns that a machine skips zeros of: those listed, or all whose group is at most `group_max`."""

    listed: tuple[Pattern, ...] = ()
    group_max: int = 0

    def __bool__(self) -> bool:
        return bool(self.listed) or self.group_max > 0

    def __str__(self) -> str:
        if self.group_max:
            return f"group <= {self.group_max}"
        return ", ".join(map(str, self.listed)) or "no pattern"

    @property
    def widest(self) -> int:
        """The largest group among them; 0 if there is none."""
        return max((pattern.group for pattern in self.listed), default=self.group_max)

    def tightest(self, pattern: Pattern) -> Pattern | None:
        """The native pattern that `pattern` runs as, or None where it runs dense.

        Of the natives it conforms to (`Pattern.conforms_to`), the smallest kept / group, then the smallest
        group. A pattern that keeps everything runs dense.
        """
        if pattern.dense:
            return None
        candidates: Iterable[Pattern] = (one for one in self.listed if pattern.conforms_to(one))
        if self.group_max:
            candidates = _under_rule(pattern, self.group_max)
        return min(candidates, key=lambda native: (native.density, native.group), default=None)


def _under_rule(pattern: Pattern, group_max: int) -> Iterator[Pattern]:
    """The sparsest pattern of each group up to `group_max` that `pattern` conforms to; itself if it fits.

    A window shorter than the pattern's group M touches at most two groups. The first `left` positions of it
    are one group's; over all windows, `left` takes every multiple of gcd(window, M) below the window.
    """
    if pattern.group <= group_max:
        yield pattern
        return
    for group in range(2, group_max + 1):
        lefts = range(0, group, gcd(group, pattern.group))
        kept = max(min(pattern.kept, left) + min(pattern.kept, group - left) for left in lefts)
        if kept < group:
            yield Pattern(kept=kept, group=group)


def parse_natives(value: object) -> Natives:
    """The native patterns that a file writes: a list such as [2:4, 1:4], or the rule "group <= 16"."""
    right = "write a list such as [2:4], or a rule such as group <= 16"
    if isinstance(value, str) and (rule := re.fullmatch(r"group *<= *([0-9]{1,9})", value)):
        if not 2 <= int(rule[1]) <= FAN_IN_MAX:
            raise InputError.of(f"{shown(value)} is out of range", f"the largest group is 2 to {FAN_IN_MAX}")
        return Natives(group_max=int(rule[1]))
    if not isinstance(value, list):
        raise InputError.of(f"{shown(value)} names no patterns", right)
    if not value:
        raise InputError.of("the list is empty", "name a pattern; leave the key out of a dense machine")
    patterns: list[Pattern] = []
    problems: list[Problem] = []
    for index, item in enumerate(value):
        try:
            pattern = Pattern.parse(item)
            if pattern.dense:
                raise InputError.of(f"{shown(item)} keeps everything", "leave it out: any machine runs dense")
            if pattern in patterns:
                raise InputError.of(f"{shown(item)} is listed twice", "list it once")
            patterns.append(pattern)
        except InputError as error:
            problems += [problem.at(str(index)) for problem in error.problems]
    if problems:
        raise InputError(problems)
    return Natives(listed=tuple(patterns))
