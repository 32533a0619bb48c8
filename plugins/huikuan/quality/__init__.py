"""Validation: rules from the contract and from the business, quarantine, and the gate."""

from huikuan.quality.model import Gate, Reason, RuleResult, Validation
from huikuan.quality.validation import validate

__all__ = ["Gate", "Reason", "RuleResult", "Validation", "validate"]
