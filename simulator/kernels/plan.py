"""Plan: a product and its mapping as the integers that the kernels of tiles work with."""

from typing import NamedTuple

from simulator.kernels.compile import kernel

MNK, NMK, KMN, KNM = 0, 1, 2, 3
PARTIAL_UNITS = 32 * 1024


class Plan(NamedTuple):
    """`batch` Gemms of m, n, full_k on `clusters` of cluster_m x cluster_n cores, cut into tiles.

    Units are 1/1024 bit: those of a value of A, of a kept value of B and of its metadata, of a result.
    `accumulators` holds what a core has room for beside its memory, 0: none; `buffers` are those of results.
    Streamed into the array, a value of B has b_bits, and a fold (a streamed vector, a step) beat_meta_bits.
    `ahead`: tiles of a job are fetched while results of the one before leave.

    What follows tile_m is the mapping: a job is one cluster's tile, along the outer and the inner axis;
    `elements` are the batch times the parts of a split k, each of length k. `lone`: one core is all there is.
    """

    batch: int
    m: int
    n: int
    full_k: int
    cores: int
    clusters: int
    cluster_m: int
    cluster_n: int
    accumulators: int
    buffers: int
    kept: int
    group: int
    a_units: int
    b_units: int
    meta_units: int
    c_units: int
    b_bits: int
    beat_meta_bits: int
    ahead: int = 1
    tile_m: int = 0
    tile_n: int = 0
    tile_k: int = 0
    by_n: int = 0
    k_outer: int = 0
    band: int = 0
    split: int = 0
    elements: int = 0
    k: int = 0
    outer: int = 0
    inner: int = 0
    job_outer: int = 0
    job_inner: int = 0
    lone: int = 0
    out_units: int = 0


@kernel
def mapped(base, tile_m, tile_n, tile_k, order, band, split):  # type: ignore[no-untyped-def]
    """`base` with a mapping; parts of a split k are whole groups. Oracle: tests/oracles/tiles.py."""
    whole = max(1, base.group)
    k = ((base.full_k + split - 1) // split + whole - 1) // whole * whole
    k = min(k, base.full_k)
    parts = (base.full_k + k - 1) // k
    by_n, k_outer = order % 2, order // 2
    outer, job_outer = base.m, base.cluster_m * tile_m
    inner, job_inner = base.n, base.cluster_n * tile_n
    if by_n:
        outer, inner, job_outer, job_inner = inner, outer, job_inner, job_outer
    band = min(band, (outer + job_outer - 1) // job_outer)
    lone = 1 if base.clusters * base.cluster_m * base.cluster_n == 1 else 0
    out_units = PARTIAL_UNITS if parts > 1 else base.c_units
    return Plan(
        base.batch,
        base.m,
        base.n,
        base.full_k,
        base.cores,
        base.clusters,
        base.cluster_m,
        base.cluster_n,
        base.accumulators,
        base.buffers,
        base.kept,
        base.group,
        base.a_units,
        base.b_units,
        base.meta_units,
        base.c_units,
        base.b_bits,
        base.beat_meta_bits,
        base.ahead,
        tile_m,
        tile_n,
        min(tile_k, k),
        by_n,
        k_outer,
        band,
        parts,
        base.batch * parts,
        k,
        outer,
        inner,
        job_outer,
        job_inner,
        lone,
        out_units,
    )
