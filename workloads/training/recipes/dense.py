"""Dense training, from which every other recipe differs."""

from workloads.training.recipe import Recipe

DENSE_TRAINING = Recipe(name="dense", summary="nothing is sparse", paper="the reference of all recipes")
