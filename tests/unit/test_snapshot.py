"""Snapshots: complete or not there, verified when read, numbered, chained, and safe among processes."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from huikuan.errors import LedgerError, SnapshotError
from huikuan.ledger import snapshot
from huikuan.ledger.source import open_source
from tests.source_ledgers import MINIMAL, POISON, folder, read

DAY = date(2026, 2, 10)
CONTACT_LOG = "company_id,log_id,account_id,contacted_at,channel,outcome\n"


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    return tmp_path / "lake"


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    return folder(tmp_path / "ledger")


def take(ledger: Path, lake: Path, day: date = DAY) -> snapshot.Snapshot:
    return snapshot.take(open_source(str(ledger)), lake, day)


def manifest(taken: snapshot.Snapshot) -> dict[str, object]:
    content: dict[str, object] = json.loads((taken.folder / "manifest.json").read_text("utf-8"))
    return content


def test_a_snapshot_holds_the_tables_and_their_facts(ledger: Path, lake: Path) -> None:
    seen: list[tuple[str, int]] = []
    taken = snapshot.take(open_source(str(ledger)), lake, DAY, lambda table, rows: seen.append((table, rows)))
    assert taken.snapshot_id == "20260210-s1"
    assert taken.folder == lake / "snapshots" / "2026-02-10" / "20260210-s1"
    assert seen == [("company", 1), ("rep", 1), ("account", 3), ("document", 3), ("receipt", 0)]
    assert taken.tables["document"].sums == {"amount:CNY": "1334.4999", "amount:USD": "0.0100"}
    assert taken.tables["account"].sums == {"credit_limit": "1000.5000"}
    assert taken.tables["receipt"].rows == 0
    assert taken.has("account")
    assert not taken.has("dispute")
    with pytest.raises(SnapshotError, match="has no table dispute"):
        taken.path("dispute")
    assert taken.path("account").stat().st_size == taken.tables["account"].bytes
    assert sorted(path.name for path in taken.folder.iterdir()) == sorted(
        [*(f"{table}.parquet" for table, _ in seen), "manifest.json"]
    )
    assert snapshot.load(lake, taken.snapshot_id) == taken
    assert snapshot.latest(lake, DAY) == taken
    assert snapshot.latest(lake, date(2026, 2, 11)) is None


def test_poisoned_text_comes_through_unchanged(tmp_path: Path, lake: Path) -> None:
    lines = "".join('C1,P{},"{}"\n'.format(n, text.replace('"', '""')) for n, text in enumerate(POISON))
    taken = take(folder(tmp_path / "poison", account=f"company_id,account_id,name\n{lines}"), lake)
    assert read(taken.path("account"), "name") == [(text,) for text in POISON]


def test_rows_keep_the_order_of_the_file(tmp_path: Path, lake: Path) -> None:
    rows = [f"C1,A{(n * 7919) % 200_000},x" for n in range(200_000)]
    taken = take(folder(tmp_path / "many", account="company_id,account_id,name\n" + "\n".join(rows)), lake)
    assert [row[0] for row in read(taken.path("account"), "account_id")] == [row.split(",")[1] for row in rows]


def test_only_rows_dated_to_as_of_are_counted(tmp_path: Path, lake: Path) -> None:
    log = CONTACT_LOG + "C1,L1,A1,2026-02-10T07:59:00+08:00,phone,x\nC1,L2,A1,2026-02-10T08:00:00+08:00,phone,x\n"
    take(folder(tmp_path / "ledger", contact_log=log), lake)
    counted = {table: rows[0] for table, rows in snapshot.volumes(lake, date(2026, 2, 11), 1).items()}
    assert counted == {"company": 1, "rep": 1, "account": 3, "document": 2, "receipt": 0, "contact_log": 1}


def test_volumes_are_of_the_newest_snapshot_of_each_earlier_night(tmp_path: Path, ledger: Path, lake: Path) -> None:
    more = folder(tmp_path / "more", account=MINIMAL["account"] + "C1,A4,x,\n")
    disputes = "company_id,dispute_id,document_id,opened_on\nC1,X1,D1,2026-01-20\n"
    disputed = folder(tmp_path / "disputed", dispute=disputes)
    take(disputed, lake, date(2026, 2, 8))
    take(ledger, lake, date(2026, 2, 9))
    take(more, lake, date(2026, 2, 9))
    take(ledger, lake, date(2026, 2, 10))
    assert snapshot.volumes(lake, date(2026, 2, 10), 5)["account"] == [4, 3]
    assert snapshot.volumes(lake, date(2026, 2, 11), 2)["account"] == [3, 4]
    assert snapshot.volumes(lake, date(2026, 2, 11), 5)["dispute"] == [1]
    assert snapshot.volumes(lake, date(2026, 2, 8), 5) == {}
    assert snapshot.volumes(lake / "nowhere", DAY, 5) == {}


def test_complete_through_is_the_earlier_day_where_a_feed_stands_twice(tmp_path: Path, lake: Path) -> None:
    log = "table_name,complete_through\nreceipt,2026-02-09\ndocument,2026-02-08\nreceipt,2026-02-07\n"
    taken = take(folder(tmp_path / "ledger", load_log=log), lake)
    assert taken.complete_through == {"document": date(2026, 2, 8), "receipt": date(2026, 2, 7)}
    assert snapshot.load(lake, taken.snapshot_id).complete_through == taken.complete_through


def test_a_second_extraction_makes_a_new_id_and_the_chain_goes_on(ledger: Path, lake: Path) -> None:
    first, second = take(ledger, lake), take(ledger, lake)
    earlier = take(ledger, lake, date(2026, 1, 1))
    assert [first.snapshot_id, second.snapshot_id, earlier.snapshot_id] == ["20260210-s1", "20260210-s2", "20260101-s1"]
    assert first.previous_manifest is None
    assert second.previous_manifest == snapshot._sha256(first.folder / "manifest.json")
    assert earlier.previous_manifest == snapshot._sha256(second.folder / "manifest.json")
    assert snapshot.latest(lake, DAY) == second
    snapshot.check_chain(lake)


def test_ids_are_ordered_as_numbers(ledger: Path, lake: Path) -> None:
    for _ in range(11):
        last = take(ledger, lake)
    newest = snapshot.latest(lake, DAY)
    assert newest is not None
    assert newest.snapshot_id == last.snapshot_id == "20260210-s11"


# --- damage ----------------------------------------------------------------------------------------------------------


def _flip_a_bit(taken: snapshot.Snapshot) -> None:
    content = bytearray(taken.path("document").read_bytes())
    content[len(content) // 2] ^= 1
    taken.path("document").write_bytes(content)


def _cut_a_file(taken: snapshot.Snapshot) -> None:
    taken.path("document").write_bytes(taken.path("document").read_bytes()[:-1])


def _remove_a_file(taken: snapshot.Snapshot) -> None:
    taken.path("document").unlink()


def _cut_the_manifest(taken: snapshot.Snapshot) -> None:
    text = (taken.folder / "manifest.json").read_text("utf-8")
    (taken.folder / "manifest.json").write_text(text[: len(text) // 2], "utf-8")


def _remove_the_manifest(taken: snapshot.Snapshot) -> None:
    (taken.folder / "manifest.json").unlink()


def _swap_the_manifest(taken: snapshot.Snapshot) -> None:
    other = taken.folder.parent / "20260210-s2" / "manifest.json"
    (taken.folder / "manifest.json").write_bytes(other.read_bytes())


def _another_version(taken: snapshot.Snapshot) -> None:
    (taken.folder / "manifest.json").write_text(json.dumps({**manifest(taken), "format": 99}), "utf-8")


def _lose_a_key(taken: snapshot.Snapshot) -> None:
    content = {key: value for key, value in manifest(taken).items() if key != "tables"}
    (taken.folder / "manifest.json").write_text(json.dumps(content), "utf-8")


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (_flip_a_bit, "the content of document.parquet is not what was written"),
        (_cut_a_file, "document.parquet does not have its"),
        (_remove_a_file, "document.parquet is missing"),
        (_cut_the_manifest, "its manifest cannot be read"),
        (_remove_the_manifest, "has no manifest: it is unfinished"),
        (_swap_the_manifest, "its manifest belongs to 20260210-s2"),
        (_another_version, "was written by another version"),
        (_lose_a_key, "its manifest cannot be read"),
    ],
)
def test_damage_is_found(ledger: Path, lake: Path, damage: Callable[[snapshot.Snapshot], None], said: str) -> None:
    taken = take(ledger, lake)
    take(ledger, lake)
    damage(taken)
    with pytest.raises(SnapshotError, match="20260210-s1") as caught:
        snapshot.load(lake, taken.snapshot_id)
    assert said in str(caught.value)


@pytest.mark.parametrize("snapshot_id", ["20260210-s9", "20260210-s0", "../../etc", "20260210-s1/..", ""])
def test_a_snapshot_that_is_not_there(ledger: Path, lake: Path, snapshot_id: str) -> None:
    take(ledger, lake)
    with pytest.raises(SnapshotError, match="There is no snapshot"):
        snapshot.load(lake, snapshot_id)


def test_a_removed_or_altered_snapshot_breaks_the_chain(ledger: Path, lake: Path) -> None:
    first, second = take(ledger, lake), take(ledger, lake)
    take(ledger, lake)
    content = manifest(second)
    (second.folder / "manifest.json").write_text(json.dumps({**content, "source": "elsewhere"}), "utf-8")
    with pytest.raises(SnapshotError, match="20260210-s3 does not follow"):
        snapshot.check_chain(lake)
    (second.folder / "manifest.json").write_text(
        json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n", "utf-8"
    )
    snapshot.check_chain(lake)
    first.folder.rename(lake / "away")
    with pytest.raises(SnapshotError, match="20260210-s2 does not follow"):
        snapshot.check_chain(lake)


# --- processes -------------------------------------------------------------------------------------------------------


class _Waiting:
    """A source that says it has begun, then waits to be killed."""

    label = "waiting"

    def __init__(self, begun: Path) -> None:
        self.begun = begun

    def fingerprint(self) -> str:
        return "x"

    def tables(self) -> list[str]:
        return ["company"]

    def write(self, table: str, target: Path) -> None:  # noqa: ARG002
        target.write_bytes(b"half")
        self.begun.touch()
        time.sleep(600)

    def close(self) -> None:
        pass


def _begin(begun: Path, lake: Path) -> None:
    snapshot.take(_Waiting(begun), lake, DAY)


def _in_another_process(begun: Path, lake: Path) -> multiprocessing.process.BaseProcess:
    process = multiprocessing.get_context("fork").Process(target=_begin, args=(begun, lake))
    process.start()
    deadline = time.monotonic() + 600
    while not begun.exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return process


def test_a_killed_extraction_leaves_no_snapshot_and_its_rest_is_removed(
    tmp_path: Path, ledger: Path, lake: Path
) -> None:
    process = _in_another_process(tmp_path / "begun", lake)
    day = lake / "snapshots" / "2026-02-10"
    (unfinished,) = day.iterdir()
    live = take(ledger, lake)
    assert live.snapshot_id == "20260210-s1"
    assert unfinished.exists(), "a living process keeps its folder"
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert snapshot.latest(lake, DAY) == live
    assert take(ledger, lake).snapshot_id == "20260210-s2"
    assert not unfinished.exists(), "a dead process does not"
    snapshot.check_chain(lake)


def _take_some(ledger: Path, lake: Path) -> None:
    for _ in range(3):
        take(ledger, lake)


def test_extractions_at_once_get_different_ids_and_one_chain(ledger: Path, lake: Path) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_take_some, args=(ledger, lake)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0]
    names = sorted(path.name for path in (lake / "snapshots" / "2026-02-10").iterdir())
    assert names == [f"20260210-s{n}" for n in range(1, 7)]
    snapshot.check_chain(lake)


def test_a_refused_ledger_leaves_nothing(tmp_path: Path, lake: Path) -> None:
    broken = folder(tmp_path / "broken", account="company_id,account_id,name,credit_limit\nC1,A1,x,abc\n")
    with pytest.raises(LedgerError, match="row 2: 'abc'"):
        take(broken, lake)
    assert list((lake / "snapshots" / "2026-02-10").iterdir()) == []


class _Changing:
    """A folder whose files grow while they are read."""

    def __init__(self, ledger: Path) -> None:
        self.ledger = ledger
        self.inner = open_source(str(ledger))
        self.label = self.inner.label

    def fingerprint(self) -> str:
        return self.inner.fingerprint()

    def tables(self) -> list[str]:
        return self.inner.tables()

    def write(self, table: str, target: Path) -> None:
        self.inner.write(table, target)
        if table == "account":
            with (self.ledger / "account.csv").open("a") as file:
                file.write("C1,A9,late,\n")

    def close(self) -> None:
        self.inner.close()


def test_files_that_change_while_they_are_read_are_refused(ledger: Path, lake: Path) -> None:
    with pytest.raises(SnapshotError, match="changed while they were read"):
        snapshot.take(_Changing(ledger), lake, DAY)
    assert snapshot.latest(lake, DAY) is None


def test_a_lake_that_cannot_be_written_is_named(ledger: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(SnapshotError, match="could not be written"):
        take(ledger, tmp_path / "file")
