"""`nmsim study` as the command line sees it."""

from pathlib import Path
from typing import Annotated

import typer

from analysis.options import Form, FormOption, ResultsOption, SchedulerOption, WorkersOption


def study(
    file: Annotated[Path, typer.Argument(help="YAML file of a study: `nmsim schema study` has its keys")],
    out: ResultsOption = None,
    workers: WorkersOption = None,
    scheduler: SchedulerOption = None,
    form: FormOption = Form.TABLE,
) -> None:
    """Cross tasks, recipes, patterns, seeds and machines, and compare.

    Trains, simulates, joins accuracy with FLOPs, time and energy. What --out holds already is not done again.
    """
    from analysis.console import Stopped, naming, write
    from analysis.progress import shown
    from analysis.study.conduct import conduct
    from analysis.study.text import study_text

    with naming("workers", "scheduler"), shown("training runs") as runs:
        try:
            found = conduct(file, out, workers=workers, scheduler=scheduler, progress=runs)
        except KeyboardInterrupt:
            raise Stopped("interrupted; the same command goes on with what there is") from None
    write(study_text(found, form))
