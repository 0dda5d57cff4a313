"""The rep's headset: how long sound takes from his microphone to the line, and from the line to his ear.

A PulseAudio of its own plays the headset, without a sound card: a null sink for the ear, another for the microphone. The
peers use the same one: baresip 4 by its own way to the sound server, linphonec as it is installed.
"""
import bisect
import shutil
import subprocess
import time
from pathlib import Path

import machines
import metering
from metering import WORK, meter
from sound_server import EAR, MICROPHONE, SoundServer
from table import line, percentile, shown, told

SECONDS = 40
# A caller is answered and greeted before the headset's bursts begin.
AHEAD = 2
# An onset that comes back so long after it was sent, in ms, is that burst's.
LATE_MAX = 450


def delays(sent, heard):
    """Of each onset that was sent the milliseconds until it was heard, where it was."""
    heard = sorted(heard)
    for at in sent:
        next_one = bisect.bisect_left(heard, at)
        if next_one < len(heard) and heard[next_one] - at < LATE_MAX * 1e6:
            yield (heard[next_one] - at) / 1e6


def onsets(file):
    times = {}
    for entry in file.read_text().splitlines():
        what, at = entry.split()
        times.setdefault(what, []).append(int(at))
    return times


def ways(server, machine, begin):
    """Microphone -> RTP and RTP -> ear in ms, and what the call cost. `begin` waits until the machine takes calls."""
    worn, line_side = WORK / "headset.onsets", WORK / "line.onsets"
    command = [WORK / "headset", f"{MICROPHONE}_in", f"{EAR}.monitor", str(SECONDS + AHEAD + 4), worn]
    with subprocess.Popen(command, env=server.environment) as bursts:
        begin()
        figures = meter(machine, "--user", "bench", "--calls", 1, "--settle", AHEAD, "--secs", SECONDS, "--onsets", line_side)
        bursts.wait()
    by_headset, by_line = onsets(worn), onsets(line_side)
    to_line = list(delays(by_headset.get("mic", []), by_line.get("rx", [])))
    to_ear = list(delays(by_line.get("tx", []), by_headset.get("ear", [])))
    return to_line, to_ear, figures


def of_agent(server):
    with machines.Agent(1, "headset", watch="off", environment=server.environment, more=WISHES) as agent:
        return ways(server, agent, lambda: ready(agent))


WISHES = f'headset.prefer = ["{EAR}", "{MICROPHONE}"]\n'


def ready(agent):
    while '"available"' not in agent.ask("GET", "/seats"):
        time.sleep(0.1)


def idle():
    """Who waits with a headset on: it is known to be there, and closed."""
    with SoundServer() as server, server.noise() as breath:
        with machines.Agent(1, "headset", watch="off", environment=server.environment, more=WISHES) as agent:
            ready(agent)
            figures = meter(agent, "--calls", 0, "--settle", 20, "--secs", 10)
        breath.kill()
    line("idle with a headset seat: wake-ups a second", 2, figures["wakeups_s"])
    line("idle with a headset seat: memory (MB)", 15, figures["rss_kb"] / 1024)


def of_baresip(server):
    """By ALSA: its own way to the sound server is not in the package."""
    peer = machines.peer("alsa,default", environment=server.environment)
    if peer is None:
        return None
    with peer:
        return ways(server, peer, lambda: metering.answers(peer))


def of_linphone(server):
    if not shutil.which("linphonec"):
        return None
    home = Path(server.folder.name)
    (home / ".local/share/linphone").mkdir(parents=True)
    (home / "linphonerc").write_text(LINPHONE)
    command = ["script", "-qfc", f"linphonec -a -c {home}/linphonerc", "/dev/null"]
    pipes = {"env": server.environment, "stdout": subprocess.DEVNULL, "start_new_session": True}
    with machines.Machine("linphonec", LINPHONE_PORT, command, **pipes) as peer:
        return ways(server, peer, lambda: metering.answers(peer))


LINPHONE_PORT = 21085
LINPHONE = f"""[sip]
sip_port={LINPHONE_PORT}
sip_tcp_port=-2
sip_tls_port=-2
guess_hostname=0
register_only_when_network_is_up=0
[rtp]
audio_rtp_port=17078
[sound]
echocancellation=0
"""


def latency():
    if not shutil.which("pulseaudio") or not (WORK / "headset").exists():
        print("| headset: needs pulseaudio, pactl and libpulse-dev | | - | | | |", flush=True)
        return
    measured = {}
    for name, of in {"ours": of_agent, "baresip 4": of_baresip, "linphonec": of_linphone}.items():
        with SoundServer() as server:
            measured[name] = of(server) or ([], [], {})
    to_line, to_ear, figures = measured["ours"]
    peer, other = measured["baresip 4"], measured["linphonec"]
    for name, aim, way, share in SHOWN:
        medians = [percentile(of[way], share) for of in (measured["ours"], peer, other)]
        line(f"{name} (ms); linphonec {shown(medians[2])}", aim, medians[0], None, medians[1])
    both = [percentile(way, 0.5) for way in (to_line, to_ear)]
    line("microphone -> RTP and RTP -> ear, medians (ms)", 80, sum(both) if None not in both else None)
    line("CPU of a call by headset, all threads (% of a core)", 1.5, figures.get("cpu_pct"), None, peer[2].get("cpu_pct"))
    idle()
    told("bursts heard on the line, of those spoken (%)", 100 * len(to_line) / (SECONDS / 0.62))


# A figure, its aim, which way of the two, and its share of the values.
SHOWN = [
    ("microphone -> RTP median", 25, 0, 0.5),
    ("microphone -> RTP p95", 30, 0, 0.95),
    ("RTP -> ear median", 55, 1, 0.5),
    ("RTP -> ear p95", 70, 1, 0.95),
]
