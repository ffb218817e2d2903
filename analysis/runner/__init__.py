"""Jobs spread over processes of this machine or a cluster, whatever dies meanwhile."""

from analysis.runner.runner import Outcome, Runner, check_workers

__all__ = ["Outcome", "Runner", "check_workers"]
