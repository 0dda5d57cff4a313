#!/usr/bin/env bash
# crowd.sh HOST:PORT CALLERS FIRST_RTP_PORT: so many callers at once, each speaking for eight seconds.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/crowd.XXXXXX")
trap 'rm -rf "$work"' EXIT
bash "$here/media.sh" "$work/media"
python3 "$here/fill.py" "$here/scenarios/stream.xml" {FILE,SILENCE}="$work/media/silence.ul" MS=7000 >"$work/stream.xml"
timeout 60 sipp -sf "$work/stream.xml" "$1" -s hotline -i 127.0.0.1 -mi 127.0.0.1 -nostdin -m "$2" -l "$2" -r "$2" \
  -mp "$3" -timeout 50s -timeout_error -trace_err -error_file "$work/errors" >"$work/log" 2>&1 || {
  code=$?
  tail -n 40 "$work/log" "$work/errors"
  exit $code
}
