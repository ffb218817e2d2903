"""A search for the front: Optuna proposes generations of points and is told what became of them.

A generation is asked for as a whole and told in the order of asking, so what is proposed depends on the seed
and on the metrics alone: not on the workers, and not on which results a store already had.
"""

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from analysis.sweep.space import Point, Space
from analysis.sweep.written import GENERATION
from simulator.errors import InputError

if TYPE_CHECKING:
    import optuna

ASKS_EACH = 10


class Search:
    """Generations of points of a space; `asked` are all of them, each once, in order of first asking."""

    def __init__(self, space: Space) -> None:
        self.optuna = _optuna()
        written = space.written
        self.written = written
        self.asked: dict[Point, None] = {}
        self.left = min(written.points or 1, space.size)
        self._asks = ASKS_EACH * self.left
        with self._quiet():
            goals = ["minimize" if one.goal == "min" else "maximize" for one in written.objectives]
            self._study = self.optuna.create_study(directions=goals, sampler=self._sampler())
        self._axes = {axis.key: self._distribution(axis.ordered, len(axis.values)) for axis in space.axes}
        self._open: list[tuple[optuna.Trial, Point]] = []

    @property
    def version(self) -> str:
        """The version of Optuna, on which the proposals depend."""
        return f"optuna {self.optuna.__version__}"

    def ask(self) -> list[Point]:
        """The next generation, each point once; empty when enough different ones have been asked for.

        A search that finds no new ones any more is stopped too.
        """
        count = min(self.left, self._asks, self.written.generation or GENERATION)
        self._asks -= count
        with self._quiet():
            trials = [self._study.ask(self._axes) for _ in range(count)]
        self._open = [(trial, tuple(trial.params[key] for key in self._axes)) for trial in trials]
        points = list(dict.fromkeys(point for _, point in self._open))
        self.left -= sum(point not in self.asked for point in points)
        self.asked |= dict.fromkeys(points)
        return points

    def tell(self, metrics: Mapping[Point, Mapping[str, Any] | None]) -> None:
        """What became of the generation: the metrics of each point, None of one that has none."""
        failed = self.optuna.trial.TrialState.FAIL
        with self._quiet():
            for trial, point in self._open:
                found = metrics[point]
                if found is None:
                    self._study.tell(trial, state=failed)
                    continue
                for index, one in enumerate(self.written.constraints):
                    trial.set_constraint(f"{index} {one.text}", one.excess(found))
                self._study.tell(trial, [float(found[one.name]) for one in self.written.objectives])
        self._open = []

    def _sampler(self) -> "optuna.samplers.BaseSampler":
        written, samplers = self.written, self.optuna.samplers
        size = written.generation or GENERATION
        made: optuna.samplers.BaseSampler
        if written.choose == "nsga2":
            made = samplers.NSGAIISampler(population_size=size, seed=written.seed)
        else:
            made = samplers.TPESampler(seed=written.seed, n_startup_trials=size, constant_liar=True)
        return made

    def _distribution(self, ordered: bool, count: int) -> "optuna.distributions.BaseDistribution":
        """The indices of the values of an axis: near ones are alike only where the values rise."""
        kinds = self.optuna.distributions
        made: optuna.distributions.BaseDistribution
        made = kinds.IntDistribution(0, count - 1) if ordered else kinds.CategoricalDistribution(range(count))
        return made

    @contextmanager
    def _quiet(self) -> Iterator[None]:
        """Optuna says nothing of its own: not what it tries, nor which of its parts are new."""
        logging = self.optuna.logging
        level = logging.get_verbosity()
        logging.set_verbosity(logging.ERROR)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", self.optuna.exceptions.ExperimentalWarning)
                yield
        finally:
            logging.set_verbosity(level)


def _optuna() -> Any:
    try:
        import optuna
    except ImportError:
        what = "a search needs Optuna, which is not installed"
        raise InputError.of(what, 'pip install "nmsim[search]", or choose sobol', where="choose") from None
    return optuna
