"""The workers of a Dask cluster as one lane: the same jobs, over a network that somebody else set up.

Start it with `dask scheduler` and, on each machine, `dask worker ADDRESS --nworkers auto --nthreads 1`, where
the same nmsim is installed.
"""

import asyncio
import logging
import warnings
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from time import monotonic
from typing import Any, Generic

from analysis.runner.job import Died, End, Function, Job, P, Raised, one_line
from analysis.runner.worker import call_in_turn, ready
from simulator.errors import InputError, shown
from simulator.version import __version__

CONNECTS = 4.0  # seconds until a scheduler must have answered, at first and as one
ANSWERS = 30.0  # seconds until a worker must have
LOOKS = 2.0  # seconds between looks at who is there
WORKERS = "start workers there: `dask worker ADDRESS --nthreads 1`"


class ClusterLane(Generic[P]):
    """All threads of a cluster's workers, each with `ahead` jobs that wait behind the running one.

    The cluster itself tries a job again whose worker died, a few times: it ends as KilledWorker, and may have
    been the neighbour of the one to blame.
    """

    def __init__(self, function: Function[P], address: str, *, ahead: int) -> None:
        self.function, self.address, self.ahead = function, address, ahead
        self._killed, self._client = _connected(address)
        self._executor = self._client.get_executor(pure=False)
        self._flying: dict[Future[Any], Job[P]] = {}
        self.threads, self._seen, self._looked = 1, monotonic(), 0.0
        try:
            self._greet()
        except BaseException:
            self.close()
            raise

    def _greet(self) -> None:
        """Refuse a cluster without workers, and one that has not this nmsim."""
        handshake = self._executor.submit(ready, self.function)
        try:
            version = handshake.result(timeout=ANSWERS)
        except TimeoutError:
            raise self._wrong(f"no worker answered within {ANSWERS:.0f} s", WORKERS) from None
        except CancelledError:
            raise self._lost() from None
        except Exception as error:
            raise self._wrong(
                f"its workers cannot load nmsim ({one_line(error)})", self._install()
            ) from error
        if version != __version__:
            raise self._wrong(f"its workers have nmsim {version}", self._install())
        self._look()

    @property
    def flying(self) -> list[Future[Any]]:
        """What to wait for."""
        return list(self._flying)

    @property
    def busy(self) -> int:
        """The jobs in flight."""
        return len(self._flying)

    @property
    def most(self) -> int:
        """The jobs that may be in flight at once, as many as the workers that are there now make it."""
        self._look()
        return max(1, self.threads) * (1 + self.ahead)

    def _look(self) -> None:
        """See who is there, now and then; InputError where nobody is for long."""
        now = monotonic()
        if now - self._looked < LOOKS:
            return
        self._looked = now
        workers = self._client.scheduler_info(n_workers=-1).get("workers", {})
        self.threads = sum(worker.get("nthreads", 1) for worker in workers.values())
        if workers:
            self._seen = now
        elif now - self._seen > ANSWERS:
            raise self._wrong("its last worker is gone", f"{WORKERS}; what was done is kept")

    def begin(self, job: Job[P]) -> None:
        """Send a job to the cluster."""
        self._flying[self._executor.submit(call_in_turn, self.function, job.payload)] = job

    def ended(self) -> Iterator[tuple[Job[P], End]]:
        """The jobs that are no longer in flight, and how each ended."""
        for future in self.flying:
            if future.done():
                yield self._flying.pop(future), self._end(future)
        self._look()

    def _end(self, future: Future[Any]) -> End:
        if future.cancelled():
            raise self._lost()
        error = future.exception()
        if error is None:
            end: End = future.result()
            return end
        if isinstance(error, self._killed):
            return Died(1 + int(getattr(error, "allowed_failures", 0)), exact=False)
        if isinstance(error, OSError | CancelledError):
            raise self._lost() from error
        return Raised(one_line(error))

    def drop(self) -> None:
        """Forget what is in flight; what a worker has begun it ends for nothing."""
        for future in self._flying:
            future.cancel()
        self._flying.clear()

    def close(self) -> None:
        """Leave the cluster as it was found."""
        self.drop()
        self._client.close(timeout=2)

    def _lost(self) -> InputError:
        right = "run this again when it is back; what was done is kept"
        return self._wrong("the connection to the scheduler was lost", right)

    def _install(self) -> str:
        return f"install nmsim {__version__} where they run"

    def _wrong(self, what: str, right: str) -> InputError:
        return InputError.of(what, right, where=f"scheduler {self.address}")


def _connected(address: str) -> tuple[type[Exception], Any]:
    """What a Dask client calls a job that ends its workers, and the client of the scheduler at `address`."""
    where = f"scheduler {address if address.isprintable() else shown(address)}"
    try:
        import distributed
    except ImportError:
        right = 'pip install "nmsim[dask]"'
        raise InputError.of("needs the library distributed", right, where=where) from None
    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] in ("distributed", "tornado"):
            logging.getLogger(name).setLevel(logging.CRITICAL)  # we say it in our words, once
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # versions of libraries that differ
        try:
            with ThreadPoolExecutor(1) as aside:  # a notebook has a loop of its own in this thread
                aside.submit(asyncio.run, _reached(address)).result()
            client: Any = distributed.Client(  # type: ignore[no-untyped-call]
                address, timeout=CONNECTS, set_as_default=False
            )
        except (OSError, ValueError, TypeError, RuntimeError, ImportError) as error:
            right = "name the address that `dask scheduler` prints, as tcp://127.0.0.1:8786"
            raise InputError.of(f"cannot be reached ({one_line(error)})", right, where=where) from error
    return distributed.KilledWorker, client


async def _reached(address: str) -> None:
    """Return once something at `address` answers; a Client that fails lingers, and complains at the end."""
    from distributed import Security
    from distributed.comm.core import connect

    security: Any = Security()  # type: ignore[no-untyped-call]
    link: Any = await connect(  # type: ignore[no-untyped-call]
        address, timeout=CONNECTS, **security.get_connection_args("client")
    )
    await link.close()
