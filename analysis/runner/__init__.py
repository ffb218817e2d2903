"""Jobs spread over processes of this machine or a cluster, whatever dies meanwhile."""

from analysis.runner.runner import Outcome, Runner

__all__ = ["Outcome", "Runner"]
