"""How soon a line that fell silent is known."""
import machines
import metering
from metering import WORK, meter
from table import line, percentile

CALLS = 100
# After the greeting, and so that the last of them is known before the end.
STOP_AFTER, SECONDS = 8, 13
# The policy's limits, in seconds ([line.after]).
LIMITS = {"media-late": 1.5, "media-stopped": 3}


def verdicts():
    """Callers who stop: from the last packet to the verdict, less the time it is to take."""
    stops = WORK / "stops"
    arguments = ("--user", "bench", "--calls", CALLS, "--settle", 0, "--secs", SECONDS)
    with machines.Agent(CALLS) as agent:
        meter(agent, *arguments, "--stop-tx", STOP_AFTER, "--stops", stops, *metering.person())
        told = list(agent.line_verdicts("caller"))
    last = dict(stop.split() for stop in stops.read_text().splitlines())
    for verdict, limit in LIMITS.items():
        times = {call: at for call, said, at in told if said == verdict}
        more = [(times[call] - int(at)) / 1e6 - limit * 1000 for call, at in last.items() if call in times]
        name = f"RTP stops: {verdict} after {limit} s and"
        line(f"{name} p50 (ms)", 40, percentile(more, 0.5))
        line(f"{name} max (ms)", 40, max(more, default=None))
        line(f"RTP stops: {verdict} too early by (ms)", 0, max(0, -min(more)) if more else None)
        line(f"RTP stops: calls of {CALLS} without {verdict}", 0, CALLS - len(more))
