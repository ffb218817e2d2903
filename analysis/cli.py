"""The command line: one verb a job.

What a verb needs is imported when it runs, so that `nmsim --help` answers at once.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from analysis.compare.verb import compare
from analysis.console import naming, open_streams, run_app, write
from analysis.figures.verb import plot
from analysis.options import (
    ArchArgument,
    FidelityOption,
    FigureOption,
    Form,
    FormOption,
    Part,
    Points,
    SetOption,
    TraceArgument,
    whole,
)
from analysis.page.verb import report
from analysis.study.verb import study
from analysis.sweep.verb import sweep
from analysis.training.run_files import trace_of
from analysis.training.verb import train

app = typer.Typer(
    name="nmsim",
    help="What an N:M sparse-training recipe costs on a sparse tensor core.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.command()
def demo(
    out: Annotated[Path, typer.Option("-o", "--out", help="where the results go")] = Path("nmsim-demo"),
) -> None:
    """Tell the whole story: three recipes trained, two machines, four figures, a page."""
    from analysis.demo import run_demo
    from analysis.progress import shown

    with shown("training runs") as runs:
        told = run_demo(out, progress=runs)
    write(told)


@app.command()
def trace(
    network: Annotated[str, typer.Argument(help="a network's name (`nmsim list networks`) or YAML file")],
    out: Annotated[Path, typer.Option("-o", "--out", help="directory of the trace")],
    recipe: Annotated[
        str, typer.Option(help="a recipe's name (`nmsim list recipes`) or YAML file")
    ] = "dense",
    pattern: Annotated[str | None, typer.Option(help="kept:group, as in 2:4")] = None,
    steps: Annotated[int, whole("training steps")] = 1,
    batch: Annotated[int | None, whole("samples a step")] = None,
    seq: Annotated[int | None, whole("tokens a sample")] = None,
    image: Annotated[int | None, whole("pixels along a side")] = None,
    dtype: Annotated[str, typer.Option(help="dtype of the products")] = "bf16",
    sparse: Annotated[str, typer.Option(help="layers that follow the recipe: ff,qkv,proj,conv")] = "ff,conv",
    optimizer: Annotated[str, typer.Option(help="what UPDATE streams: adamw or sgd")] = "adamw",
    inference: Annotated[bool, typer.Option("--inference", help="one forward pass, as trained")] = False,
    form: FormOption = Form.TABLE,
) -> None:
    """Write a training run's trace from shapes alone.

    Says its FLOPs under each convention.
    """
    from analysis.ledgers import ledgers_text
    from workloads.shapes import trace_network

    with naming("recipe", "pattern", "steps", "batch", "seq", "image", "dtype", "sparse", "optimizer"):
        made = trace_network(
            network,
            recipe=recipe,
            pattern=pattern,
            steps=steps,
            batch=batch,
            seq=seq,
            image=image,
            dtype=dtype,
            sparse=sparse,
            optimizer=optimizer,
            inference=inference,
        )
    made.save(out)
    write(ledgers_text(made, out, form))


app.command()(train)
app.command()(study)
app.command()(compare)
app.command()(sweep)
app.command()(plot)
app.command()(report)


@app.command()
def simulate(
    arch: ArchArgument,
    trace: TraceArgument,
    fidelity: FidelityOption = "tile",
    settings: SetOption = None,
    out: Annotated[Path | None, typer.Option("-o", "--out", help="write to this file")] = None,
    form: FormOption = Form.TABLE,
) -> None:
    """Run a trace through a machine and report the cost.

    Cycles by cause, bytes by memory level and direction, utilization; every row with --format json or csv.
    """
    from analysis.report_text import report_text
    from simulator.arch import load_arch
    from simulator.simulate import simulate as run

    report = run(load_arch(arch, settings=settings or ()), trace_of(trace), fidelity=fidelity)
    write(report_text(report, form), out)


@app.command()
def explain(
    arch: ArchArgument,
    trace: TraceArgument,
    settings: SetOption = None,
    against: Annotated[str | None, typer.Option(help="a second machine, under the same --set")] = None,
    by: Annotated[Part, typer.Option(help="what has a row of its own")] = Part.TOTAL,
    energy: Annotated[bool, typer.Option("--energy", help="say where the joules went instead")] = False,
    out: FigureOption = None,
    form: FormOption = Form.TABLE,
) -> None:
    """Say where the cycles went, or the energy.

    From multiplying at peak, without a zero, to the time that fidelity tile models, cause by cause. With
    --energy: each action, how often it happened, and the row of a component table that says what it takes.
    """
    from analysis.canvas import check_figure
    from analysis.explain.cycles import explain as explained
    from analysis.explain.cycles import explanation_text
    from analysis.explain.waterfall import draw_waterfalls

    if out is not None:
        check_figure(out)
    if energy:
        from analysis.explain.energy import explain_energy
        from analysis.explain.energy_figure import draw_energy
        from analysis.explain.energy_text import energy_text

        drawn = out is not None
        spent = explain_energy(arch, trace_of(trace), settings=settings or (), against=against, dense=drawn)
        if out is not None:
            draw_energy(spent, out)
        write(energy_text(spent, by, form))
        return
    found = explained(arch, trace_of(trace), settings=settings or (), against=against, by=by)
    if out is not None:
        draw_waterfalls(found.whole, out)
    write(explanation_text(found, form))


@app.command()
def roofline(
    arch: ArchArgument,
    trace: TraceArgument,
    fidelity: FidelityOption = "tile",
    by: Annotated[Points, typer.Option(help="what has a point, beside each pattern")] = Points.PASS,
    level: Annotated[str | None, typer.Option(help="memory level of the points; left out: outermost")] = None,
    dtype: Annotated[str | None, typer.Option(help="theirs; left out: that of most multiply-adds")] = None,
    settings: SetOption = None,
    out: FigureOption = None,
    form: FormOption = Form.TABLE,
) -> None:
    """Say how near a trace comes to the roofs of a machine.

    Peaks of each pattern, bandwidths and ridges; a point for each pass and pattern; bytes by level and way.
    """
    from analysis.canvas import check_figure
    from analysis.roofline.plot import draw_roofline
    from analysis.roofline.roofline import roofline as run
    from analysis.roofline.text import roofline_text

    if out is not None:
        check_figure(out)
    with naming("level", "dtype"):
        found = run(
            arch,
            trace_of(trace),
            settings=settings or (),
            fidelity=fidelity,
            by=by,
            level=level,
            dtype=dtype,
        )
    if out is not None:
        draw_roofline(found, out)
    write(roofline_text(found, form))


@app.command()
def area(
    arch: ArchArgument,
    settings: SetOption = None,
    form: FormOption = Form.TABLE,
) -> None:
    """Say what each part takes on the chip.

    And what sparsity adds to the same array without it; every area with its bounds and its rows.
    """
    from analysis.charges.area import find_areas
    from analysis.charges.area_text import area_text
    from simulator.arch import load_arch

    write(area_text(find_areas(load_arch(arch, settings=settings or ())), form))


@app.command()
def components(
    arch: ArchArgument,
    settings: SetOption = None,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="directory of ERT.yaml and ART.yaml")
    ] = None,
    form: FormOption = Form.TABLE,
) -> None:
    """Say what a machine's component tables charge.

    Every action, scaled to the machine's node, with its bounds and its rows; --out writes it for Accelergy.
    """
    from analysis.charges.tariff_text import tariff_text
    from analysis.interchange.accelergy import write_tables
    from simulator.arch import load_arch
    from simulator.tariff import load_tariff

    loaded = load_arch(arch, settings=settings or ())
    machine, tariff = load_tariff(loaded)
    files = write_tables(tariff, machine, loaded.value, out) if out is not None else ()
    notes = [f"{file}: written for Accelergy" for file in files]
    write(tariff_text(loaded.name, tariff, form, notes=notes))


@app.command()
def convert(
    ert: Annotated[Path, typer.Argument(help="energies by component and action: an ERT of Accelergy's")],
    out: Annotated[Path, typer.Option("-o", "--out", help="component table to write")],
    art: Annotated[Path | None, typer.Argument(help="areas by component: its ART")] = None,
    names: Annotated[
        list[str] | None,
        typer.Option(
            "--as", metavar="NAME=WHAT", help="MAC=multiply_add:int8, SMEM=memory:shared/512, idle=-"
        ),
    ] = None,
    node: Annotated[
        str | None, typer.Option(help="the node of its values, as in 45 nm; else none scales")
    ] = None,
    clock: Annotated[str | None, typer.Option(help="of the cycle whose leakage it has, as in 1 GHz")] = None,
) -> None:
    """Make a component table of Accelergy's ERT and ART.

    --as says what a component or an action there is here, in how many bits it moves; - leaves it out.
    """
    from analysis.interchange.convert import convert as converted

    made = converted(ert, art, given=names or (), node=node, clock=clock)
    write(made.text, out)
    write(f"{out}: {made.rows} rows from {ert}; it has no bounds and no flags, and they have none\n")


@app.command()
def timeline(
    arch: ArchArgument,
    gemm: Annotated[str, typer.Argument(help="m x n x k of a product, as in 4096x4096x1024")],
    pattern: Annotated[str | None, typer.Option(help="kept:group of its B along k, as in 2:4")] = None,
    dtype: Annotated[str | None, typer.Option(help="its dtype; left out: bf16, or the first")] = None,
    settings: SetOption = None,
    out: Annotated[Path, typer.Option("-o", "--out", help="write to this file")] = Path("timeline.json"),
) -> None:
    """Draw one product on one machine, tile by tile.

    The file opens in Perfetto (ui.perfetto.dev) and in chrome://tracing; one microsecond there is one cycle.
    """
    from simulator.arch import load_arch
    from simulator.errors import placed
    from simulator.pattern import Pattern
    from simulator.timeline import parse_gemm
    from simulator.timeline import timeline as run

    with naming("pattern", "dtype"):
        sizes = parse_gemm(gemm)
        with placed("pattern"):
            kept = Pattern.parse(pattern) if pattern is not None else None
        drawn = run(load_arch(arch, settings=settings or ()), sizes, pattern=kept, dtype=dtype)
    write(drawn.to_json(), out)
    write(f"{out}: {drawn}\n")


@app.command()
def validate(form: FormOption = Form.TABLE) -> None:
    """Hold the model against every published number.

    An error for each case, what was fitted and what predicted, and how far conclusions move with it.
    """
    from analysis.validation.validate import validate as run
    from analysis.validation.validate import validation_text

    write(validation_text(run(), form))


@app.command()
def check(
    files: Annotated[
        list[str],
        typer.Argument(help="YAML of any kind, directories of traces and training runs, arrays (.npy)"),
    ],
    form: FormOption = Form.TABLE,
) -> None:
    """Validate input files without running them.

    Every problem of every file is named, and for an array the N:M patterns that its values obey.
    """
    from analysis.check import check_all
    from analysis.tables import table_text
    from simulator.errors import InputError

    rows, problems = check_all(files)
    write(table_text(rows, form))
    if problems:
        raise InputError(problems)


@app.command("list")
def list_(
    what: Annotated[
        str, typer.Argument(help="archs, components, formats, models, networks, recipes, references or tasks")
    ],
    form: FormOption = Form.TABLE,
) -> None:
    """List what can be named."""
    from analysis.catalog import catalog
    from analysis.tables import table_text

    write(table_text(catalog(what), form))


@app.command()
def schema(
    what: Annotated[str, typer.Argument(help="machine, components, network, recipe, study or sweep")],
) -> None:
    """Print the JSON Schema of a kind of YAML file."""
    import json

    from analysis.check import KINDS
    from simulator.errors import lookup
    from simulator.spec import json_schema

    kind = lookup(KINDS, what, kind="YAML file")
    write(json.dumps(json_schema(kind.model), indent=2) + "\n")


def version(shown: bool) -> None:
    """Print the version and end."""
    if shown:
        from simulator.version import __version__

        write(f"nmsim {__version__}\n")
        raise typer.Exit


@app.callback()
def options(
    _version: Annotated[
        bool, typer.Option("--version", callback=version, is_eager=True, help="print the version and end")
    ] = False,
) -> None:
    """What an N:M sparse-training recipe costs on a sparse tensor core."""


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return its exit status: 0 done, 2 bad input, 130 interrupted."""
    return run_app(app, arguments)


def main() -> None:
    """The console script."""
    open_streams()
    sys.exit(run(sys.argv[1:]))
