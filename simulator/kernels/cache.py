"""Compiled kernels for the next process: numba's cache interface over sealed files.

numba's own cache ends the process on a damaged file, takes a kernel for unchanged when one that it calls has
changed, fails where nothing can be written, and mixes up the kernels that a factory made in two processes.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numba

from simulator.kernels import store
from simulator.kernels.identity import closed_over, described, digest, sources, surroundings

INTERFACE = {"cache_path", "load_overload", "save_overload", "enable", "disable", "flush"}


class KernelCache:
    """What numba asks of the cache of one `function`: a failure costs a compilation and a logged line.

    A file is named `family-sources-key`. The key is over all that makes the machine code: the sources of all
    kernels and of the function's module, its code and what it closes over, the types of its arguments, the
    processor, the versions and the settings. A global is a constant of its module: nothing else sets it.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self.label = f"{function.__module__.rpartition('.')[2]}.{function.__qualname__}".replace(
            ".<locals>", ""
        )
        self.family = re.sub(r"[^\w.]", "", self.label)
        self.file = Path(function.__code__.co_filename)
        self.sources = sources(self.file)
        made_of = (
            function.__module__,
            function.__qualname__,
            described(function.__code__),
            closed_over(function),
        )
        self.identity = digest(self.sources, *made_of)
        self.enabled = True

    @property
    def cache_path(self) -> str:
        """Where the files lie, as numba's statistics show it."""
        return shown_place()

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """The kernel as it was compiled for `sig`, or None."""
        if not self.enabled:
            return None
        with costs_only_time():
            target_context.refresh()
            name = self.name(sig, target_context.codegen())
            content = store.read(name)
            if content is not None:
                try:
                    reduced = numba.core.serialize.loads(content)
                    return numba.core.compiler.CompileResult._rebuild(target_context, *reduced)
                except Exception as error:
                    store.set_aside(name, f"{type(error).__name__}: {error}")
            self.announce()
        return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep a compiled kernel, but not one whose sources were edited since they were imported."""
        if not self.enabled or self.sources != sources(self.file):
            return
        with costs_only_time():
            if data.lifted or data.library.has_dynamic_globals:
                raise TypeError(f"{self.label} holds a large array or a pointer")
            store.write(self.name(sig, data.codegen), numba.core.serialize.dumps(data._reduce()))
            store.forget(self.family, current=self.sources)

    def enable(self) -> None:
        """Load and save from now on."""
        self.enabled = True

    def disable(self) -> None:
        """Neither load nor save from now on."""
        self.enabled = False

    def flush(self) -> None:
        """Remove what is kept of this kernel."""
        with costs_only_time():
            store.forget(self.family)

    def name(self, sig: Any, codegen: Any) -> str:
        """The file of the kernel compiled for `sig`."""
        if not self.sources:
            raise OSError(f"the source of {self.label} cannot be read")
        if " at 0x" in str(sig):  # the type of a function is named by its address
            raise TypeError(f"{self.label} takes a function, which another process has elsewhere")
        key = digest(self.identity, str(sig), codegen.magic_tuple(), surroundings())
        return f"{self.family}-{self.sources}-{key}"

    def announce(self) -> None:
        """Say why this call takes seconds, and that the next process will not: one line, not one a kernel."""
        text = (
            f"compiling {self.label}, and other kernels when they are first called; kept in {store.place()}"
        )
        store.warn(text, topic="compiling")


def fits(dispatcher: Any) -> bool:
    """Whether this numba asks of a cache what KernelCache answers."""
    interface = getattr(getattr(numba.core, "caching", None), "_Cache", None)
    return hasattr(dispatcher, "_cache") and getattr(interface, "__abstractmethods__", None) == INTERFACE


def shown_place() -> str:
    """Where the files lie; empty where they have no place."""
    try:
        return str(store.place())
    except OSError:
        return ""


@contextmanager
def costs_only_time() -> Iterator[None]:
    """Whatever fails within is logged, once for each reason."""
    try:
        yield
    except Exception as error:
        seen = (
            (error.strerror or str(error))
            if isinstance(error, OSError)
            else f"{type(error).__name__}: {error}"
        )
        where = f" in {path}" if (path := shown_place()) else ""
        store.warn(f"compiled kernels are not kept{where}, so every start compiles them: {seen}")
