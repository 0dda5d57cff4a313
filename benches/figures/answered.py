"""Calls that are answered and held: they hear music and phrases, and what they say is heard."""
import functools
import os

import machines
import metering
from metering import WORK, held, meter
from table import line, line_of_more, told

SECONDS = 8
PEER_CALLS_MAX = 50
OPUS_CALLS = 50
# So few that Silero is asked about all of them: past its queue it is not.
MUSIC_CALLS = 100
CROWDS = (500, 1000, 1500, 2000)
CROWD_RATE = 200
CLEAN_P99_MS = 1
COSTLIEST = 400


@functools.cache
def agents(calls, watch, saying):
    with machines.Agent(calls, watch=watch) as agent:
        return held(agent, calls, "--secs", SECONDS, *saying)


@functools.cache
def floors(calls, rate=100):
    common = ("--user", "bench", "--calls", calls, "--rate", rate, "--settle", 2, "--secs", SECONDS)
    with machines.floor(WORK, "play") as machine:
        return meter(machine, *common)


def peers(calls):
    """{} where there is none, or it takes fewer."""
    if calls > PEER_CALLS_MAX or not (machine := machines.peer()):
        return {}
    with machine:
        metering.answers(machine)
        common = ("--user", "bench", "--calls", calls, "--rate", 100, "--settle", 2, "--secs", SECONDS)
        return meter(machine, *common)


def pacing():
    """Callers are persons, and all hearing is on."""
    for calls in (1, 50, 200, COSTLIEST):
        all_three = [agents(calls, "on", metering.person()), floors(calls), peers(calls)]
        for key, name, aim in (("dev_p99", "p99", 0.3), ("dev_p999", "p99.9", 1), ("dev_max", "max", 5)):
            figures = [figures.get(key) for figures in all_three]
            line(f"send pacing, {calls} calls: {name} off 20 ms (ms)", aim, *figures)
        must = 0 if calls == 200 else None
        gaps = [figures.get("gaps40") for figures in all_three]
        line(f"send pacing, {calls} calls: gaps > 40 ms", 0, *gaps, must=must)
        late = [figures.get("own_p99") for figures in all_three[:2]]
        told(f"send pacing, {calls} calls: the meter's own lateness, p99 (ms)", *late)


def cost():
    unheard = agents(COSTLIEST, "off", metering.person())
    person = agents(COSTLIEST, "on", metering.person())
    music = agents(MUSIC_CALLS, "on", metering.music())
    floor = floors(COSTLIEST)
    opus = agents(OPUS_CALLS, "off", metering.person_in_opus())
    at = f"per answered call at {COSTLIEST}"
    line(f"CPU {at}, no hearing (% of a core)", 0.06, unheard.get("cpu_pct_per_call"), floor.get("cpu_pct_per_call"))
    line(f"CPU {at}, all hearing, less Silero", 0.1, metering.but_silero(person), floor.get("cpu_pct_per_call"))
    line(f"Silero {at}, persons", 0.1, metering.silero(person))
    line(f"CPU per answered call at {MUSIC_CALLS}, the caller is music, less Silero", 0.1, metering.but_silero(music))
    line(f"Silero per answered call at {MUSIC_CALLS}, the caller is music", 0.1, metering.silero(music))
    line(f"CPU per answered call in Opus at {OPUS_CALLS}, no hearing", 1, opus.get("cpu_pct_per_call"))
    latest = max(figures.get("own_p99", 0) for figures in (unheard, person, music, opus))
    told("answered calls: the meter's own lateness at the most, p99 (ms)", latest, floor.get("own_p99"))
    floor_memory = metering.memory(floor, COSTLIEST)
    for watch, name, figures in (("off", "no hearing", unheard), ("on", "all hearing", person)):
        first = agents(1, watch, metering.person())
        told(f"memory of the first answered call, {name} (kB)", metering.memory(first, 1))
        line(f"memory per further answered call, {name} (kB)", 40, metering.memory(figures, COSTLIEST, first), floor_memory)
    first = agents(1, "off", metering.person_in_opus())
    line("memory per further answered call in Opus (kB)", 40, metering.memory(opus, OPUS_CALLS, first))
    threads = os.cpu_count() + 6
    line(f"threads at {COSTLIEST} calls", threads, person.get("threads"), floor.get("threads"), must=threads)


def crowd():
    """How many calls there may be with nothing lost, late or unanswered."""
    for watch, name in (("off", "no hearing"), ("on", "all hearing, persons")):
        ours, most = climb(lambda calls: crowded(calls, watch))
        floor, floor_most = climb(lambda calls: floors(calls, CROWD_RATE)) if watch == "off" else ({}, None)
        line_of_more(f"clean calls at once of {CROWDS[-1]}, {name}", 1500, most, floor_most)
        for calls, figures in ours.items():
            beside = floor.get(calls, {})
            line(f"{calls} calls, {name}: pacing p99 (ms)", CLEAN_P99_MS, figures.get("dev_p99"), beside.get("dev_p99"))
            for key, what in (("gaps40", "gaps > 40 ms"), ("lost", "packets lost")):
                line(f"{calls} calls, {name}: {what}", 0, figures.get(key), beside.get(key))
            told(f"{calls} calls, {name}: CPU of all (% of a core)", figures.get("cpu_pct"), beside.get("cpu_pct"))
            told(f"{calls} calls, {name}: the meter's own lateness, p99 (ms)", figures.get("own_p99"), beside.get("own_p99"))


def crowded(calls, watch):
    with machines.Agent(calls, watch=watch) as agent:
        return held(agent, calls, "--secs", SECONDS, *metering.person(), rate=CROWD_RATE)


def climb(measure):
    """The figures of each crowd, up to the first that is not clean; and the largest that was."""
    seen, most = {}, 0
    for calls in CROWDS:
        seen[calls] = measure(calls)
        if not is_clean(seen[calls], calls):
            break
        most = calls
    return seen, most


def is_clean(figures, calls):
    if figures.get("answered") != calls or figures.get("dev_p99", CLEAN_P99_MS + 1) > CLEAN_P99_MS:
        return False
    return not any(figures[key] for key in ("gaps40", "lost", "reord", "silent_legs"))
