"""The command line's retention: old nights to the lake, out of the warehouse."""

from __future__ import annotations

from typing import Annotated

import typer

from huikuan.cli.options import BusinessDate, Lake, PolicyPath, Warehouse, say, settings_of


def retention(
    business_date: BusinessDate,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go (只看不做).")] = False,
    policy: PolicyPath = None,
    lake: Lake = None,
    warehouse: Warehouse = None,
) -> None:
    """Archive old nights to Parquet and remove their partitions (归档); month ends and locked months stay."""
    from huikuan.night import retention as retentions
    from huikuan.night.steps import prepare
    from huikuan.policy import load_policy, policy_in_force

    settings = settings_of(lake, warehouse, policy)
    bounds = load_policy(policy_in_force(settings.policies, business_date.date())).finance.retention
    url = prepare(settings)
    if dry_run:
        found = retentions.due(url, bounds, business_date.date())
        for old in found:
            say(f"  {old.business_date} {old.run_id} ({old.cause})")
        say(f"会归档 would be archived: {len(found)}")
        return
    done = retentions.retire(url, settings.lake, bounds, business_date.date(), say)
    say(f"已归档并移出 archived and removed: {len(done)}")
