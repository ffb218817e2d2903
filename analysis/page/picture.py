"""The picture of a machine, drawn from its Arch: the levels of memory from the outside in, and one core.

Widths follow the logarithms of capacity and bandwidth; a cell of the array is one PE where there is room. The
colours are those of the style sheet around it (`picture_style` for a picture that stands alone).
"""

from collections.abc import Iterator
from fractions import Fraction
from html import escape
from itertools import product
from math import ceil, log2
from textwrap import wrap

from analysis.quantities import prefix
from simulator.arch import Arch
from simulator.machine import Level, Machine, resolve
from simulator.quantities import UNLIMITED

WIDTH = 324
MIDDLE = WIDTH / 2
SLAB_LEAST, SLAB_MOST, SLAB_HIGH, FLOW_HIGH = 206, 320, 42, 34
CHARACTER, LINE_MOST = 6.4, 49
MANY = 10**6
SIDE_MOST, CELLS_MOST = 150, 16
STAYS = {
    "weight_stationary": "weights stay in the array",
    "input_stationary": "inputs stay in the array",
    "output_stationary": "results stay in the array",
}
DECODERS = {"pe": "a PE", "column": "a column", "core": "a core"}


def memory_picture(arch: Arch) -> str:
    """The levels of memory as SVG, the outermost first, and what flows towards the cores."""
    machine = resolve(arch)
    sizes = [log2(level.capacity_bytes * level.instances) for level in machine.levels]
    speeds = [_speed(level) for level in machine.levels]
    parts = []
    top = 22.0
    for level, size, speed in zip(machine.levels, sizes, speeds, strict=True):
        parts += _slab(level, SLAB_LEAST + (SLAB_MOST - SLAB_LEAST) * _place(size, sizes), top)
        parts += _flow(level, machine, 4 + 26 * _place(speed, speeds), top + SLAB_HIGH)
        top += SLAB_HIGH + FLOW_HIGH
    parts += _slab_of(
        SLAB_LEAST, top, f"{_counted(machine.cores, 'core')}", f"at {_prefixed(machine.clock_hz, 'Hz')}"
    )
    label = f"memory of {arch.name}: {', '.join(level.name for level in machine.levels)}"
    return _svg(label, ["memory, from the outside in", *parts], top + SLAB_HIGH + 4)


def core_picture(arch: Arch) -> str:
    """One core as SVG: its array with what feeds it, decodes and selects for it, and takes its sums."""
    machine = resolve(arch)
    cells = [ceil(side / ceil(side / CELLS_MOST)) for side in (machine.rows, machine.columns)]
    cell = min(SIDE_MOST / max(cells), 22.0)
    high, wide = (count * cell for count in cells)
    left, top = 132.0, 92.0 if machine.natives else 34.0
    places = product(range(cells[0]), range(cells[1]))
    parts = [
        _rect("pe", left + column * cell, top + row * cell, *[cell * 0.86] * 2) for row, column in places
    ]
    parts += _feeds(machine, left, top, cells[0], cell)
    if machine.natives:
        parts += _decoder(machine, left, wide)
    below = top + high + 12
    parts += _sums(machine, left, wide, below)
    lines = [line for said in _said(arch, machine, cells) for line in wrap(said, LINE_MOST)]
    for place, line in enumerate(lines):
        parts.append(_text(4, below + 50 + 16 * place, line, "quiet" if place else "strong"))
    label = f"one core of {arch.name}: {machine.rows} x {machine.columns} processing elements"
    return _svg(label, ["one core", *parts], below + 52 + 16 * len(lines))


def picture_style() -> str:
    """The colours of a picture that stands alone, outside of a page."""
    return (
        ".pic text{font:11px sans-serif;fill:#1b1f23}.pic .quiet{fill:#5b646d}.pic .strong{font-weight:600}"
        ".pic .slab{fill:#f6f7f8;stroke:#5b646d}.pic .flow{fill:#56b4e9}.pic .meta{fill:#e69f00}"
        ".pic .pe{fill:#0072b2}.pic .sums{fill:#009e73}.pic .wire{stroke:#5b646d;fill:none}"
        ".pic .head{fill:#5b646d}"
    )


def _svg(label: str, parts: list[str], high: float) -> str:
    title = _text(4, 13, parts[0], "strong")
    inside = "".join([title, *parts[1:]])
    name = escape(label)
    return (
        f'<svg class="pic" xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{name}" width="{WIDTH}" '
        f'height="{_n(high)}" viewBox="0 0 {WIDTH} {_n(high)}">{inside}</svg>'
    )


def _slab(level: Level, wide: float, top: float) -> list[str]:
    """One level: its name and kind, and what its instances hold."""
    several = f"{level.instances} × " if level.instances > 1 else ""
    banks = f", {_counted(level.banks, 'bank')}" if level.banks > 1 else ""
    wait = f", {_counted(level.latency, 'cycle')}" if level.latency else ""
    return _slab_of(
        wide, top, f"{level.name} ({level.kind})", f"{several}{size_text(level.capacity_bytes)}{banks}{wait}"
    )


def _slab_of(wide: float, top: float, name: str, said: str) -> list[str]:
    return [
        _rect("slab", MIDDLE - wide / 2, top, wide, SLAB_HIGH),
        _text(MIDDLE, top + 17, _fitted(name, wide), "strong", "middle"),
        _text(MIDDLE, top + 33, _fitted(said, wide), "quiet", "middle"),
    ]


def _flow(level: Level, machine: Machine, wide: float, top: float) -> list[str]:
    """What a level gives towards the cores: a band as wide as its bandwidth, all instances together."""
    band = _rect("flow", MIDDLE - wide / 2, top, wide, FLOW_HIGH)
    if not level.bandwidth_denominator:
        return [band, _text(MIDDLE + wide / 2 + 6, top + 21, UNLIMITED, "quiet")]
    each = Fraction(level.bandwidth_numerator, level.bandwidth_denominator)
    per_second = _prefixed(float(each * machine.clock_hz), "B/s")
    return [
        band,
        _text(MIDDLE + wide / 2 + 6, top + 15, per_second, "quiet"),
        _text(MIDDLE + wide / 2 + 6, top + 28, f"{_rounded(float(each))} B/cycle", "quiet"),
    ]


def _feeds(machine: Machine, left: float, top: float, rows: int, cell: float) -> Iterator[str]:
    """The dense operand's way into each row, through the selectors if there are any."""
    yield _rect("flow", 6, top, 12, rows * cell)
    yield _text(24, top + rows * cell / 2 - 16, "row feed", "strong")
    feed = machine.feed_bits_per_cycle
    yield _text(
        24, top + rows * cell / 2 - 2, UNLIMITED if feed is None else f"{feed / 8:g} B/cycle", "quiet"
    )
    yield _text(24, top + rows * cell / 2 + 12, "a row", "quiet")
    for row in range(rows):
        y = top + (row + 0.43) * cell
        yield f'<path class="wire" d="M18 {_n(y)}H22M98 {_n(y)}H{_n(left - 4)}"/>'
        if machine.natives:
            half = min(0.42 * cell, 8)
            yield (
                f'<polygon class="meta" points="108,{_n(y - half)} 120,{_n(y - half / 2)} '
                f'120,{_n(y + half / 2)} 108,{_n(y + half)}"/>'
            )
        tip, back = _n(left - 2), _n(left - 7)
        yield f'<polygon class="head" points="{back},{_n(y - 2.5)} {tip},{_n(y)} {back},{_n(y + 2.5)}"/>'


def _decoder(machine: Machine, left: float, wide: float) -> list[str]:
    """The metadata decoder over the array, and how many candidates a lane picks from."""
    groups = machine.decode_groups_per_cycle
    rate = f"{groups}" if groups < MANY else f"{groups / MANY:.3g} M"
    said = f"{rate} groups/cycle {DECODERS[machine.decode_at]}"
    return [
        _text(left, 28, f"decode {machine.decode_format}", "strong"),
        _text(left, 42, said, "quiet"),
        _rect("meta", left, 50, max(wide, 40) * 0.98, 16),
        f'<path class="wire" d="M{_n(left + wide / 2)} 66V88M114 86V58H{_n(left)}"/>',
        _text(4, 60, "select", "strong"),
        _text(4, 74, f"1 of {machine.fan_in}", "quiet"),
    ]


def _sums(machine: Machine, left: float, wide: float, top: float) -> list[str]:
    """Where partial sums stay."""
    held = machine.accumulator_bytes
    where = f"in {machine.levels[-1].name}" if held is None else size_text(held)
    return [
        _rect("sums", left, top, max(wide, 40) * 0.98, 16),
        _text(4, top + 12, "partial sums", "strong"),
        _text(4, top + 26, where, "quiet"),
        f'<path class="wire" d="M{_n(left + wide / 2)} {_n(top - 12)}V{_n(top)}"/>',
    ]


def _said(arch: Arch, machine: Machine, cells: list[int]) -> Iterator[str]:
    """What the drawing cannot show."""
    yield f"{machine.rows} × {machine.columns} PEs, {STAYS[machine.dataflow]}"
    if machine.rows * machine.columns != cells[0] * cells[1]:
        each = f"{ceil(machine.rows / cells[0])} × {ceil(machine.columns / cells[1])}"
        yield f"drawn coarser: a cell is {each} PEs"
    lanes = [f"{dtype}\u00a0{count}" for dtype, count in machine.lanes]
    yield f"multiply-adds a PE: {', '.join(lanes)}"
    yield f"skips zeros of: {machine.patterns_text}" if machine.natives else "skips no zeros"
    yield f"vector unit: {arch.core.vector.ops_per_cycle} operations a cycle"


def size_text(count: int) -> str:
    """Bytes as a machine's file writes them."""
    for name, size in (("TiB", 2**40), ("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if count >= size:
            return f"{count / size:.4g} {name}"
    return f"{count} B"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _prefixed(value: float, unit: str) -> str:
    size, name = prefix(value, least=1.0)
    return f"{value / size:.4g} {name}{unit}"


def _rounded(value: float) -> str:
    return f"{value:.4g}" if value < 1000 else f"{value:.0f}"


def _fitted(text: str, wide: float) -> str:
    """`text`, or its beginning where it is longer than `wide` pixels."""
    most = int(wide / CHARACTER)
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _speed(level: Level) -> float:
    """The logarithm of a bandwidth; the largest there may be for none."""
    if not level.bandwidth_denominator:
        return 60.0
    return log2(level.bandwidth_numerator / level.bandwidth_denominator)


def _place(value: float, values: list[float]) -> float:
    """Where `value` lies between the least and the most of `values`."""
    low, high = min(values), max(values)
    return (value - low) / (high - low) if high > low else 1.0


def _n(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _rect(name: str, x: float, y: float, wide: float, high: float) -> str:
    return f'<rect class="{name}" x="{_n(x)}" y="{_n(y)}" width="{_n(wide)}" height="{_n(high)}"/>'


def _text(x: float, y: float, said: str, name: str, anchor: str = "start") -> str:
    return f'<text class="{name}" x="{_n(x)}" y="{_n(y)}" text-anchor="{anchor}">{escape(said)}</text>'
