#!/usr/bin/env bash
# run.sh HOST:PORT [NAME [KEY=VALUE ...]]: runs the scenarios against an agent; see README.md.
# run.sh called HOST:PORT [NAME]: is called by an agent there, as the customers; the nth of them 10 n ports above.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
called=
[ "${1:-}" = called ] && called=1 && shift
to=${1:?usage: run.sh [called] HOST:PORT [NAME [KEY=VALUE ...]]}
shift
work=$(mktemp -d "${TMPDIR:-/tmp}/sipp.XXXXXX")
media=${SIPP_MEDIA:-$work/media}
# Each scenario gets RTP ports of its own from here.
first_port=${SIPP_PORTS:-14000}
ports_each=40
called_every=10

# Our own address on the way to the agent.
ip=$(python3 -c 'import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.connect((sys.argv[1].rsplit(":", 1)[0], 9))
print(s.getsockname()[0])' "$to")

# run NAME PORT KEY=VALUE...: one scenario; its log stays when it failed. The Call-ID begins with its name.
run() {
  local name=$1 port=$2 log=$work/$1.log
  shift 2
  if grep -q 'needs root' "$here/scenarios/$name.xml" && [ "$(id -u)" != 0 ]; then
    echo "skipped $name: needs root"
    return 0
  fi
  python3 "$here/fill.py" "$here/scenarios/$name.xml" "$@" >"$work/$name.xml" 2>"$log" &&
    timeout 90 sipp -sf "$work/$name.xml" "$to" -s hotline -i "$ip" -mi "$ip" -mp "$port" -nostdin -m 1 \
      -cid_str "$name-%u-%p@%s" -timeout 80s -timeout_error -trace_err -error_file "$work/$name.errors" >"$log" 2>&1
  local code=$?
  if [ $code = 0 ]; then
    echo "ok      $name, RTP at $port"
    return 0
  fi
  echo "FAILED  $name: exit code $code, log: $log"
  tail -n 15 "$work/$name.errors" 2>/dev/null
  return 1
}

# is_called NAME SIP-PORT RTP-PORT: one customer; waits for one call.
is_called() {
  local name=$1 log=$work/$1.log host=${to%:*}
  python3 "$here/fill.py" "$here/customers/$name.xml" "FOLDER=$media" >"$work/$name.xml" 2>"$log" &&
    timeout 150 sipp -sf "$work/$name.xml" -i "$host" -p "$2" -mi "$host" -mp "$3" -nostdin -m 1 \
      -timeout 140s -timeout_error -trace_err -error_file "$work/$name.errors" >"$log" 2>&1
  local code=$?
  [ $code = 0 ] && echo "ok      $name, called at $2" && return 0
  echo "FAILED  $name: exit code $code, log: $log"
  tail -n 15 "$work/$name.errors" 2>/dev/null
  return 1
}

[ -d "$media" ] || bash "$here/media.sh" "$media" || exit 2
values=(LISTEN=4 SECONDS=8 "MEDIA=speech_zh")
[ $# -gt 1 ] && values+=("${@:2}")
# MEDIA names a file of media.sh; SIPp wants its path, and pauses in milliseconds.
for value in "${values[@]}"; do
  case $value in
    LISTEN=*) listen="LISTEN_MS=$((${value#LISTEN=} * 1000))" ;;
    MEDIA=*) file="FILE=$media/${value#MEDIA=}.ul" ;;
    SECONDS=*) pause="MS=$((${value#SECONDS=} * 1000))" ;;
  esac
done

folder=scenarios
[ -n "$called" ] && folder=customers
names=("${1:-}")
[ -n "${1:-}" ] || mapfile -t names < <(cd "$here/$folder" && ls | sed 's/\.xml$//')
running=()
port=$first_port
at=${to##*:}
for name in "${names[@]}"; do
  if [ -n "$called" ]; then
    echo "waits   $name at $at"
    is_called "$name" "$at" "$port" &
  else
    run "$name" "$port" "$listen" "$file" "$pause" "SILENCE=$media/silence.ul" &
  fi
  running+=($!)
  port=$((port + ports_each))
  at=$((at + called_every))
done
failed=0
for job in "${running[@]}"; do wait "$job" || failed=$((failed + 1)); done
[ $failed = 0 ] && rm -rf "$work"
echo "${#names[@]} scenarios, $failed failed"
[ $failed = 0 ]
