"""How many masks a structure allows: the more there are, the better the best of them can be.

Hubara et al. (2021, arXiv 2102.08124), section 3. Their count of transposable masks is exact for kept = 1
only. Elsewhere it is too high: 144 for 2:4, of which there are 90; 1.8e13 for 4:8, of which there are 1.2e11.
Counted exactly, 4:8 that is transposable allows fewer masks of 64 values than 2:4 that is not.
"""

from functools import cache
from math import comb, factorial, lgamma, log, log10, prod

from simulator.errors import InputError, lookup
from simulator.gemm import SIZE_MAX, check_count
from simulator.mask.layout import check_pattern
from simulator.pattern import Pattern

BLOCK_MAX = 16  # the largest group whose blocks are counted: 8:16 takes a second or two
DIGIT = 5  # bits that hold a number of columns
DIGIT_MAX = (1 << DIGIT) - 1
COUNTED_MAX = 1 << 18  # values for which a count is a number of 260 000 bits, made within a second
CHOICES_MAX = 1 << 12  # values below which C(values, kept) is made in full for its logarithm

STRUCTURES = {
    "unstructured": "as many values kept, anywhere",
    "structured": "kept of every group along a row",
    "transposable": "kept of every group along rows and along columns",
}
FORMULAS = {"exact": "what there are", "paper": "what Hubara et al. say"}


def count_masks(pattern: Pattern, *, rows: int, columns: int, structure: str, formula: str = "exact") -> int:
    """How many masks of `rows` x `columns` keep exactly as much as `pattern` does, exactly.

    With T = rows * columns, kept:group = N:M:

    * `unstructured`: as many values as N:M keeps, anywhere: C(T, T N/M);
    * `structured`: N of every M along a row: C(M, N)^(T/M); a tail keeps min(N, tail) of its own;
    * `transposable`: N of every M along rows and along columns: B^(T/M^2), B of count_transposable_block;
      with formula `paper` (M! (M-1)! ... (M-N+1)!)^(T/M^2), which is more except for N = 1.

    At most 2^18 values; log10_masks takes any number.
    """
    _check(pattern, rows, columns, structure, formula)
    if rows * columns > COUNTED_MAX:
        raise InputError.of(
            f"{rows} x {columns} are {rows * columns} values",
            f"masks of up to {COUNTED_MAX} values are counted; for more there is log10_masks",
        )
    if structure != "transposable":
        return prod(comb(*of) ** times for of, times in _choices(pattern, rows, columns, structure))
    blocks: int = rows * columns // pattern.group**2
    if formula == "exact":
        return int(count_transposable_block(pattern) ** blocks)
    return int(prod(factorial(pattern.group - taken) for taken in range(pattern.kept)) ** blocks)


def log10_masks(
    pattern: Pattern, *, rows: int, columns: int, structure: str, formula: str = "exact"
) -> float:
    """The logarithm to base 10 of count_masks, within a share of 1e-9, for layers of any size."""
    _check(pattern, rows, columns, structure, formula)
    if structure != "transposable":
        return sum(times * _log10_comb(*of) for of, times in _choices(pattern, rows, columns, structure))
    blocks = rows * columns // pattern.group**2
    if formula == "exact":
        return blocks * log10(count_transposable_block(pattern))
    return blocks * sum(lgamma(pattern.group - taken + 1) for taken in range(pattern.kept)) / log(10)


def count_transposable_block(pattern: Pattern) -> int:
    """How many group x group matrices of 0 and 1 keep exactly `kept` in every row and every column.

    OEIS A008300, for groups up to 16, and for any group if kept is 1, group - 1 or group: group! or 1.
    """
    return _count_block(check_pattern(pattern))


@cache
def _count_block(pattern: Pattern) -> int:
    size, kept = pattern.group, min(pattern.kept, pattern.group - pattern.kept)  # zeros are as many as ones
    if kept <= 1:
        return factorial(size) if kept else 1
    if size > BLOCK_MAX:
        raise InputError.of(
            f"blocks of {pattern} are too many to count",
            f'a group has at most {BLOCK_MAX} values, or formula is "paper"',
        )
    # Rows are added one at a time. Columns that hold as many ones are alike: a state is how many columns hold
    # 0, 1, ... `kept`. Upper and lower rows meet in the middle, where one half lacks what the other holds.
    upper = {_state([size]): 1}
    for _ in range(size // 2):
        upper = _with_another_row(upper, kept)
    lower = _with_another_row(upper, kept) if size % 2 else upper
    total = 0
    for state, ways in upper.items():
        alike = [state >> DIGIT * (1 + ones) & DIGIT_MAX for ones in range(kept + 1)]
        columns = factorial(size) // prod(map(factorial, alike))  # ways to say which column is which
        total += ways * lower.get(_state(alike[::-1]), 0) // columns
    return total


def _state(alike: list[int]) -> int:
    """A number whose digits are 0, then how many columns hold 0, 1, 2, ... ones."""
    return sum(columns << DIGIT * (1 + ones) for ones, columns in enumerate(alike))


def _with_another_row(states: dict[int, int], kept: int) -> dict[int, int]:
    """The ways to reach each state after one more row, which puts a one into `kept` columns."""
    partial = {state + kept: ways for state, ways in states.items()}  # the lowest digit: ones not yet placed
    # The fullest columns choose first, so that none can be chosen twice; partial rows that agree are merged.
    for ones in reversed(range(kept)):
        here = DIGIT * (1 + ones)
        moved = (1 << here + DIGIT) - (1 << here) - 1
        following: dict[int, int] = {}
        for state, ways in partial.items():
            alike, left = state >> here & DIGIT_MAX, state & DIGIT_MAX
            emptier = ((state & (1 << here) - 1) >> DIGIT) % DIGIT_MAX  # the sum of these digits
            for chosen in range(max(0, left - emptier), min(alike, left) + 1):
                after = state + chosen * moved
                following[after] = following.get(after, 0) + ways * comb(alike, chosen)
        partial = following
    return partial


def _choices(pattern: Pattern, rows: int, columns: int, structure: str) -> list[tuple[tuple[int, int], int]]:
    """The choices that make a mask: of how many values how many are kept, and how often that is chosen."""
    if structure == "unstructured":
        return [((rows * columns, rows * pattern.kept_along(columns)), 1)]
    groups, tail = divmod(columns, pattern.group)
    return [((pattern.group, pattern.kept), rows * groups), ((tail, min(pattern.kept, tail)), rows)]


def _log10_comb(values: int, kept: int) -> float:
    """The logarithm to base 10 of C(values, kept)."""
    if values <= CHOICES_MAX:
        return log10(comb(values, kept))
    return (lgamma(values + 1) - lgamma(kept + 1) - lgamma(values - kept + 1)) / log(10)


def _check(pattern: Pattern, rows: int, columns: int, structure: str, formula: str) -> None:
    """Refuse what has no such count."""
    check_pattern(pattern)
    check_count("rows", rows, most=SIZE_MAX)
    check_count("columns", columns, most=SIZE_MAX)
    lookup(STRUCTURES, structure, kind="structure")
    lookup(FORMULAS, formula, kind="formula")
    if columns % pattern.group and (structure == "transposable" or formula == "paper"):
        raise InputError.of(
            f"{columns} columns do not divide into groups of {pattern.group}",
            f"a multiple of {pattern.group}",
        )
    if rows % pattern.group and structure == "transposable":
        raise InputError.of(
            f"{rows} rows do not divide into groups of {pattern.group}", f"a multiple of {pattern.group}"
        )
