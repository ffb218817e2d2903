"""Unbiased N:M sparsification of gradients: a value that is kept is the larger the less often it is kept."""

import numpy as np
from numpy.typing import NDArray

from simulator.errors import InputError, lookup
from simulator.kernels.threads import spread
from simulator.kernels.unbiased import sparsify, write_chances
from simulator.mask.dtypes import Array, narrowed, widened
from simulator.mask.layout import check_axis_of, check_generator, check_pattern, check_scores, grouped
from simulator.pattern import Pattern

SAMPLED_MAX = 64
APPROXIMATE = {"minimum_variance": False, "approximate": True}


def sparsify_unbiased(
    values: Array,
    pattern: Pattern,
    rng: np.random.Generator,
    *,
    axis: int = -1,
    method: str = "minimum_variance",
) -> Array:
    """At most `kept` non-zeros in each group, whose expectation is `values`; of their shape and dtype.

    Value i is kept with the probability p_i of `inclusion`, and is then a_i / p_i: the error has the
    expectation 0 and the variance sum a_i^2 (1/p_i - 1). Systematic sampling takes one number u of `rng` for
    each group, in C order of the groups: value i is kept where u + a whole number lies in its stretch of the
    summed probabilities. Holds to the rounding of float64, and to the 2^-53 that u resolves; the result is
    rounded to float32 or float64, then to nearest for 16 bits, and beyond the range of the dtype it is
    infinity. A group with at most `kept` non-zeros comes back as it is. Infinities and NaN are kept as they
    are, the lowest index first, so that an overflow stays in sight; the finite values share the places that
    are left, and are 0 where none is.
    """
    values, at = _check(values, pattern, axis, method)
    check_generator(rng)
    given = grouped(widened(values), at)
    outer, length, inner = given.shape
    uniforms = rng.random((outer, pattern.groups_along(length), inner))
    out = np.empty_like(given)

    def run(first: int, last: int) -> None:
        with np.errstate(over="ignore"):  # where the compiler is off
            sparsify(given, uniforms, pattern.kept, pattern.group, APPROXIMATE[method], first, last, out)

    spread(run, outer * uniforms.shape[1], values=given.size)
    return narrowed(out, values.dtype).reshape(values.shape)


def inclusion(
    values: Array, pattern: Pattern, *, axis: int = -1, method: str = "minimum_variance"
) -> NDArray[np.float64]:
    """The probability with which `sparsify_unbiased` keeps each value, in the shape of `values`.

    `minimum_variance` is p_i = min(1, c |a_i|), with the c that makes a group's p add up to `kept`, or to its
    non-zeros where they are fewer: of all unbiased estimates with as many non-zeros the one of least variance
    (Chmiel et al., arXiv 2203.10991). `approximate`, for patterns that keep two, is the chance to be one of
    two that are drawn one after the other in proportion to |a|, as the code published with FST does (Hu et
    al., arXiv 2404.01847); its variance is a little larger. What is not
    finite has p = 1, as far as there is room.
    """
    values, at = _check(values, pattern, axis, method)
    given = grouped(widened(values), at)
    out = np.empty(given.shape, np.float64)

    def run(first: int, last: int) -> None:
        write_chances(given, pattern.kept, pattern.group, APPROXIMATE[method], first, last, out)

    spread(run, given.shape[0] * pattern.groups_along(given.shape[1]), values=given.size)
    return out.reshape(values.shape)


def _check(values: Array, pattern: Pattern, axis: int, method: str) -> tuple[Array, int]:
    """The values, and `axis` counted from the front; or what is wrong with the arguments."""
    values = check_scores(values, what="values")
    if check_pattern(pattern).group > SAMPLED_MAX:
        raise InputError.of(
            f"`{pattern}` has a group of {pattern.group}", f"groups of at most {SAMPLED_MAX} can be sampled"
        )
    if lookup(APPROXIMATE, method, kind="method") and pattern.kept != 2:
        raise InputError.of(
            f"`{pattern}` keeps {pattern.kept}", "approximate draws two, minimum_variance any number"
        )
    return values, check_axis_of(values, axis)
