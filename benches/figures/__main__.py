"""figures WORK [FIGURE ...]: measures and prints the table; called by run.sh, which compiles the tools."""
import os
import sys

import alone
import answered
import bridged
import headset
import phrases
import promises
import signalling
import stopped
import table

FIGURES = {
    "idle": alone.idle,
    "ringing": signalling.ringing,
    "pacing": answered.pacing,
    "answered": answered.cost,
    "bridge": bridged.cost,
    "crowd": answered.crowd,
    "stop": stopped.verdicts,
    "headset": headset.latency,
    "phrases": phrases.short,
    "phrases-long": phrases.long,
    "endpoint": alone.endpoint,
    "recording": alone.recording,
    "promises": promises.book,
    "shift": promises.shift,
    "load": signalling.load,
    "flood": signalling.flooded,
}
# Only where they are asked for.
LONG = {"phrases-long", "shift"}


def main(names):
    unknown = set(names) - set(FIGURES)
    if unknown:
        sys.exit(f"no such figure: {', '.join(sorted(unknown))}; there are {', '.join(FIGURES)}")
    table.head()
    for name in names or [name for name in FIGURES if name not in LONG]:
        FIGURES[name]()
    print(f"\nload of the machine: {os.getloadavg()[0]:.2f} on {os.cpu_count()} cores")
    for missed in table.MUSTS_MISSED:
        print(f"MISSED: {missed}")
    return 1 if table.MUSTS_MISSED else 0


sys.exit(main(sys.argv[2:]))
