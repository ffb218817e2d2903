"""The results that the tests of pages share."""

import pytest

from tests.analysis.page.kinds import Made, make_all, make_hostile


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make_all(tmp_path_factory.mktemp("results"))


@pytest.fixture(scope="session")
def hostile(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make_hostile(tmp_path_factory.mktemp("hostile") / "results", made)
