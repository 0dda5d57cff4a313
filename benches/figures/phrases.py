"""A phrase every 15 s, by what arrives on the wire."""
import struct
from itertools import pairwise

import machines
from metering import WORK, held
from table import line, percentile, told

CALLS = 50
SHORT_SECONDS, LONG_SECONDS = 48, 300
# A packet in sipbench's dump: arrival (ns), sequence, timestamp.
DUMPED = struct.Struct("<qHI")
TICKS_PER_MS = 8
FRAME_TICKS = 160
GRID_TICKS = 15_000 * TICKS_PER_MS
TIMESTAMPS = 1 << 32


def short():
    heard(SHORT_SECONDS)


def long():
    heard(LONG_SECONDS)


def heard(seconds):
    dump = WORK / "dump"
    dump.mkdir(exist_ok=True)
    for old in dump.iterdir():
        old.unlink()
    with machines.Agent(CALLS) as agent:
        figures = held(agent, CALLS, "--secs", seconds, "--dump", dump)
        begun = set(agent.phrases("hold_still"))
    legs = [list(DUMPED.iter_unpack(whole(leg.read_bytes()))) for leg in dump.iterdir()]
    onsets = [onsets_of(leg, begun) for leg in legs]
    pairs = [pair for leg in onsets for pair in pairwise(leg)]
    name = f"a phrase every 15 s, {seconds} s of {CALLS} calls"
    errors = [abs(error(*pair)) for pair in pairs]
    line(f"{name}: arrival error of {len(pairs)} intervals, p99 (ms)", 1, percentile(errors, 0.99), must=2)
    told(f"{name}: the same, max (ms)", max(errors, default=None))
    off_grid = sum(second[1] - first[1] != GRID_TICKS for first, second in pairs)
    line(f"{name}: intervals of another length than 120,000 samples", 0, off_grid if pairs else None)
    line(f"{name}: drift from first to last, worst call (ms)", 1, max(map(drift, onsets), default=None))
    line(f"{name}: frames lost or left out", 0, sum(map(frames_missing, legs)))
    line(f"{name}: timestamps off the 20 ms", 0, sum(map(shifts, legs)))
    line(f"{name}: gaps > 40 ms", 0, figures.get("gaps40"))
    told(f"{name}: the meter's own lateness, p99 (ms)", figures.get("own_p99"))


def whole(dumped):
    """Without a last record that was cut."""
    return dumped[: len(dumped) // DUMPED.size * DUMPED.size]


def onsets_of(leg, begun):
    """Arrival (ns) and timestamp of the first packet of each phrase, in their order; timestamps do not wrap."""
    found = [(arrival, timestamp) for arrival, _, timestamp in leg if timestamp in begun]
    if not found:
        return []
    first = found[0][1]
    return [(arrival, (timestamp - first) % TIMESTAMPS) for arrival, timestamp in found]


def error(first, second):
    """How much later the second came than its timestamp says, in ms."""
    return (second[0] - first[0]) / 1e6 - (second[1] - first[1]) / TICKS_PER_MS


def drift(onsets):
    """The slope of the onsets' errors, by least squares, over the whole time: ms, without a sign."""
    if len(onsets) < 2:
        return 0
    times = [onset[1] / TICKS_PER_MS for onset in onsets]
    errors = [error(onsets[0], onset) for onset in onsets]
    time, late = sum(times) / len(times), sum(errors) / len(errors)
    slope = sum((t - time) * (e - late) for t, e in zip(times, errors)) / sum((t - time) ** 2 for t in times)
    return abs(slope * times[-1])


def frames_missing(leg):
    """By the timestamps: those that did not arrive, and those that were not sent."""
    return sum(max(0, step // FRAME_TICKS - 1) for step in steps(leg))


def shifts(leg):
    """Packets that do not begin a whole number of frames after the one before."""
    return sum(step % FRAME_TICKS != 0 for step in steps(leg))


def steps(leg):
    """From each packet to the next by timestamp, in samples."""
    ordered = sorted(leg, key=lambda packet: (packet[2] - leg[0][2]) % TIMESTAMPS)
    return [(second[2] - first[2]) % TIMESTAMPS for first, second in pairwise(ordered)]
