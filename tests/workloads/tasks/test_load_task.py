import pytest

from simulator.errors import InputError
from workloads.tasks import TASKS, load_task


def refused(name: str, path: str | None = None, **settings: int) -> list[str]:
    with pytest.raises(InputError) as caught:
        load_task(name, path=path, settings=settings)
    return str(caught.value).splitlines()


def test_every_task_says_what_it_is() -> None:
    for name, task in TASKS.items():
        assert task.name == name
        assert task.summary
        assert task.default_model
        assert task.metric.name
        for setting in task.settings:
            assert setting.least <= setting.default <= setting.most


def test_a_name_that_is_none_has_a_near_one() -> None:
    names = ", ".join(sorted(TASKS))
    assert refused("translat") == [
        f"task: no task is called `translat`; did you mean `translate`? known: {names}"
    ]


def test_a_task_that_makes_its_data_takes_no_path() -> None:
    assert refused("teacher", "x") == ["path: task teacher reads no data of yours; leave it out"]


@pytest.mark.parametrize("name", ["text", "mnist", "cifar10", "images"])
def test_a_task_that_reads_the_users_data_needs_their_path(name: str) -> None:
    assert refused(name) == [f"path: task {name} needs data of yours; give {TASKS[name].reads}"]


def test_every_setting_that_is_wrong_is_told_at_once() -> None:
    assert refused("translate", words=1, lengt=8, length=2**20) == [
        "words: `1` is not in its range; write a whole number from 2 to 1024",
        "settings: no setting is called `lengt`; did you mean `length`? known: length, variant, words",
        "length: `1048576` is not in its range; write a whole number from 2 to 1024",
    ]
    assert refused("digits", side=9) == [
        "settings: no setting is called `side`; leave it out: this task has none"
    ]


@pytest.mark.parametrize("value", [True, 8.0, "8", None])
def test_a_setting_is_a_whole_number(value: object) -> None:
    with pytest.raises(InputError, match=r"length: .* is not in its range"):
        load_task("translate", settings={"length": value})  # type: ignore[dict-item]
