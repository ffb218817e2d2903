"""The figures by name, in the order in which a paper would have them."""

from analysis.figures import (
    accuracy,
    design_space,
    energy,
    heat_map,
    roofline,
    stages,
    time_by_pass,
    tornado,
    training,
    waterfall,
)
from analysis.figures.drawing import Figure

_IN_ORDER: tuple[Figure, ...] = (
    accuracy.FLOPS_FIGURE,
    accuracy.JOULES_FIGURE,
    time_by_pass.FIGURE,
    waterfall.FIGURE,
    energy.FIGURE,
    roofline.FIGURE,
    heat_map.FIGURE,
    stages.FIGURE,
    training.LEARNING_FIGURE,
    training.MASKS_FIGURE,
    design_space.FIGURE,
    tornado.FIGURE,
)
FIGURES = {figure.name: figure for figure in _IN_ORDER}
