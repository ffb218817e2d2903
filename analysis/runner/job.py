"""A job on its way through the runner, and the ways in which an attempt at it may end."""

from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

P = TypeVar("P")


@dataclass(slots=True, kw_only=True)
class Job(Generic[P]):
    """A payload under its key; `whole` until it was split, `deaths` those of its workers so far."""

    key: str
    payload: P
    whole: bool = True
    deaths: int = 0


@dataclass(frozen=True, slots=True)
class Returned:
    """The function returned `value`."""

    value: Any


@dataclass(frozen=True, slots=True)
class Raised:
    """The function raised; `text` is `Type: message` on one line."""

    text: str


@dataclass(frozen=True, slots=True)
class Died:
    """The worker ended `deaths` times; `exact` where nothing but this job can have been running in it."""

    deaths: int
    exact: bool


@dataclass(frozen=True, slots=True)
class Unbegun:
    """The worker ended before it came to this job."""


End = Returned | Raised | Died | Unbegun


class Lane(Protocol[P]):
    """Where jobs run in the order in which they were begun: an Executor, and what is in flight there."""

    @property
    def flying(self) -> Iterable[Future[Any]]:
        """What to wait for."""

    @property
    def busy(self) -> int:
        """The jobs in flight."""

    @property
    def most(self) -> int:
        """The jobs that may be in flight at once."""

    def begin(self, job: Job[P]) -> None:
        """Send a job on its way."""

    def ended(self) -> Iterable[tuple[Job[P], End]]:
        """The jobs that are no longer in flight, and how each ended; InputError where no job can end well."""

    def drop(self) -> None:
        """Forget what is in flight, and stop it if it is of this machine."""

    def close(self) -> None:
        """End everything that was started here."""


def one_line(error: BaseException, limit: int = 300) -> str:
    """`Type: message` of an error on one line, cut where long."""
    text = " ".join(f"{type(error).__name__}: {error}".split()).removesuffix(":")
    return text if len(text) <= limit else f"{text[:limit]}…"


Function = Callable[[P], Any]
