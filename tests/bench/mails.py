"""How long a morning's mails take: one per rep with forty tasks and a workbook, written into the outbox, then sent.

A generated ledger goes through a whole night, so the mails are what that night says. Writing and sending are processes
of their own: seconds, peak memory of the process and of its largest child are theirs. ``BENCH_REPS`` makes it smaller.
By itself: ``python tests/bench/mails.py``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from huikuan.settings import DEFAULT_POLICY, PROJECT, Settings
from huikuan.warehouse.connect import stop_embedded

REPS = int(os.environ.get("BENCH_REPS", "5000"))
TASKS = 40
DAY = date(2026, 6, 30)
ACCOUNTS_PER_REP = 21  # an account has about two tasks
TEAM = 25  # reps of one manager

COLUMNS = (
    *("reps", "tasks", "mails", "KB each", "write, s", "CPU, s", "writer, MB", "renderer, MB", "send, s", "mails/s"),
    "sender, MB",
)

_BEGIN = """
import json, os, resource, sys, time
from datetime import date
from pathlib import Path
from huikuan.settings import Settings
settings, day, policy = Settings.from_environment(), date.fromisoformat(sys.argv[1]), Path(sys.argv[2])
"""
_END = """
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
used = sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
print(json.dumps({"peak": peak, "cpu": used, **figures}))
"""
NIGHT = f"""{_BEGIN}
from huikuan.night import steps
snapshot = steps.extract(day, ledger=sys.argv[3], settings=settings)
run = steps.validate(day, snapshot, policy=policy, settings=settings)
steps.classify(day, run.run_id, settings=settings)
steps.publish(day, run.run_id, settings=settings)
figures = {{"gate": run.gate}}
{_END}"""
_WATCH = """
import multiprocessing, threading
def watch_children():
    found = []
    def look():
        while True:
            for child in multiprocessing.active_children():
                try:
                    status = Path(f"/proc/{child.pid}/status").read_text()
                except OSError:
                    continue
                found.append(int(status.partition("VmHWM:")[2].split()[0] or 0) / 1024 if "VmHWM:" in status else 0)
            time.sleep(0.2)
    threading.Thread(target=look, daemon=True).start()
    return found
"""
"""The peak of a child is looked up while it lives: what getrusage says of one begins with its parent's."""
WRITE = f"""{_BEGIN}{_WATCH}
from huikuan.outreach import write_messages
from huikuan.policy import load_policy
from huikuan.warehouse.connect import warehouse_url
if __name__ == "__main__":
    bounds, url = load_policy(policy).outreach, warehouse_url(settings)
    renderers = watch_children()
    started = time.perf_counter()
    states = write_messages(url, settings.lake, day, bounds, written_at=bounds.window(day)[0])
    figures = {{"seconds": time.perf_counter() - started, "states": states, "renderer": max(renderers, default=0)}}
{_END.replace(chr(10), chr(10) + "    ")}
"""
SEND = f"""{_BEGIN}
from huikuan.outreach import Smtp, SmtpServer, send_messages
from huikuan.policy import load_policy
from huikuan.warehouse.connect import warehouse_url
from tests.mail_catcher import PASSWORD, USER
bounds, url = load_policy(policy).outreach, warehouse_url(settings)
server = SmtpServer(
    "localhost", int(sys.argv[3]), bounds.sender, user=USER, password=PASSWORD, cafile=Path(sys.argv[4])
)
started = time.perf_counter()
result = send_messages(
    url, settings.lake, day, Smtp(server), bounds, now=bounds.window(day)[0], at_opening=True, environment="production"
)
figures = {{"seconds": time.perf_counter() - started, "sent": result["sent_now"], "states": result["states"]}}
{_END}"""
SERVE = """
import sys, tempfile
from pathlib import Path
from tests.mail_catcher import Catcher, make_authority, mail_server
class Sink(Catcher):
    pass
async def take(self, server, session, envelope):
    counted.append(len(envelope.content))
    return "250 kept"
async def fine(self, *_):
    return "250 OK"
counted = []
Catcher.handle_DATA, Catcher.handle_RSET = take, fine
with tempfile.TemporaryDirectory() as name, mail_server(make_authority(Path(name)).server_context()) as catcher:
    print(catcher.port, Path(name) / "ca.pem", flush=True)
    sys.stdin.readline()
    print(len(counted), sum(counted), flush=True)
"""


@dataclass(frozen=True)
class Figures:
    """What one size of company took; megabytes, seconds, kilobytes."""

    reps: int
    tasks: int
    mails: int
    write_seconds: float
    write_cpu: float
    writer_mb: float
    renderer_mb: float
    mail_kb: float
    send_seconds: float
    sender_mb: float

    @property
    def per_second(self) -> float:
        """Mails that left in a second."""
        return self.mails / self.send_seconds


def measure(reps: int) -> Figures:
    """One ledger of so many reps, its night, its mails."""
    with tempfile.TemporaryDirectory(prefix="huikuan-bench-") as name:
        work = Path(name)
        work.chmod(0o755)
        _generate(work / "ledger", reps)
        policy = _policy(work)
        try:
            night = _python(NIGHT, work, f"{DAY}", str(policy), str(work / "ledger"))
            if night["gate"] != "open":
                raise SystemExit(f"the gate is {night['gate']}: nobody would be told")
            [(tasks,)] = duckdb.sql(
                f"SELECT count(*) FROM '{work}/home/lake/results/{DAY}/task.parquet' WHERE rep_id LIKE 'B-%'"
            ).fetchall()
            written = _python(WRITE, work, f"{DAY}", str(policy))
            sent, kilobytes = _send(work, policy)
        finally:
            home = work / "home"
            stop_embedded(Settings(home=home, lake=home / "lake", mail=home / "mail", warehouse_url=None))
    mails = sum(int(n) for n in dict(written["states"]).values())  # type: ignore[call-overload]
    if dict(sent["states"]) != {"sent": mails}:  # type: ignore[call-overload]
        raise SystemExit(f"{mails} mails were written, and this became of them: {sent['states']}")
    return Figures(
        reps=reps,
        tasks=tasks,
        mails=mails,
        write_seconds=float(str(written["seconds"])),
        write_cpu=float(str(written["cpu"])),
        writer_mb=float(str(written["peak"])),
        renderer_mb=float(str(written["renderer"])),
        mail_kb=kilobytes / mails,
        send_seconds=float(str(sent["seconds"])),
        sender_mb=float(str(sent["peak"])),
    )


def page(found: list[Figures]) -> list[str]:
    """The section of docs/benchmarks.md."""
    return [
        "## Mails",
        "",
        f"One mail per rep with about {TASKS} tasks and its workbook, and one per manager of {TEAM}; read from the",
        "warehouse, rendered by one process per core, written into the outbox in one transaction; then sent to an SMTP",
        "server on this machine, with STARTTLS and AUTH, by one sender that records every mail twice. Server and",
        "database share the cores.",
        "",
        f"| {' | '.join(COLUMNS)} |",
        f"|{'---:|' * len(COLUMNS)}",
        *(
            f"| {row.reps:,} | {row.tasks:,} | {row.mails:,} | {row.mail_kb:.0f} | {row.write_seconds:.0f} "
            f"| {row.write_cpu:.0f} | {row.writer_mb:,.0f} | {row.renderer_mb:,.0f} | {row.send_seconds:.0f} "
            f"| {row.per_second:.0f} | {row.sender_mb:,.0f} |"
            for row in found
        ),
        "",
        "Aims: 5,000 reps written in under 180 s on two cores, sent at 50 mails a second or more; memory about the same"
        " for 1,000 and for 5,000 reps: the writer reads the rows of some teams at a time.",
    ]


def sizes() -> list[int]:
    """A fifth, and all."""
    return [max(REPS // 5, 1), REPS]


def _generate(folder: Path, reps: int) -> None:
    """The demo's ledger, its accounts shared out among so many reps in teams."""
    code = (
        "import sys\nfrom datetime import date, timedelta\nfrom pathlib import Path\n"
        "from huikuan.ledger.demo import generate\n"
        "generate(Path(sys.argv[1]), through=date.fromisoformat(sys.argv[2]) - timedelta(days=1),"
        " accounts=int(sys.argv[3]), months=6, history='open')"
    )
    arguments = [sys.executable, "-c", code, str(folder), f"{DAY}", str(reps * ACCOUNTS_PER_REP)]
    subprocess.run(arguments, check=True, stdout=subprocess.DEVNULL)  # progress
    made = f"""
        SELECT * REPLACE (
            'B-' || i AS rep_id, 'Rep ' || i AS name, 'rep.' || i || '@example.com' AS email,
            'BM-' || i // {TEAM} AS manager_id, 'rep' AS role, if(i % 2 = 0, 'zh_CN', 'en') AS locale
        ) FROM (SELECT * FROM rep WHERE is_active IS NOT FALSE LIMIT 1), range({reps}) AS r (i)
        UNION ALL
        SELECT * REPLACE (
            'BM-' || i AS rep_id, 'Manager ' || i AS name, 'manager.' || i || '@example.com' AS email,
            NULL AS manager_id, 'manager' AS role, if(i % 2 = 0, 'zh_CN', 'en') AS locale
        ) FROM (SELECT * FROM rep WHERE is_active IS NOT FALSE LIMIT 1), range({-(-reps // TEAM)}) AS r (i)
    """
    with duckdb.connect() as con:
        con.execute("SET enable_progress_bar = false")
        for table in ("rep", "account"):
            con.execute(f"CREATE TABLE {table} AS FROM '{folder}/{table}.parquet'")
        others = "SELECT * REPLACE (FALSE AS is_active) FROM rep"
        con.execute(f"COPY ({others} UNION ALL SELECT * EXCLUDE (i) FROM ({made})) TO '{folder}/rep.parquet'")
        con.execute(
            f"COPY (SELECT * REPLACE ('B-' || (row_number() OVER (ORDER BY account_id)) % {reps} AS rep_id)"
            f" FROM account) TO '{folder}/account.parquet'"
        )


def _policy(work: Path) -> Path:
    """The default policy without the bound on mails."""
    text = DEFAULT_POLICY.read_text(encoding="utf-8")
    bound = "max_mails: 200"
    assert bound in text
    path = work / "policy.yaml"
    path.write_text(text.replace(bound, "max_mails: 1000000"), encoding="utf-8")
    return path


def _python(code: str, work: Path, *arguments: str) -> dict[str, object]:
    """Run code as a process of its own and return the figures of its last line."""
    script = work / "step.py"  # a file: processes that it starts import it again
    script.write_text(code, encoding="utf-8")
    result = subprocess.run([sys.executable, str(script), *arguments], env=_environment(work), stdout=subprocess.PIPE)
    if result.returncode:
        raise SystemExit(result.returncode)
    return dict(json.loads(result.stdout.splitlines()[-1]))


def _environment(work: Path) -> dict[str, str]:
    paths = f"{PROJECT / 'plugins'}:{PROJECT}"
    return os.environ | {"HUIKUAN_HOME": str(work / "home"), "GX_ANALYTICS_ENABLED": "False", "PYTHONPATH": paths}


def _send(work: Path, policy: Path) -> tuple[dict[str, object], float]:
    """Figures of the sender, and the kilobytes that the server took."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "stderr": subprocess.DEVNULL}
    with subprocess.Popen([sys.executable, "-c", SERVE], env=_environment(work), **pipes) as server:  # type: ignore[call-overload]
        port, cafile = server.stdout.readline().split()
        sent = _python(SEND, work, f"{DAY}", str(policy), port, cafile)
        count, size = map(int, server.communicate("stop\n", timeout=60)[0].split())
    if count != sent["sent"]:
        raise SystemExit(f"the server took {count} mails, the outbox says {sent['sent']}")
    return sent, size / 1024


if __name__ == "__main__":
    sys.stdout.write("\n".join(page([measure(reps) for reps in sizes()])) + "\n")
