#!/usr/bin/env python3
"""A telephone on linphonec that a test drives: linphone_phone.py IP:PORT RTP_PORT

Reads one command a line: register, dial URI, connect, transfer URI, answer, key DIGITS, hold, resume, hangup, quit.
Tells what happens as one JSON object a line: ready, registered, refused, incoming, established, closed, done.
"connect" joins whom it called first with whom it called last, and leaves them (REFER with Replaces).
PHONE_REGISTRAR is where it registers, by PHONE_USER and PHONE_PASSWORD, for PHONE_EXPIRES seconds. It has no sound
card: it plays a file of its own and hears nothing. PHONE_AUTO_ANSWER=yes picks up by itself. Its keys go by INFO.
"""
import ctypes
import json
import os
import pty
import re
import select
import signal
import sys
import tempfile

# What it prints, and what that is.
NEWS = (
    (re.compile(rb"registered, identity="), "registered"),
    (re.compile(rb"Receiving new incoming call"), "incoming"),
    (re.compile(rb"Call \d+ with .* connected"), "established"),
    (re.compile(rb"Call \d+ with .* ended"), "closed"),
)

SETTINGS = """[sip]
sip_port={port}
sip_tcp_port=-2
sip_tls_port=-2
guess_hostname=0
register_only_when_network_is_up=0
default_expires={expires}
use_info=1
use_rfc2833=0
[rtp]
audio_rtp_port={rtp}
[sound]
echocancellation=0
"""


# Of linux/prctl.h.
PR_SET_PDEATHSIG = 1

# It says that it is registered only when it is asked.
ASK_EVERY_S = 0.3
ASK = b"status register\n"

# What it asks for when the password was refused, and waits on the same line; so do we, for whoever types is none of us.
REFUSED = re.compile(rb"Password for .* on .*: $")


def tell(event, **more):
    print(json.dumps({"event": event, **more}), flush=True)


def words(command, argument):
    """What is typed for one of our commands."""
    registrar = os.environ.get("PHONE_REGISTRAR", "")
    user = os.environ.get("PHONE_USER", "")
    return {
        "register": f"register sip:{user}@{registrar} sip:{registrar} {os.environ.get('PHONE_PASSWORD', '')}",
        "dial": f"call {argument}",
        "connect": "transfer 1 --to-call 2",
        "transfer": f"transfer {argument}",
        "answer": "answer",
        "key": argument,
        "hold": "pause",
        "resume": "resume",
        "hangup": "terminate",
    }[command]


def start(home, listen, rtp):
    port = listen.split(":")[1]
    os.makedirs(f"{home}/.local/share/linphone")
    file = f"{home}/linphonerc"
    expires = os.environ.get("PHONE_EXPIRES", "60")
    with open(file, "w", encoding="utf-8") as settings:
        settings.write(SETTINGS.format(port=port, rtp=rtp, expires=expires))
    arguments = ["linphonec", "-c", file]
    if "PHONE_AUTO_ANSWER" in os.environ:
        arguments.append("-a")
    os.environ["HOME"] = home
    phone, terminal = pty.fork()
    if phone == 0:
        # Killed with us, so that it tells nobody.
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        os.execvp("linphonec", arguments)
    return phone, terminal


def main(listen, rtp, _speech_file=None):
    home = tempfile.mkdtemp(prefix="linphone-")
    phone, terminal = start(home, listen, rtp)
    os.write(terminal, b"soundcard use files\n")
    heard = b""
    registers = False
    while True:
        readable, _, _ = select.select([terminal, sys.stdin], [], [], ASK_EVERY_S)
        if registers and not readable:
            os.write(terminal, ASK)
        if terminal in readable:
            heard += os.read(terminal, 4096)
            *lines, heard = heard.split(b"\n")
            for line in lines:
                if os.environ.get("PHONE_SHOWN"):
                    print(line.decode(errors="replace"), file=sys.stderr)
                if b"Using wav files" in line:
                    tell("ready")
                for pattern, event in NEWS:
                    if pattern.search(line):
                        tell(event)
                        registers &= event != "registered"
            if registers and REFUSED.search(heard):
                tell("refused", code=401)
                registers = False
        if sys.stdin in readable:
            command, _, argument = sys.stdin.readline().strip().partition(" ")
            if command in ("", "quit"):
                break
            os.write(terminal, words(command, argument).encode() + b"\n")
            registers |= command == "register"
            tell("done", command=command)
    os.kill(phone, signal.SIGKILL)
    os.waitpid(phone, 0)


main(*sys.argv[1:])
