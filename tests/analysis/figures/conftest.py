"""Fixtures of this room."""

from tests.analysis.figures.studies import study

__all__ = ["study"]
