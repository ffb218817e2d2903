"""Directories of results, whichever verb wrote them: what they hold, as tables and reports."""

from analysis.results.found import Results, load_results

__all__ = ["Results", "load_results"]
