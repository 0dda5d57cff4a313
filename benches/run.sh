#!/usr/bin/env bash
# Measures the agent from outside, beside the floor and a peer of the same run, and prints one line a figure.
#
#   bash benches/run.sh            all figures but phrases-long and shift, about a quarter of an hour
#   bash benches/run.sh pacing     some of them:
#
#   idle          start-up, wake-ups, memory, size of the binary
#   ringing       INVITE -> 180
#   pacing        1 to 400 held calls of persons, all hearing on: are 20 ms 20 ms
#   answered      what a held call costs at 400: without hearing, with it, Silero apart, in Opus
#   bridge        what a bridged call costs at 200: relayed, heard, recorded, in Opus; how long sound takes
#   crowd         the most calls at once with nothing late or lost
#   stop          how soon it is known that a caller's sound has stopped
#   headset       how long sound takes between a rep's headset and the line, and what it costs; needs PulseAudio
#   phrases       48 s of 50 held calls by capture: the 15 s grid, drift, lost frames; phrases-long: 5 min
#   endpoint      SIP alone, without sockets
#   recording     recording alone, without packets
#   promises      callbacks noted and claimed, on SQLite and on PostgreSQL beside pgbench; needs postgresql
#   shift         five minutes (SHIFT=300) of a thousand desks on PostgreSQL and twenty promises a second
#   load, flood   more calls, or OPTIONS, than can be served
#
# The floor (refpeer.c) is the least a SIP machine can do on this kernel; the peer is baresip 4, where tests/run.sh has
# installed it. The meter (sipbench/) shares the machine with what it measures: rows named "the meter's own lateness" say
# whether it kept up. Exit code 1 when a figure that must be reached is not. Needs cc and Python 3, Linux.
set -euo pipefail
cd "$(dirname "$0")/.."
work=target/bench
mkdir -p "$work"
cargo build --profile dist --features postgres --quiet
cc -O2 -w -o "$work/sipbench" benches/sipbench/*.c -lm -lpthread
cc -O2 -w -o "$work/refpeer" benches/refpeer.c -lm
# Only the headset's figures need libpulse; without it they are left out.
cc -O2 -w -o "$work/headset" benches/headset/headset.c -lpulse-simple -lpulse -lpthread -lm 2>/dev/null || rm -f "$work/headset"
exec python3 benches/figures "$work" "$@"
