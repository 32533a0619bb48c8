"""The policy's JSON schema, for editors: ``python -m huikuan.policy.schema > include/policy/policy.schema.json``."""

from __future__ import annotations

import json
import sys

from huikuan.policy.model import PolicyBody


def policy_schema() -> str:
    """JSON schema of a policy file, as text."""
    schema = PolicyBody.model_json_schema(by_alias=True)
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "Huikuan policy (回款政策)"
    return json.dumps(schema, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(policy_schema())
