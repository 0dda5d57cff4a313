"""The machines that are measured: the agent, the floor, and a peer. Each is a process on loopback."""
import json
import os
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

AGENT = "target/dist/thirdring"
PYTHON = "tests/.venv/bin/python"
TOKEN = "bench"
# Below the ports the system gives away by itself, so that nobody else has them.
AGENT_PORT, FLOOR_PORT, PEER_PORT, CALLEE_PORT = 21060, 21070, 21080, 21090

POLICY = """
name = "bench"
[answer]
after_rings = 1
margin = "0ms"
ring_tone = "100ms"
ring_pause = "300ms"
[hold]
offer_after = "never"
[waiting]
rep_absent_after = "never"
"""

SETTINGS = """
policy = "{folder}/policy.toml"
sip.listen = "127.0.0.1:{port}"
sip.calls_max = 2000
sip.trusted = ["127.0.0.1"]
sip.behind = "direct"
media.ports = "22000-31999"
line.watch = "{watch}"
recording.enabled = {recorded}
api.listen = "127.0.0.1:0"
log.level = "warn"
"""


class Machine:
    """A process with its port; it ends with the `with`."""

    def __init__(self, name, port, command, **more):
        self.name, self.to = name, f"127.0.0.1:{port}"
        self.started = time.monotonic()
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, **more)

    @property
    def pid(self):
        return self.process.pid

    def memory_kb(self, kind="VmRSS"):
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.split(f"{kind}:")[1].split()[0])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


class Agent(Machine):
    """The agent with so many seats of a kind; `watch` is "on" with all hearing, or "off"; `recorded` keeps all sound as WAV;
    `more` are lines of settings."""

    def __init__(self, seats, kind="silent", watch="on", recorded=False, more="", environment=os.environ):
        self.folder = tempfile.TemporaryDirectory()
        folder = Path(self.folder.name)
        (folder / "policy.toml").write_text(POLICY)
        settings = SETTINGS.format(folder=folder, port=AGENT_PORT, watch=watch, recorded=str(recorded).lower())
        (folder / "settings.toml").write_text(settings + more + "".join(seat(n, kind) for n in range(seats)))
        command = [AGENT, "run", "--test", "-c", folder / "settings.toml", "--state", folder / "state"]
        environment = {**environment, "THIRDRING_TOKEN": TOKEN}
        pipes = {"stdout": subprocess.PIPE, "text": True, "env": environment}
        super().__init__("agent", AGENT_PORT, command, **pipes)

    def __enter__(self):
        self.api = json.loads(self.process.stdout.readline())["api"]
        assert self.process.stdout.readline() == "READY\n"
        return self

    def ask(self, method, path, body=None):
        request = urllib.request.Request(
            f"http://{self.api}/api/v1{path}",
            method=method,
            data=json.dumps(body).encode() if body is not None else None,
            headers={"authorization": f"Bearer {TOKEN}", "content-type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.read().decode()

    def hold_all_who_talk(self):
        """Puts every talking caller on hold: from then on each hears music and phrases."""
        talking = [call for call in json.loads(self.ask("GET", "/calls")) if call["state"] == "talking"]
        for call in talking:
            self.ask("POST", f"/calls/{call['id']}/hold", {"agreed": True, "reason": "lookup"})
        return len(talking)

    def timelines(self):
        """All that was written of all calls, finished ones too."""
        for timeline in Path(self.folder.name, "state", "calls").rglob("*.jsonl"):
            for entry in timeline.read_text().splitlines():
                yield json.loads(entry)

    def phrases(self, phrase):
        """The RTP timestamp of each time this phrase began."""
        said = (entry["what"] for entry in self.timelines())
        return [what["timestamp"] for what in said if what["event"] == "phrase-started" and what["phrase"] == phrase]

    def line_verdicts(self, party):
        """Of each verdict about the party's line: the SIP Call-ID, the verdict, and when by the boot clock (ns)."""
        for entry in self.timelines():
            what = entry["what"]
            if what["event"] == "line" and what["party"] == party:
                yield entry["sip_call_id"], what["verdict"], entry["at"]


def seat(number, kind):
    uri = f'uri = "sip:9{number:05d}@127.0.0.1:{CALLEE_PORT}"\n' if kind == "phone" else ""
    return f'[[seat]]\nid = "rep{number:05d}"\nkind = "{kind}"\n{uri}'


def floor(work, mode):
    """refpeer: mode is `play`, `none` or `bridge`."""
    towards = [f"127.0.0.1:{CALLEE_PORT}"] if mode == "bridge" else []
    return Machine("floor", FLOOR_PORT, [f"{work}/refpeer", str(FLOOR_PORT), mode, *towards])


def peer(sound="aumem", **more):
    """baresip 4 that answers everybody, or None where it is not installed; `sound` is its way to hear and be heard."""
    if not Path(PYTHON).exists():
        return None
    there = subprocess.run([PYTHON, "-c", "import baresip"], capture_output=True, check=False)
    if there.returncode != 0:
        return None
    command = [PYTHON, "benches/figures/baresip_answers.py", f"127.0.0.1:{PEER_PORT}", sound]
    if "environment" in more:
        more["env"] = more.pop("environment")
    return Machine("baresip 4", PEER_PORT, command, **more)
