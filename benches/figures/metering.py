"""The meter, sipbench: it runs against a machine, and says what it saw."""
import functools
import json
import subprocess
import sys
import time
from pathlib import Path

import machines

WORK = Path(sys.argv[1])
# How often the agent is looked at while calls come up, in seconds.
LOOK_EVERY = 0.2
GREETING_SECONDS = 5
HOLDS_A_SECOND = 100
# The threads that run Silero: ours, and those of rten, which executes the network.
SILERO = ("voices", "rten")
PROMPTS = Path("config/prompts")


def wait(process, seconds):
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        pass


def meter(machine, *arguments, meanwhile=None):
    """Runs sipbench against a machine and returns its figures, few when it failed.

    `meanwhile` is done from time to time until it returns False: who looks at the agent costs it processor time.
    """
    command = [WORK / "sipbench", "--to", machine.to, "--pid", machine.pid, *arguments]
    before = machine.memory_kb()
    with subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, text=True) as bench:
        while meanwhile and bench.poll() is None and meanwhile():
            wait(bench, LOOK_EVERY)
        told = bench.communicate()[0].strip().splitlines()
    figures = json.loads(told[-1]) if told else {}
    if "legs" in figures and (figures["answered"] < figures["calls"] or figures["silent_legs"]):
        answered = f"{figures['answered']} of {figures['calls']} calls answered"
        print(f"{machine.name}: {answered}, {figures['silent_legs']} of {figures['legs']} legs silent", file=sys.stderr)
    figures["grown_kb"] = max(0, figures.get("rss_max_kb", 0) - before)
    return figures


def held(agent, calls, *arguments, rate=100):
    """So many calls on hold: each hears music and phrases."""
    settle = GREETING_SECONDS + calls / HOLDS_A_SECOND
    arguments = ("--user", "bench", "--calls", calls, "--rate", rate, "--settle", settle, *arguments)
    left = [calls]

    def meanwhile():
        left[0] -= agent.hold_all_who_talk()
        return left[0] > 0

    figures = meter(agent, *arguments, meanwhile=meanwhile)
    if left[0] > 0:
        print(f"{agent.name}: {left[0]} of {calls} calls were not held", file=sys.stderr)
    return figures


def answers(machine):
    """Waits until it answers OPTIONS; returns the milliseconds since it was started."""
    asking = [WORK / "sipbench", "--to", machine.to, "--options", "20"]
    subprocess.run(asking, stdout=subprocess.DEVNULL, check=True)
    return (time.monotonic() - machine.started) * 1000


def silero(figures):
    """Its share of a core in per cent, a call."""
    threads = figures.get("threads_pct", {})
    return sum(share for name, share in threads.items() if name.startswith(SILERO)) / figures["calls"] if threads else None


def but_silero(figures):
    """All threads but Silero's: their share of a core in per cent, a call."""
    return figures["cpu_pct_per_call"] - silero(figures) if "cpu_pct_per_call" in figures else None


def memory(figures, calls, first=None):
    """kB a call; with the figures of one call that of each further one: the first brings the music and the tables."""
    if first is None:
        return figures["grown_kb"] / calls
    return (figures["grown_kb"] - first["grown_kb"]) / (calls - 1)


@functools.cache
def sound(name):
    """A file of what callers say, made anew where a phrase is newer."""
    made = WORK / name
    sources = [*PROMPTS.rglob("*.flac"), Path("benches/sounds.rs")]
    if not made.exists() or made.stat().st_mtime < max(source.stat().st_mtime for source in sources):
        command = ["cargo", "bench", "--quiet", "--bench", "sounds", "--", str(WORK.resolve())]
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return made


def person():
    """The arguments of callers who are human: they speak, and listen as long."""
    return ("--sound", sound("voice.pcmu"))


def music():
    """Callers who have put us on hold."""
    return ("--sound", sound("music.pcmu"))


def person_in_opus():
    return ("--opus", "--sound", sound("voice.opus"))
