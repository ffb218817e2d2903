"""An axis: a key of the machine or the workload, and the values that it takes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from analysis.sweep.values import Value, canonical, is_ordered
from analysis.sweep.written import WORKLOAD
from simulator.spec_errors import flow

PLAIN = (int, float, str)


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """The `values` of a `key` in their order; `where` is what wrote it, and `places` what wrote each value.

    `listed` says that the values were written one by one.
    """

    key: str
    values: tuple[Value, ...]
    where: str = ""
    places: Mapping[str, str]
    listed: bool = True

    @property
    def of_workload(self) -> str:
        """The key of the workload that it varies; empty where it varies the machine."""
        return self.key.removeprefix(WORKLOAD) if self.key.startswith(WORKLOAD) else ""

    @property
    def ordered(self) -> bool:
        """Whether the values are sizes that rise."""
        return is_ordered(self.values)

    def setting(self, value: Value) -> str:
        """`key=value` as `--set` takes it."""
        return f"{self.key}={json.dumps(value, ensure_ascii=False)}"

    def place_of(self, value: Value) -> str:
        """Where a value was written, and under which key."""
        return self.places.get(canonical(value), self.where)

    def cell(self, index: int) -> int | float | str:
        """A value as a table shows it."""
        value = self.values[index]
        return value if isinstance(value, PLAIN) and not isinstance(value, bool) else flow(value)
