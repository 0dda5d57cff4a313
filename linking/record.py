#!/usr/bin/env python3
"""Writes at_start.ld: the functions that run while an agent starts, waits and stops, so that the linker lays them side by side.

    python3 linking/record.py

A system brings a program into memory by pieces of 64 kB and more: of what runs at the start alone, spread over all of it,
three quarters of the program would stay there for ever. Who is new and not in the list costs one such piece, and no more;
run it before a release. Needs valgrind, PulseAudio, Linux.
"""
import json
import re
import socket
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "benches/figures"))
from sound_server import EAR, MICROPHONE, SoundServer  # noqa: E402: it lies there

BINARY = Path("target/dist/thirdring")
SETTINGS = f"""
sip.listen = "127.0.0.1:0"
api.listen = "127.0.0.1:0"
headset.prefer = ["{EAR}", "{MICROPHONE}"]
[[seat]]
id = "rep1"
kind = "phone"
uri = "sip:rep1@127.0.0.1:9"
[[seat]]
id = "rep2"
kind = "headset"
"""
TOKEN = "recorded-at-the-start"
OPTIONS = """OPTIONS sip:{them} SIP/2.0
Via: SIP/2.0/UDP {us};branch=z9hG4bKrecord
From: <sip:record@{us}>;tag=record
To: <sip:{them}>
Call-ID: record
CSeq: 1 OPTIONS
Max-Forwards: 70
Content-Length: 0

"""
# For the headset to be found and tried, and for the desk to look at the clock a few times, in seconds.
WAITS = 60
# A name with all its generic kin is left out where they are more than so many bytes, and what ran less than this share.
KIN_MAX, SHARE_MIN = 64_000, 0.05

HEAD = """/* Made by record.py. These functions run while the agent starts and waits: side by side they fill 4 MB of memory, not 10. */
SECTIONS
{
  .text.at_start :
  {
"""
FOOT = """  }
}
INSERT BEFORE .text;
"""


def build():
    """Without a list: valgrind knows the names in `.text` alone."""
    write([])
    unstripped = ["--config", "profile.dist.strip=false"]
    subprocess.run(["cargo", "build", "--profile", "dist", "--bin", "thirdring", *unstripped], check=True)


def executed():
    """The names of all functions of ours that ran."""
    with tempfile.TemporaryDirectory() as folder, SoundServer() as server:
        breath = server.noise()
        settings, dump = Path(folder, "settings.toml"), Path(folder, "dump")
        settings.write_text(SETTINGS)
        valgrind = ["valgrind", "-q", "--tool=callgrind", "--demangle=no", f"--callgrind-out-file={dump}"]
        command = [*valgrind, BINARY, "run", "--test", "--config", settings, "--state", folder]
        environment = {**server.environment, "THIRDRING_TOKEN": TOKEN}
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as agent:
            where = json.loads(agent.stdout.readline())
            assert agent.stdout.readline() == "READY\n", "the agent starts"
            look_at(where)
            try:
                agent.wait(WAITS)
            except subprocess.TimeoutExpired:
                agent.terminate()
        breath.kill()
        return set(names(dump.read_text()))


def look_at(where):
    """As who watches over it does, from time to time: by the API, and by SIP."""
    for path in ("api/v1/seats", "api/v1/calls", "metrics"):
        request = urllib.request.Request(f"http://{where['api']}/{path}", headers={"authorization": f"Bearer {TOKEN}"})
        urllib.request.urlopen(request, timeout=60).read()
    host, port = where["sip"].split(":")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.connect((host, int(port)))
        line.settimeout(60)
        line.send(OPTIONS.format(us="%s:%d" % line.getsockname(), them=where["sip"]).replace("\n", "\r\n").encode())
        assert line.recv(65536).startswith(b"SIP/2.0 200"), "it answers OPTIONS"


def names(dump):
    """Of the functions in a dump that are in our binary: each name is written out once, and is a number from then on."""
    known, file = {}, None
    for kind, number, name in re.findall(r"^(c?ob|c?fn)=\((\d+)\)(?: (.*))?$", dump, re.M):
        key = (kind[-2:], number)
        known.setdefault(key, name)
        if kind == "ob":
            file = known[key]
        elif kind == "fn" and file.endswith(BINARY.name):
            yield known[key].split("'")[0]


def pattern(name):
    """The name without the compiler's hashes, which each build makes anew."""
    name = re.sub(r"17h[0-9a-f]{16}E.*$", "17h*", name)
    name = re.sub(r"\.llvm\.\d+$", "*", name)
    return re.sub(r"Cs[0-9A-Za-z]+_", "Cs*_", name)


def worth_it(names):
    """The patterns of these names, but those that bring along too much that does not run."""
    symbols = subprocess.run(["nm", "-S", BINARY], stdout=subprocess.PIPE, text=True, check=True).stdout
    ran, all_of_it = {}, {}
    for size, name in re.findall(r"^\S+ (\S+) [tT] (.*)$", symbols, re.M):
        all_of_it[pattern(name)] = all_of_it.get(pattern(name), 0) + int(size, 16)
        if name in names:
            ran[pattern(name)] = ran.get(pattern(name), 0) + int(size, 16)
    return sorted(name for name, size in ran.items() if all_of_it[name] <= max(KIN_MAX, size / SHARE_MIN))


def write(names):
    """What the compiler calls cold is in a section of another name; a pattern that begins alike keeps the linker fast."""
    lines = (f"    *(.text.{name} .text.unlikely.{name})\n" for name in names)
    (HERE / "at_start.ld").write_text(HEAD + "".join(lines) + FOOT)


def main():
    build()
    write(worth_it(executed()))


if __name__ == "__main__":
    main()
