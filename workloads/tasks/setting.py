"""Setting: a size of a task that a person may choose, with its limits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from simulator.errors import InputError, Problem, shown, suggestion


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A whole number from `least` to `most`, and what it stands for."""

    name: str
    default: int
    least: int
    most: int
    summary: str

    def problem(self, value: object) -> Problem | None:
        """Why the setting does not take `value`, or None."""
        if type(value) is int and self.least <= value <= self.most:
            return None
        right = f"write a whole number from {self.least} to {self.most}"
        return Problem(where=self.name, what=f"{shown(value)} is not in its range", right=right)


LENGTH = Setting(name="length", default=32, least=2, most=4096, summary="tokens of a sample")
VARIANT = Setting(name="variant", default=0, least=0, most=2**31 - 1, summary="which of the random tasks")


def complete(settings: Sequence[Setting], given: Mapping[str, int]) -> dict[str, int]:
    """The value of every setting: the one that is given, or its default."""
    known = {setting.name: setting for setting in settings}
    problems = []
    for name, value in given.items():
        setting = known.get(name)
        if setting is None:
            right = suggestion(str(name), known) if known else "leave it out: this task has none"
            what = f"no setting is called {shown(name)}"
            problems.append(Problem(where="settings", what=what, right=right))
        elif problem := setting.problem(value):
            problems.append(problem)
    if problems:
        raise InputError(problems)
    return {setting.name: given.get(setting.name, setting.default) for setting in settings}
