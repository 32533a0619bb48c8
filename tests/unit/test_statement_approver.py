"""Before whom statements of a company come: by who heads whom in the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from huikuan.errors import FinanceError
from huikuan.finance.batches import Approver, approver_of
from huikuan.letters.facts import open_night
from huikuan.policy import load_policy
from huikuan.settings import DEFAULT_POLICY
from tests.packet_samples import LEDGER, changed, night


def person(rep_id: str, role: str, manager_id: str | None, **more: Any) -> dict[str, Any]:
    return {"rep_id": rep_id, "name": rep_id, "email": f"{rep_id}@example.test", "role": role} | {
        "manager_id": manager_id,
        **more,
    }


PEOPLE = [
    person("CEO", "manager", "CEO"),
    person("M-CN", "manager", "CEO"),
    person("M-GB", "manager", "CEO"),
    person("R-CN", "rep", "M-CN"),
    person("R-GB", "rep", "M-GB"),
]


def approver(
    home: Path,
    company_id: str,
    *finance: dict[str, Any],
    people: list[dict[str, Any]] | None = None,
    more_accounts: Sequence[dict[str, Any]] = (),
    named: Mapping[str, str] | None = None,
) -> str:
    accounts = [{**row, "rep_id": f"R-{row['company_id']}"} for row in LEDGER["account"]]
    accounts += [{**accounts[-1], "account_id": f"B-{n}", **more} for n, more in enumerate(more_accounts)]
    ledger = changed(LEDGER, rep=[*(PEOPLE if people is None else people), *finance], account=accounts)
    statements = load_policy(DEFAULT_POLICY).finance.statements.model_copy(update={"approvers": dict(named or {})})
    found = approver_of(open_night(*night(home, ledger)), company_id, statements)
    assert found == Approver(found.rep_id, found.rep_id, f"{found.rep_id}@example.test")
    return found.rep_id


@pytest.mark.parametrize(("company_id", "expected"), [("CN", "F2"), ("GB", "F1")])
def test_each_company_has_its_own_people(tmp_path: Path, company_id: str, expected: str) -> None:
    finance = person("F1", "finance", "M-GB"), person("F2", "finance", "M-CN"), person("F3", "finance", "M-CN")
    assert approver(tmp_path, company_id, *finance) == expected


def test_who_stands_nearer_comes_before_who_serves_all(tmp_path: Path) -> None:
    finance = person("F1", "finance", "CEO"), person("F2", "finance", "M-GB")
    assert approver(tmp_path / "gb", "GB", *finance) == "F2"
    assert approver(tmp_path / "cn", "CN", *finance) == "F1", "the boss of all is nearer than another company's manager"


def test_one_account_lent_to_the_other_house_changes_nothing(tmp_path: Path) -> None:
    finance = person("F1", "finance", "M-CN"), person("F2", "finance", "M-GB")
    lent = [{"company_id": "GB", "rep_id": "R-GB"}, {"company_id": "GB", "rep_id": "M-CN"}]
    assert approver(tmp_path, "GB", *finance, more_accounts=lent) == "F2"


def test_the_policy_may_name_the_person(tmp_path: Path) -> None:
    finance = (
        person("F1", "finance", "CEO"),
        person("F2", "finance", "CEO"),
        person("F3", "finance", "CEO", is_active=False),
    )
    named = {"CN": "F2", "GB": "F3"}
    assert approver(tmp_path / "cn", "CN", *finance, named=named) == "F2"
    with pytest.raises(FinanceError, match="F3, who is to approve the statements of GB, is not active"):
        approver(tmp_path / "gb", "GB", *finance, named=named)


def test_who_has_left_or_has_no_address_is_not_asked(tmp_path: Path) -> None:
    left = person("F1", "finance", "M-GB", is_active=False)
    mute = person("F2", "finance", "M-GB", email=" ")
    assert approver(tmp_path, "GB", left, mute, person("F3", "finance", "M-CN")) == "F3"


def test_a_ledger_without_managers_takes_the_first(tmp_path: Path) -> None:
    flat = [person("R-CN", "rep", None), person("R-GB", "rep", None)]
    finance = person("F2", "finance", None), person("F1", "finance", None)
    assert approver(tmp_path, "GB", *finance, people=flat) == "F1"


def test_a_ring_of_managers_ends(tmp_path: Path) -> None:
    ring = [person("R-CN", "rep", "R-GB"), person("R-GB", "rep", "R-CN")]
    finance = person("F1", "finance", "F2"), person("F2", "finance", "F1"), person("F3", "finance", "R-GB")
    assert approver(tmp_path, "CN", *finance, people=ring) == "F3"


def test_nobody_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(FinanceError, match="Give one person that role"):
        approver(tmp_path, "CN")
