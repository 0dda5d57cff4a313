"""Calls between a caller and the rep's phone."""
import machines
import metering
from metering import WORK, meter
from table import line, told

CALLS = 200
OPUS_CALLS = 25
# The notice of a recording comes before the greeting.
SETTLE, SETTLE_RECORDED, SETTLE_FLOOR = 6, 12, 2


def common(calls, settle):
    setting_up = ("--user-fmt", "9%05d", "--callee", machines.CALLEE_PORT, "--calls", calls, "--rate", 50)
    return (*setting_up, "--settle", settle, "--secs", 8)


def agents(*saying, calls=CALLS, settle=SETTLE, **settings):
    with machines.Agent(calls, "phone", **settings) as agent:
        return meter(agent, *common(calls, settle), *saying)


def both(callers):
    """The rep is a person, too."""
    return (*callers, "--callee-sound", metering.sound("voice.pcmu"))


def cost():
    # The meter's bursts are no voice: a watched line would be asked whether anybody is there.
    relayed = agents(watch="off")
    heard = agents(*both(metering.person()))
    music = agents(*both(metering.music()))
    recorded = agents(*both(metering.person()), settle=SETTLE_RECORDED, recorded=True)
    opus = agents(*both(metering.person_in_opus()), calls=OPUS_CALLS, watch="off")
    with machines.floor(WORK, "bridge") as machine:
        floor = meter(machine, *common(CALLS, SETTLE_FLOOR))
    at, least = f"per bridged call at {CALLS}", floor.get("cpu_pct_per_call")
    line(f"CPU {at}, relayed, no hearing (% of a core)", 0.065, relayed.get("cpu_pct_per_call"), least)
    line(f"CPU {at}, both heard, less Silero", 0.12, metering.but_silero(heard), least)
    line(f"Silero {at}, persons", 0.1, metering.silero(heard))
    line(f"Silero {at}, the caller is music", 0.1, metering.silero(music))
    line(f"CPU {at}, both heard and recorded, less Silero", 0.2, metering.but_silero(recorded), least)
    line(f"CPU per bridged call at {OPUS_CALLS}, the caller in Opus, no hearing", 1, opus.get("cpu_pct_per_call"))
    for key, name, aim in (
        ("lat_p50", "latency p50 (ms)", 0.1),
        ("lat_p99", "latency p99 (ms)", 0.3),
        ("gaps40", "gaps > 40 ms", 0),
        ("lost", "packets lost", 0),
    ):
        line(f"bridge, {CALLS} calls: {name}", aim, relayed.get(key), floor.get(key))
    for figures, name in ((heard, "both heard"), (recorded, "recorded")):
        line(f"bridge, {CALLS} calls, {name}: gaps > 40 ms", 0, figures.get("gaps40"))
    told(f"bridge, {CALLS} calls: the meter's own lateness, p99 (ms)", relayed.get("own_p99"), floor.get("own_p99"))
    memory(relayed, agents(calls=1, watch="off"), "no hearing", floor=metering.memory(floor, CALLS))
    memory(heard, agents(*both(metering.person()), calls=1), "both heard")
    first = agents(*both(metering.person()), calls=1, settle=SETTLE_RECORDED, recorded=True)
    memory(recorded, first, "recorded")
    first = agents(*both(metering.person_in_opus()), calls=1, watch="off")
    memory(opus, first, "the caller in Opus", calls=OPUS_CALLS)


def memory(figures, first, name, calls=CALLS, floor=None):
    line(f"memory per further bridged call, {name} (kB)", 40, metering.memory(figures, calls, first), floor)
