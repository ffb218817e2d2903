"""Which recipes shapes alone can tell the run of, towards an N:M target."""

from workloads.training.recipes import RECIPES

SHAPED = sorted(set(RECIPES) - {"dst", "pfp"})
"""All but those that find their density while they train, and that keep whole channels."""
TRACED = [name for name in SHAPED if not RECIPES[name].rebuilds]
"""Of these, all that train the network whose shapes they are given."""
GROUPED = sorted(set(SHAPED) - {"adaprune"})
"""Of these, all whose masks have groups at every step."""
PAUSING = frozenset(name for name in SHAPED if RECIPES[name].face.dense_wgrad_every == 100)
"""Those that move masks by a dense gradient after every 100 sparse ones, in three quarters of the run."""
