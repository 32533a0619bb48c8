"""Policy: thresholds, scorecard and rules as data, checked on loading, handed to the SQL as small relations."""

from huikuan.policy.load import load_policy, policy_in_force
from huikuan.policy.model import Policy

__all__ = ["Policy", "load_policy", "policy_in_force"]
