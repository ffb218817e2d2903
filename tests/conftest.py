"""How every test runs: with the same random examples, and without a network."""

import sys
from typing import Any

import pytest
from hypothesis import settings

settings.register_profile("quick", deadline=None, derandomize=True)
settings.register_profile("few", settings.get_profile("quick"), max_examples=10)
settings.register_profile("full", deadline=None, max_examples=1000)
settings.load_profile("quick")


def pytest_addoption(parser: pytest.Parser) -> None:
    """The flag that writes golden files anew, for a number that was meant to move."""
    parser.addoption("--refresh-golden", action="store_true", help="write the files of tests/golden anew")


def _refuse_network(event: str, arguments: tuple[Any, ...]) -> None:
    """Fail whatever looks up a host or connects to one; a local socket has a path for an address."""
    if event == "socket.getaddrinfo" or (event == "socket.connect" and isinstance(arguments[1], tuple)):
        raise AssertionError(f"{event} {arguments}: nothing here uses the network")


sys.addaudithook(_refuse_network)
