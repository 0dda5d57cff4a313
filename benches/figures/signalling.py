"""Signalling alone: how soon, how much, and what floods do."""
import math
import subprocess
import sys
import time

import flood
import machines
from metering import WORK, answers, meter
from table import line, line_of_more, percentile

LOAD_SECONDS = 6
RATES = (1000, 2000, 3000, 4000, 5000, 6000, 8000)
FLOOD_SECONDS = 6


def ringing():
    for rate, seconds in ((1, 10), (50, 6), (200, 6)):
        load = ("--user", "bench", "--load", rate, "--secs", seconds, "--hold-ms", 200)
        with machines.Agent(400, watch="off") as agent:
            ours = meter(agent, *load)
        with machines.floor(WORK, "none") as machine:
            floor = meter(machine, *load)
        peer = {}
        if rate == 1 and (machine := machines.peer()):
            with machine:
                answers(machine)
                peer = meter(machine, *load)
        for key, name, aim in (("t180_p50", "p50", 0.15), ("t180_p99", "p99", 0.6), ("t180_p999", "p99.9", 2)):
            must = 2 if (rate, name) == (200, "p99") else None
            figures = [figures.get(key) for figures in (ours, floor, peer)]
            line(f"INVITE -> 180 at {rate}/s: {name} (ms)", aim, *figures, must=must)


def load():
    """The most calls a second that are all served, and what becomes of twice as many."""
    rates = {}
    for rate in RATES:
        with machines.Agent(400, watch="off") as agent:
            rates[rate] = loaded(agent, rate)
    peak = max(told["answered"] for told in rates.values()) / LOAD_SECONDS
    dirty = [rate for rate, told in rates.items() if told["answered"] < rate * LOAD_SECONDS or told["sip_retrans"]]
    clean = max((rate for rate in RATES if rate < min(dirty, default=math.inf)), default=0)
    told = rates.get(clean, {})
    with machines.floor(WORK, "none") as machine:
        floor = loaded(machine, RATES[-1])
    line_of_more("calls/s, every one answered and ended", 5000, clean, floor["answered"] / LOAD_SECONDS)
    line("CPU a call at that rate, all threads (ms)", 0.3, told.get("cpu_ms_per_call"), floor["cpu_ms_per_call"])
    line_of_more("calls/s answered where more come", 5000, peak)
    with machines.Agent(400, watch="off") as agent:
        over = loaded(agent, 2 * peak)
        time.sleep(2)
        after = meter(agent, "--user", "bench", "--load", 50, "--secs", 4, "--hold-ms", 0)
    share = 100 * over["answered"] / LOAD_SECONDS / peak
    line_of_more(f"{2 * peak:.0f} calls/s, twice the most: answered of the most (%)", 80, share)
    others = over["refused"] - over.get("codes", {}).get("503", 0) + over["timeout"]
    line("twice the most: neither answered nor refused with 503", 0, others)
    line("twice the most: time to the 503, p99 (ms)", 50, over.get("tno_p99"))
    line("twice the most: memory (MB)", 200, over["rss_max_kb"] / 1024)
    line("2 s later, INVITE -> 180 at 50/s: p99 (ms)", 2, after.get("t180_p99"))


def loaded(machine, rate):
    """So many calls a second for some seconds, each hung up at once."""
    return meter(machine, "--user", "bench", "--load", rate, "--secs", LOAD_SECONDS, "--hold-ms", 0)


def flooded():
    """10,000 OPTIONS a second from one address, a stranger's and then a peer's: a peer's own OPTIONS beside them."""
    for who, source in (("a stranger", "127.0.0.9"), ("another peer", "127.0.0.1")):
        with machines.Agent(1) as agent:
            answers(agent)
            before = agent.memory_kb()
            delays, sent = probed(agent, source)
            grown = agent.memory_kb() - before
        heard = [delay for delay in delays if delay is not None]
        line(f"{sent / FLOOD_SECONDS:.0f} OPTIONS/s from {who}: a peer's OPTIONS p95 (ms)", 20, percentile(heard, 0.95))
        line(f"the same: lost of {len(delays)}", 0, len(delays) - len(heard))
        line("the same: memory grown by (MB)", 20, grown / 1024)


def probed(agent, source):
    """A peer's OPTIONS every 10 ms beside a flood: the delay of each answer in ms, None where there was none in 2 s; and how many flooded."""
    flooding = [sys.executable, flood.__file__, agent.to, "10000", str(FLOOD_SECONDS), source]
    probe, delays = flood.sender("127.0.0.1"), []
    probe.settimeout(2)
    with subprocess.Popen(flooding, stdout=subprocess.PIPE, text=True) as flooder:
        time.sleep(0.5)
        while flooder.poll() is None:
            begin = time.monotonic()
            probe.sendto(flood.options(probe, agent.to, len(delays)), flood.address(agent.to))
            delays.append(answered_after(probe, begin))
            time.sleep(0.01)
        return delays, int(flooder.stdout.read())


def answered_after(probe, begin):
    try:
        probe.recv(4096)
    except TimeoutError:
        return None
    return (time.monotonic() - begin) * 1000
