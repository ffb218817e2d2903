"""`nmsim train` as the command line sees it: its options, and what they choose."""

from analysis.options import Form, FormOption
from analysis.training import options as given


def train(
    task: given.Task,
    data: given.Data = None,
    size: given.Sizes = None,
    recipe: given.RecipeName = "dense",
    pattern: given.PatternText = None,
    with_: given.With = None,
    sparse: given.Sparse = "ff,conv",
    model: given.ModelName = None,
    width: given.Width = 64,
    depth: given.Depth = 2,
    inner: given.Inner = None,
    heads: given.Heads = 4,
    activation: given.Activation = "gelu",
    batch: given.Batch = 64,
    steps: given.Steps = None,
    budget: given.Budget = None,
    convention: given.Convention = "algorithmic",
    longer: given.Longer = 1,
    rate: given.Peak = None,
    schedule: given.Schedule = "cosine",
    warmup: given.Warmup = 0.05,
    floor: given.Floor = 0.02,
    optimizer: given.OptimizerName = "adamw",
    decay: given.Decay = 0.01,
    momentum: given.Momentum = 0.9,
    beta2: given.Beta2 = 0.999,
    clip: given.Clip = 1.0,
    smoothing: given.Smoothing = 0.0,
    seed: given.Seed = 0,
    dtype: given.Dtype = "bf16",
    probes: given.Probes = 0,
    out: given.Out = None,
    resume: given.Resume = False,
    mask_every: given.MaskEvery = None,
    arch: given.Archs = None,
    settings: given.Settings = None,
    against: given.Against = None,
    form: FormOption = Form.TABLE,
) -> None:
    """Emulate a training run: a small network, a recipe, every product written down.

    Says what it learnt, what it cost in FLOPs, and on each --arch in time, bytes and energy.
    """
    from analysis.training.job import Job, run_job

    learnt = {"task": task, "data": data, "recipe": recipe, "pattern": pattern, "sparse": sparse}
    network = {"model": model, "width": width, "depth": depth, "inner": inner, "heads": heads}
    length = {"batch": batch, "steps": steps, "budget": budget, "convention": convention, "longer": longer}
    falling = {"rate": rate, "schedule": schedule, "warmup": warmup, "floor": floor, "clip": clip}
    moved = {"optimizer": optimizer, "decay": decay, "momentum": momentum, "beta2": beta2}
    rest = {"smoothing": smoothing, "seed": seed, "dtype": dtype, "probes": probes, "activation": activation}
    chosen = {**learnt, **network, **length, **falling, **moved, **rest, "settings": tuple(with_ or ())}
    job = Job(chosen, size or (), out, resume, mask_every, arch or (), settings or (), against)
    run_job(job, form)
