#!/usr/bin/env bash
# Measures the book of promises: how many callbacks desks claim in a second, and how long one is noted, on SQLite and on a
# PostgreSQL server of its own (fsync on), beside what pgbench does with a bare SKIP LOCKED loop on the same server; then
# five minutes (SHIFT=300) of a thousand desks and twenty promises a second.
#
#   bash benches/promises.sh [PROFILE]     the profile to build with, "dist" where none is named
#
# Needs PostgreSQL's server (apt: postgresql, postgresql-contrib for pgbench); run by root the server is nobody's.
set -euo pipefail
cd "$(dirname "$0")/.."
profile=${1:-dist}
programs=$(ls -d /usr/lib/postgresql/*/bin | tail -n 1)
folder=$(mktemp -d /tmp/thirdring-promises.XXXXXX)
as_nobody() { if [ "$(id -u)" = 0 ]; then (cd / && setpriv --reuid=65534 --regid=65534 --clear-groups "$@"); else "$@"; fi; }
[ "$(id -u)" = 0 ] && chown 65534:65534 "$folder"
finish() {
  as_nobody "$programs/pg_ctl" stop -m immediate -D "$folder/data" >/dev/null 2>&1 || true
  rm -rf "$folder"
}
trap finish EXIT

as_nobody "$programs/initdb" --username=thirdring --auth=trust -D "$folder/data" >/dev/null
as_nobody "$programs/pg_ctl" start -w -D "$folder/data" -l "$folder/log" \
  -o "-k $folder -c listen_addresses= -c max_connections=1100" >/dev/null
sql() { "$programs/psql" -X -q -h "$folder" -U thirdring "$@"; }
sql -d postgres -c "CREATE DATABASE bench"

THIRDRING_BENCH_STORE="host=$folder user=thirdring dbname=bench" \
  cargo bench --quiet --profile "$profile" --features postgres --bench promises

# Five minutes of a hotline.
sql -d postgres -c "CREATE DATABASE shift"
THIRDRING_BENCH_STORE="host=$folder user=thirdring dbname=shift" THIRDRING_BENCH_SHIFT="${SHIFT:-300}" \
  cargo bench --quiet --profile "$profile" --features postgres --bench promises

sql -d bench -c "CREATE TABLE bare (id int PRIMARY KEY, state text, next bigint)" \
  -c "CREATE INDEX ON bare (next, id) WHERE state = 'open'"
cat >"$folder/claim.sql" <<'SQL'
UPDATE bare SET state = 'attempting' WHERE id = (
    SELECT id FROM bare WHERE state = 'open' ORDER BY next, id LIMIT 1 FOR UPDATE SKIP LOCKED);
SQL
for desks in 1 16 64; do
  sql -d bench -c "TRUNCATE bare" -c "INSERT INTO bare SELECT n, 'open', n FROM generate_series(1, 2000) AS n"
  "$programs/pgbench" -n -h "$folder" -U thirdring -f "$folder/claim.sql" -c "$desks" -j 2 -t $((2000 / desks)) bench 2>/dev/null |
    sed -nE "s/^tps = ([0-9]+)\..*/bare SKIP LOCKED, $desks clients: \1 claims\/s/p"
done
