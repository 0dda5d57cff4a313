"""The agent without calls, and its parts without sockets."""
import json
import subprocess
from pathlib import Path

import machines
import table
from metering import WORK, answers, meter
from table import line, line_of_more


def idle():
    with machines.Agent(1) as agent:
        start = answers(agent)
        ours = meter(agent, "--calls", 0, "--settle", 2, "--secs", 10)
        own, mapped = agent.memory_kb("RssAnon"), agent.memory_kb("RssFile")
    with machines.floor(WORK, "play") as machine:
        floor_start = answers(machine)
        floor = meter(machine, "--calls", 0, "--settle", 2, "--secs", 10)
    line("start -> OPTIONS answered (ms)", 50, start, floor_start)
    line("idle wake-ups a second", 2, ours["wakeups_s"], floor["wakeups_s"])
    line("idle CPU (% of a core)", 0.02, ours["cpu_pct"], floor["cpu_pct"])
    line("idle memory (MB)", 15, ours["rss_kb"] / 1024, floor["rss_kb"] / 1024)
    table.told("- its own (MB)", own / 1024)
    table.told("- pages of files: the program, libraries (MB)", mapped / 1024)
    table.told("idle threads", ours["threads"], floor["threads"])
    line("binary (MB)", 30, Path(machines.AGENT).stat().st_size / 1e6)


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
