#!/usr/bin/env bash
# Measures the agent from outside, beside the floor and a peer of the same run, and prints one line a figure.
#
#   bash benches/run.sh            all figures, about ten minutes
#   bash benches/run.sh pacing     some of them: idle, ringing, pacing, bridge, phrases, endpoint, recording, load, flood
#
# The floor (refpeer.c) is the least a SIP machine can do on this kernel; the peer is baresip 4, where tests/run.sh has
# installed it. Exit code 1 when a figure that must be reached is not. Needs cc and Python 3, Linux.
set -euo pipefail
cd "$(dirname "$0")/.."
work=target/bench
mkdir -p "$work"
cargo build --release --quiet
cc -O2 -w -o "$work/sipbench" benches/sipbench.c -lm -lpthread
cc -O2 -w -o "$work/refpeer" benches/refpeer.c -lm
exec python3 benches/figures.py "$work" "$@"
