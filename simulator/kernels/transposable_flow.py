"""The optimal mask of a block, any pattern: places move from columns with too many to those with room.

Oracle: tests/oracles/transposable.py; of wide blocks, a linear program.
"""

import numpy as np

from simulator.kernels.compile import kernel
from simulator.kernels.transposable_blocks import place, weigh
from simulator.kernels.transposable_prices import WIDE, reprice

ALWAYS_ROOM = -(1 << 30)  # what the column that stands for keeping less counts


@kernel
def select_flow(scores, kept, group, at_most, sweeps, direct, first, last, out):  # type: ignore[no-untyped-def]
    """Fill rows [first, last) of blocks of `out`, counted through the stack, with the mask of largest sum.

    scores (stack, rows, columns) floats, out the same shape of bool. Columns get prices, and every row of a
    block takes the `kept` weights that are the largest beyond them, which is best if columns may hold any
    number. Then, while a column holds too many, one place moves along the cheapest path of exchanges within
    rows to a column that has room. Prices keep the cost of every exchange from being negative, so that
    Dijkstra's search finds the path and the sum stays the largest for what columns hold (successive shortest
    paths: Ahuja, Magnanti, Orlin, Network Flows, 1993, 9.7). The better the first prices, which `sweeps`
    improve, the fewer moves are left.

    `at_most` adds a column of zeros that has always room: a place that moves there is given up. A column with
    room then costs nothing, so that the first prices are zero. With `direct` only the cheapest single
    exchange is looked for: the sum is near the largest, columns are full, and `at_most` gives up NaN alone.
    """
    free = at_most and not direct
    width = group + 1 if free else group
    blocks = np.zeros((WIDE, group, width))
    enter, leave = np.zeros((group, width)), np.zeros((width, group))
    weights, ladder = np.zeros((group, group * WIDE)), np.zeros((group, group * WIDE))
    prices, bars = np.zeros(group * WIDE), np.zeros(group * WIDE)
    count, price, cost = np.zeros(width, np.int64), np.zeros(width), np.zeros(width)
    origin, done = np.zeros(width), np.zeros(width, np.bool_)
    reach, via = np.zeros(group), np.zeros(group)
    down = (scores.shape[1] + group - 1) // group
    across = (scores.shape[2] + group - 1) // group
    for line in range(first, last):
        stack, row = line // down, line % down * group
        for left in range(0, across, WIDE):
            many = min(WIDE, across - left)
            for b in range(many):
                weigh(scores, stack, row, (left + b) * group, group, blocks[b])
                lay_in(blocks[b], b, weights)
            reprice(weights, kept, 0 if free else sweeps, prices, bars, ladder)
            for b in range(many):
                block = blocks[b]
                excess = start(block, kept, prices, bars, b, price, enter, leave, count)
                for _ in range(excess):
                    move(block, kept, direct, enter, leave, count, price, cost, origin, done, reach, via)
                place(enter, block, 0.0 if at_most else -np.inf, stack, row, (left + b) * group, out)


@kernel
def lay_in(block, b, weights):  # type: ignore[no-untyped-def]
    """Put a block beside others."""
    for i in range(len(block)):
        for j in range(len(block)):
            weights[i, j * WIDE + b] = block[i, j]


@kernel
def start(weights, kept, prices, bars, b, price, enter, leave, count):  # type: ignore[no-untyped-def]
    """Each row takes its `kept` largest gains, of equals the lowest; how many places columns hold too much.

    A gain is the weight less the column's price, which prices[j * WIDE + b] gives; bars[i * WIDE + b] is the
    least of those that row i takes. `enter` is what a row wins by taking a place: the weight, -inf where it
    has it; `leave` is what giving it up costs, by column: the weight, inf where the row has it not. With a
    further column, of zeros, no row takes a weight below 0.
    """
    group, width = weights.shape
    count[:] = 0
    for j in range(group):
        price[j] = prices[j * WIDE + b]
    for i in range(group):
        bar = bars[i * WIDE + b] if width == group else max(0.0, bars[i * WIDE + b])
        take(weights[i], price[:group], bar, kept, enter[i], count)
    excess = 0
    for j in range(group):
        excess += max(0, count[j] - kept)
    if width > group:
        price[group] = 0.0
        enter[:, group] = 0.0
        leave[group] = np.inf
        count[group] = ALWAYS_ROOM
    for j in range(np.uint64(group if excess > 0 else 0)):
        for i in range(np.uint64(group)):
            leave[j, i] = weights[i, j] if enter[i, j] == -np.inf else np.inf
    return excess


@kernel
def take(weights, price, bar, kept, enter, count):  # type: ignore[no-untyped-def]
    """A row takes the gains above `bar`, and of those equal to it the first, until it has `kept`."""
    group = len(price)
    held = 0
    for j in range(np.uint64(group)):
        takes = weights[j] - price[j] >= bar
        enter[j] = -np.inf if takes else weights[j]
        count[j] += takes
        held += takes
    j = group
    while held > kept:
        j -= 1
        if weights[j] - price[j] == bar:
            enter[j] = weights[j]
            count[j] -= 1
            held -= 1


@kernel
def move(weights, kept, direct, enter, leave, count, price, cost, origin, done, reach, via):  # type: ignore[no-untyped-def]
    """Move a place from some column that holds too many to the nearest with room; reprice what was passed."""
    set_out(kept, enter, leave, count, price, cost, origin, done, reach, via)
    group, width = weights.shape
    near, column = nearest(cost, done, count, kept if direct else width)
    while count[column] >= kept:
        done[column] = True
        for i in range(group):
            through = near + leave[column, i] - price[column]
            if through < reach[i]:
                reach[i] = through
                relax(near, through, enter[i], price, float(i * width + column), cost, origin)
        near, column = nearest(cost, done, count, width)
    for j in range(width):
        if done[j] and not direct:
            price[j] += near - cost[j]
    count[column] += 1
    while count[column] <= kept:
        i, before = int(origin[column]) // width, int(origin[column]) % width
        if column < group:
            enter[i, column] = -np.inf
            leave[column, i] = weights[i, column]
        enter[i, before] = weights[i, before]
        leave[before, i] = np.inf
        column = before
    count[column] -= 1


@kernel
def set_out(kept, enter, leave, count, price, cost, origin, done, reach, via):  # type: ignore[no-untyped-def]
    """The least cost of every column, by one exchange from any column that holds too many.

    `origin` of a column is the row of the exchange times the width, plus the column that it leaves.
    """
    group, width = enter.shape
    for j in range(width):
        done[j] = count[j] > kept
        cost[j] = 0.0 if done[j] else np.inf
    reach[:] = np.inf
    for j in range(width):
        if done[j]:
            pass_on(leave[j], -price[j], float(j), reach, via)
    for i in range(group):
        relax(0.0, reach[i], enter[i], price, i * width + via[i], cost, origin)


@kernel
def pass_on(leave, near, column, reach, via):  # type: ignore[no-untyped-def]
    """Lower the cost at which rows give up a place, where that in `column` is cheaper."""
    for i in range(np.uint64(len(leave))):
        through = leave[i] + near
        earlier = via[i]
        stays = reach[i] <= through
        reach[i] = min(through, reach[i]) + 0.0
        via[i] = (earlier if stays else column) + 0.0


@kernel
def relax(near, reach, enter, price, through, cost, origin):  # type: ignore[no-untyped-def]
    """Lower the cost of each column that a row reaches more cheaply; `near` is the least by now."""
    for j in range(np.uint64(len(enter))):
        cheaper = max(near, reach - (enter[j] - price[j]))
        earlier = origin[j]
        stays = cost[j] <= cheaper
        cost[j] = min(cheaper, cost[j]) + 0.0  # without the sums these become masked stores, which are slow
        origin[j] = (earlier if stays else through) + 0.0


@kernel
def nearest(cost, done, count, most):  # type: ignore[no-untyped-def]
    """The least cost of a column that is not done and holds fewer than `most`, and the column."""
    near, column = np.inf, 0
    for j in range(len(cost)):
        if not done[j] and cost[j] < near and count[j] < most:
            near, column = cost[j], j
    return near, column
