#!/usr/bin/env python3
"""figures.py WORK [FIGURE ...]: measures and prints the table; called by run.sh, which compiles the tools."""
import json
import math
import os
import struct
import subprocess
import sys
import time
from pathlib import Path

import flood
import machines

WORK = Path(sys.argv[1])
# How often the agent is looked at while calls come up, in seconds.
LOOK_EVERY = 0.2
# A packet in sipbench's dump: arrival (ns), sequence, timestamp, payload type, length.
DUMPED = struct.Struct("<qHIBH")
TICKS_PER_MS = 8
MUSTS_MISSED = []
PEER_CALLS_MAX = 50


def shown(value):
    return "-" if value is None else f"{value:.3g}"


def line(figure, aim, ours, floor=None, peer=None, must=None):
    """One row: what, the aim, ours and how far it is from the aim, the floor, the peer; `must` is this version's limit."""
    distance = "-" if ours is None else "reached" if ours <= aim else f"{ours / aim:.1f} x" if aim else f"+{ours:.3g}"
    row(figure, aim, ours, distance, floor, peer)
    if must is not None and (ours is None or ours > must):
        MUSTS_MISSED.append(f"{figure}: {shown(ours)}, must be <= {must}")


def line_of_more(figure, aim, ours, floor=None):
    """One row where more is better."""
    distance = "-" if ours is None else "reached" if ours >= aim else f"{ours / aim:.2f} x"
    row(figure, f">= {aim}", ours, distance, floor)


def row(figure, aim, ours, distance, floor=None, peer=None):
    print(f"| {figure} | {aim} | {shown(ours)} | {distance} | {shown(floor)} | {shown(peer)} |", flush=True)


def wait(process, seconds):
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        pass


def meter(machine, *arguments, meanwhile=None):
    """Runs sipbench against a machine and returns its figures; {} when it failed.

    `meanwhile` is done from time to time until it returns False: who looks at the agent costs it processor time.
    """
    if machine is None:
        return {}
    command = [WORK / "sipbench", "--to", machine.to, "--pid", machine.pid, *arguments]
    before = machine.memory_kb()
    with subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, text=True) as bench:
        while meanwhile and bench.poll() is None and meanwhile():
            wait(bench, LOOK_EVERY)
        told = bench.communicate()[0].strip().splitlines()
    figures = json.loads(told[-1]) if told else {}
    figures["grown_kb"] = max(0, figures.get("rss_max_kb", 0) - before)
    return figures


def answers(machine):
    """Waits until it answers OPTIONS; returns the milliseconds since it was started."""
    asking = [WORK / "sipbench", "--to", machine.to, "--options", "20"]
    subprocess.run(asking, stdout=subprocess.DEVNULL, check=True)
    return (time.monotonic() - machine.started) * 1000


def settled(calls):
    """Seconds for greeting and hold before the measuring begins."""
    return 5 + calls / 100


def held(agent, calls, *arguments):
    """So many calls on hold."""
    arguments = ("--user", "bench", "--calls", calls, "--rate", 100, "--settle", settled(calls), *arguments)
    left = [calls]

    def meanwhile():
        left[0] -= agent.hold_all_who_talk()
        return left[0] > 0

    return meter(agent, *arguments, meanwhile=meanwhile)


def pacing():
    for calls in (1, 50, 200, 400):
        common = ("--user", "bench", "--calls", calls, "--rate", 100, "--settle", 2, "--secs", 8)
        with machines.Agent(calls) as agent:
            ours = held(agent, calls, "--secs", 8)
        with machines.floor(WORK, "play") as machine:
            floor = meter(machine, *common)
        peer = {}
        if calls <= PEER_CALLS_MAX and (machine := machines.peer()):
            with machine:
                answers(machine)
                peer = meter(machine, *common)
        for key, name, aim in (("dev_p99", "p99", 0.3), ("dev_p999", "p99.9", 1), ("dev_max", "max", 5)):
            line(f"send pacing, {calls} calls: {name} off 20 ms (ms)", aim, ours.get(key), floor.get(key), peer.get(key))
        must = 0 if calls == 200 else None
        gaps = [figures.get("gaps40") for figures in (ours, floor, peer)]
        line(f"send pacing, {calls} calls: gaps > 40 ms", 0, *gaps, must=must)
        cpu = [figures.get("cpu_pct_per_call") for figures in (ours, floor, peer)]
        line(f"CPU per answered call at {calls} (% of a core)", 0.1, *cpu)
    line("memory per answered call at 400 (kB)", 40, ours["grown_kb"] / 400, floor["grown_kb"] / 400)
    threads = os.cpu_count() + 6
    line("threads at 400 calls", threads, ours.get("threads"), floor.get("threads"), must=threads)


def bridge():
    calls = 200
    common = ("--user-fmt", "9%05d", "--callee", machines.CALLEE_PORT, "--calls", calls, "--rate", 50, "--secs", 8)
    # The meter's bursts are no voice: a watched line would be asked whether anybody is there.
    with machines.Agent(calls, "phone", watch="off") as agent:
        ours = meter(agent, *common, "--settle", 6)
    with machines.floor(WORK, "bridge") as machine:
        floor = meter(machine, *common, "--settle", 2)
    for key, name, aim in (
        ("cpu_pct_per_call", "CPU per bridged call at 200, both heard (% of a core)", 0.12),
        ("lat_p50", "bridge latency p50 (ms)", 0.1),
        ("lat_p99", "bridge latency p99 (ms)", 0.3),
        ("gaps40", "bridge, 200 calls: gaps > 40 ms", 0),
    ):
        line(name, aim, ours.get(key), floor.get(key))
    line("memory per bridged call at 200 (kB)", 40, ours["grown_kb"] / calls, floor["grown_kb"] / calls)


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


def phrases():
    """Every 15 s on 50 lines: how far the first packet of each phrase arrived from its place on the grid."""
    dump = WORK / "dump"
    dump.mkdir(exist_ok=True)
    for old in dump.iterdir():
        old.unlink()
    with machines.Agent(50) as agent:
        held(agent, 50, "--secs", 48, "--dump", dump)
        begun = set(agent.phrases("hold_still"))
    errors = []
    for leg in dump.iterdir():
        arrivals = dict(packets(leg.read_bytes()))
        onsets = sorted(timestamp for timestamp in begun if timestamp in arrivals)
        for first, second in zip(onsets, onsets[1:]):
            wanted = (second - first) / TICKS_PER_MS
            errors.append(abs((arrivals[second] - arrivals[first]) / 1e6 - wanted))
    errors.sort()
    worst = errors[int(len(errors) * 0.99)] if errors else None
    line(f"a phrase every 15 s, {len(errors)} intervals of 50 calls: arrival error p99 (ms)", 1, worst, must=2)


def packets(dumped):
    at = 0
    while at + DUMPED.size <= len(dumped):
        arrival, _, timestamp, _, length = DUMPED.unpack_from(dumped, at)
        at += DUMPED.size + length
        yield timestamp, arrival


def idle():
    with machines.Agent(1) as agent:
        start = answers(agent)
        ours = meter(agent, "--calls", 0, "--settle", 2, "--secs", 10)
    with machines.floor(WORK, "play") as machine:
        floor_start = answers(machine)
        floor = meter(machine, "--calls", 0, "--settle", 2, "--secs", 10)
    line("start -> OPTIONS answered (ms)", 50, start, floor_start)
    line("idle wake-ups a second", 2, ours["wakeups_s"], floor["wakeups_s"])
    line("idle CPU (% of a core)", 0.02, ours["cpu_pct"], floor["cpu_pct"])
    line("idle memory (MB)", 15, ours["rss_kb"] / 1024, floor["rss_kb"] / 1024)
    line("binary (MB)", 30, Path(machines.AGENT).stat().st_size / 1e6)


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


LOAD_SECONDS = 6
RATES = (1000, 2000, 3000, 4000, 5000, 6000, 8000)


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
        heard = sorted(delay for delay in delays if delay is not None)
        p95 = heard[int(len(heard) * 0.95)] if heard else None
        line(f"{sent / FLOOD_SECONDS:.0f} OPTIONS/s from {who}: a peer's OPTIONS p95 (ms)", 20, p95)
        line(f"the same: lost of {len(delays)}", 0, len(delays) - len(heard))
        line("the same: memory grown by (MB)", 20, grown / 1024)


FLOOD_SECONDS = 6


def probed(agent, source):
    """A peer's OPTIONS every 10 ms beside a flood: the delay of each answer in ms, None where there was none in 2 s; and how many flooded."""
    flooding = [sys.executable, "benches/flood.py", agent.to, "10000", str(FLOOD_SECONDS), source]
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


def endpoint():
    """SIP alone on one core, without sockets: `endpoint.rs`."""
    command = ["cargo", "bench", "--quiet", "--bench", "endpoint"]
    told = json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)
    slowest, shape = told["slowest_datagram"]
    line(f"the slowest datagram of 64 KiB, of twelve shapes: {shape} (ms)", 1, slowest / 1000)
    line_of_more("calls/s of the endpoint alone", 5000, told["calls_per_s"])
    line("memory per call of the endpoint alone (kB)", 15, told["kb_per_call"])


def recording():
    """A recorded call without its packets: `recording.rs`. 0.08 % of a core is what recording may add to a bridged call."""
    command = ["cargo", "bench", "--quiet", "--bench", "recording"]
    told = json.loads(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout)["us_per_frame"]
    line("a frame handed to the recorder, on the media thread (us)", 1, told["offer"])
    line("a recorded call, WAV, both threads (% of a core)", 0.08, (told["wav"] + told["offer"]) * 50 / 10000)
    line("the same, sealed (% of a core)", 0.08, (told["wav"] + told["offer"] + told["seal_more"]) * 50 / 10000)
    line("a recorded call, Ogg-Opus (% of a core)", 1, told["ogg"] * 50 / 10000)
    line("the same, wideband (% of a core)", 2, told["ogg_wide"] * 50 / 10000)


FIGURES = {"idle": idle, "ringing": ringing, "pacing": pacing, "bridge": bridge, "phrases": phrases, "endpoint": endpoint, "recording": recording, "load": load, "flood": flooded}

print("| figure | aim | ours | from the aim | floor | baresip 4 |\n|---|---|---|---|---|---|")
for name in sys.argv[2:] or FIGURES:
    FIGURES[name]()
print(f"\nload of the machine: {os.getloadavg()[0]:.2f} on {os.cpu_count()} cores")
for missed in MUSTS_MISSED:
    print(f"MISSED: {missed}")
sys.exit(1 if MUSTS_MISSED else 0)
