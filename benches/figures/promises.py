"""The book of promises, on SQLite and on a PostgreSQL server of its own: `benches/promises/`."""
import json
import os
import subprocess
from pathlib import Path

import table
from metering import WORK
from postgres_server import PostgresServer
from table import line, line_of_more

SHIFT_SECONDS = 300
BARE_CLAIMS = 2_000
BARE_TABLE = "CREATE TABLE bare (id int PRIMARY KEY, state text, next bigint)"
BARE_INDEX = "CREATE INDEX ON bare (next, id) WHERE state = 'open'"
BARE_ROWS = f"INSERT INTO bare SELECT n, 'open', n FROM generate_series(1, {BARE_CLAIMS}) AS n"
BARE_CLAIM = """UPDATE bare SET state = 'attempting' WHERE id = (
    SELECT id FROM bare WHERE state = 'open' ORDER BY next, id LIMIT 1 FOR UPDATE SKIP LOCKED);
"""


def bench(**settings):
    """Runs the benchmark, and returns what it tells, a line at a time."""
    command = ["cargo", "bench", "--quiet", "--profile", "dist", "--features", "postgres", "--bench", "promises"]
    told = subprocess.run(command, env={**os.environ, **settings}, stdout=subprocess.PIPE, text=True, check=True).stdout
    return [json.loads(line) for line in told.splitlines()]


def bare_claims(server, clients):
    """What pgbench does with nothing but SKIP LOCKED: claims a second."""
    script = Path(WORK, "claim.sql").absolute()
    script.write_text(BARE_CLAIM)
    server.sql("book", "DROP TABLE IF EXISTS bare", BARE_TABLE, BARE_INDEX, BARE_ROWS)
    return server.pgbench("book", script, "-c", str(clients), "-j", "2", "-t", str(BARE_CLAIMS // clients))


def book():
    """How long a promise is noted, and how many are claimed in a second; the floor of a claim is pgbench's."""
    with PostgresServer() as server:
        for told in bench(THIRDRING_BENCH_STORE=server.database("book")):
            name, desks = told["book"], told["desks"]
            is_shared = name == "PostgreSQL"
            at_once = f"{name}, {desks} {'desks' if is_shared else 'at once'}"
            if is_shared:
                table.told(f"{at_once}: a promise noted, p99 (ms)", told["noted_p99_ms"])
                line_of_more(f"{at_once}: claims/s", 4000, told["claims_s"], bare_claims(server, desks))
            else:
                line(f"{at_once}: a promise noted, p99 (ms)", 25, told["noted_p99_ms"])
                table.told(f"{at_once}: claims/s", told["claims_s"])


def shift():
    """A thousand desks and twenty promises a second; SHIFT=seconds makes it shorter."""
    seconds = os.environ.get("SHIFT", str(SHIFT_SECONDS))
    with PostgresServer() as server:
        told, = bench(THIRDRING_BENCH_STORE=server.database("shift"), THIRDRING_BENCH_SHIFT=seconds)
    of = f"a shift of {told['desks']} desks, {seconds} s"
    table.told(f"{of}: promised", told["noted"])
    line(f"{of}: promised and not kept", 0, told["noted"] - told["kept"], must=0)
    line(f"{of}: overdue", 0, told["overdue"], must=0)
    line(f"{of}: orders failed", 0, told["failed"], must=0)
    line(f"{of}: a claim, p99 (ms)", 50, told["claim_p99_ms"])
    table.told(f"{of}: dialled after the due time, p99 (ms)", told["late_p99_ms"])
