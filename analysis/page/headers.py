"""Headers: how a column of results reads to a person, and in which unit its numbers are."""

from typing import NamedTuple

from analysis.quantities import PICO


class Header(NamedTuple):
    """A title, and what a number of the column is: times `factor` in `unit`, with or without an SI prefix."""

    title: str
    unit: str = ""
    factor: float = 1.0
    prefixed: bool = False
    goal: str = ""


SUFFIXES = {
    "_pj": ("", "J", PICO),
    "_mm2": ("", "mm²", 1.0),
    "_bytes": ("bytes", "B", 1.0),
    "_flops": ("FLOPs", "FLOP", 1.0),
    "_macs": ("MACs", "", 1.0),
    "_js": ("", "J·s", 1.0),
    "_j": ("", "J", 1.0),
}
"""What a column is by the end of its key: the noun that its title ends in, its unit, and the factor to it."""
KNOWN = {
    "seconds": Header("time", "s", 1.0, True, "min"),
    "energy_j": Header("energy", "J", 1.0, True, "min"),
    "energy_pj": Header("energy", "J", PICO, True, "min"),
    "energy_low_j": Header("energy, at least", "J", 1.0, True, "min"),
    "energy_high_j": Header("energy, at most", "J", 1.0, True, "min"),
    "energy_low_pj": Header("energy, at least", "J", PICO, True, "min"),
    "energy_high_pj": Header("energy, at most", "J", PICO, True, "min"),
    "edp_js": Header("energy-delay product", "J·s", 1.0, True, "min"),
    "area_mm2": Header("area", "mm²", goal="min"),
    "area_low_mm2": Header("area, at least", "mm²", goal="min"),
    "area_high_mm2": Header("area, at most", "mm²", goal="min"),
    "watts": Header("power", "W", 1.0, True, "min"),
    "utilization": Header("utilization", goal="max"),
    "peak_macs_per_cycle": Header("peak", "MAC/cycle", 1.0, True, "max"),
    "p_corrected": Header("p, corrected"),
    "value_mean": Header("result, mean"),
    "value_low": Header("result, from"),
    "value_high": Header("result, to"),
    "arch": Header("machine"),
    "label": Header("recipe"),
    "lower_is_better": Header("lower is better"),
    "held_out_loss": Header("held-out loss", goal="min"),
    "held_out_loss_mean": Header("held-out loss, mean", goal="min"),
    "training_loss": Header("training loss", goal="min"),
    "held_out_metric": Header("held-out result"),
    "training_metric": Header("training result"),
    "rate": Header("learning rate"),
    "norm": Header("gradient norm"),
    "flip_rate": Header("flip rate"),
    "sad": Header("mask differences"),
    "state": Header("state"),
    "why": Header("why"),
}


def header(key: str) -> Header:
    """How the column `key` reads; one that is not known reads as it is written, in spaces."""
    if key in KNOWN:
        return KNOWN[key]
    stem = key.removesuffix("_mean")
    if stem in KNOWN:
        return KNOWN[stem]
    if "." in key:  # a key of a machine reads as the file writes it
        return Header(key)
    if stem == "cycles" or stem.endswith("_cycles") or stem.startswith("stall_") or stem == "vector_ops":
        words = f"stalled by {stem[6:]}" if stem.startswith("stall_") else stem
        return Header(words.replace("_", " ").replace(" ops", " operations"), prefixed=True)
    for suffix, (noun, unit, factor) in SUFFIXES.items():
        if stem.endswith(suffix):
            words = stem.removesuffix(suffix).replace("_", " ")
            prefixed = suffix != "_mm2"
            goal = "" if unit == "" else "min"
            return Header(f"{words} {noun}".strip(), unit, factor, prefixed, goal)
    for bound, words in (("_low", ", from"), ("_high", ", to")):
        if key.endswith(bound):
            return header(key.removesuffix(bound))._replace(
                title=header(key.removesuffix(bound)).title + words
            )
    return Header(key.replace("_", " "))
