#!/usr/bin/env python3
"""A telephone on baresip 4 that a test drives: baresip_phone.py IP:PORT RTP_PORT [SPEECH.wav]

Reads one command a line: register, dial URI, connect, transfer URI, answer, reject, key DIGITS, speak, quiet, echo,
hold, resume, hangup, stay, quit. Tells what happens as one JSON object a line: ready, registered, refused, incoming,
established, closed, key, referred, done, failed. "echo" says what it hears.
"connect" joins whom it called last with whom it called before, and leaves them (REFER with Replaces).
It goes where a REFER sends it, until it is told to stay.
PHONE_TRANSPORT=tcp or tls changes how its SIP travels; PHONE_CA and PHONE_CERTIFICATE_AND_KEY are PEM files;
TLS listens on the port above. PHONE_REGISTRAR is where it registers, for PHONE_EXPIRES seconds, by PHONE_USER
and PHONE_PASSWORD. PHONE_SRTP=prefer or require encrypts its sound.
PHONE_CODEC=g722 or opus is all it speaks then. PHONE_AUTO_ANSWER=yes picks up calls that ask for it: in the
program baresip that is done by the module menu (sip_autoanswer=yes of the account), which the binding has not.
PHONE_SHOWN=yes tells on stderr all that it does.
"""
import asyncio
import json
import logging
import os
import sys
import wave

from baresip import Account, BaresipError, Config, Event, RegistrationError
from baresip.runtime import Runtime
from baresip.ua import UserAgent

FRAME_SECONDS = 0.02
# Bytes of 20 ms at 8 kHz, 16 bits.
FRAME_BYTES = 320
AHEAD_BYTES = 5 * FRAME_BYTES
CODECS = {None: ("pcma", "pcmu"), "g722": ("g722/16000/1",), "opus": ("opus/48000/2",)}
AUTO_ANSWER = "PHONE_AUTO_ANSWER" in os.environ
SHOWN = "PHONE_SHOWN" in os.environ
SRTP = {"off": (), "prefer": ("mediaenc=srtp",), "require": ("mediaenc=srtp-mand",)}


def tell(event, **more):
    print(json.dumps({"event": event, **more}), flush=True)


class Phone:
    def __init__(self, runtime, agent, speech):
        self.agent = agent
        self.speech = speech
        self.speaking = self.echoing = False
        self.position = 0
        self.waiting = None
        self.call = self.before = None
        self.stays = False
        self.known, self.missed = set(), {}
        runtime.subscribe(self.note)
        agent.on_incoming(self.rings)

    def note(self, news):
        """What the stack tells of a call of ours before the binding has made it is told to nobody."""
        if news.event in (Event.CALL_ESTABLISHED, Event.CALL_CLOSED) and news.call not in self.known:
            self.missed.setdefault(news.call, []).append(news)

    def adopt(self, call):
        """From here on the call hears of itself; it is told what it missed."""
        self.known.add(call.handle)
        call.on(self.ends)
        for news in self.missed.pop(call.handle, []):
            call._on_stack_event(news)

    def rings(self, call):
        self.waiting = call
        self.adopt(call)
        tell("incoming")
        if AUTO_ANSWER and "answer-after=0" in call.headers.get("Call-Info", ""):
            asyncio.ensure_future(self.picks_up_itself(call))

    async def picks_up_itself(self, call):
        await call.answer()
        await call.wait_established()
        self.take(call)
        tell("established")

    def ends(self, news):
        """Whether it was picked up or still rang."""
        if news.event is Event.CALL_CLOSED:
            tell("closed")

    def take(self, call):
        self.before, self.call = self.call, call
        call.on_transfer_request(lambda *_: asyncio.ensure_future(self.follow(call)))
        call.on_dtmf(lambda *keys: tell("key", key=str(getattr(keys[0], "digit", keys[0]))))
        self.carry(call)

    async def follow(self, call):
        tell("referred")
        if self.stays:
            await call.reject_transfer()
            return
        following = await call.accept_transfer()
        self.adopt(following)
        await following.wait_established()
        self.take(following)
        tell("established")

    def carry(self, call):
        """Every 20 ms: what was heard is taken away, what is to be said is put in."""
        if str(call.state).endswith("CLOSED"):
            return
        try:
            if self.speaking:
                # Ahead of what is due: a late look leaves no hole.
                room = max(0, AHEAD_BYTES - call.audio.info().tx_buffered)
                part = self.speech[self.position : self.position + room]
                self.position += call.audio.write(part)
                if self.position >= len(self.speech):
                    self.position = 0
                    tell("said")
            heard = call.audio.read(1 << 16)
            if self.echoing and heard:
                call.audio.write(heard)
        except BaresipError:
            pass  # The media is not up yet, or no longer.
        asyncio.get_running_loop().call_later(FRAME_SECONDS, self.carry, call)

    async def obey(self, command, argument):
        if command == "register":
            try:
                await self.agent.register()
                tell("registered")
            except RegistrationError as why:
                tell("refused", code=why.status)
        elif command == "dial":
            call = await self.agent.dial(argument)
            self.adopt(call)
            await call.wait_established()
            self.take(call)
            tell("established")
        elif command == "transfer":
            await self.call.transfer(argument)
        elif command == "connect":
            await self.call.attended_transfer(self.before)
        elif command == "answer":
            call = self.waiting
            await call.answer()
            await call.wait_established()
            self.take(call)
            tell("established")
        elif command == "reject":
            await self.waiting.reject()
        elif command == "key":
            await self.call.send_dtmf(argument)
        elif command == "stay":
            self.stays = True
        elif command in ("speak", "quiet"):
            self.speaking = command == "speak"
        elif command == "echo":
            self.echoing = True
        elif command in ("hold", "resume", "hangup"):
            await getattr(self.call, command)()
        else:
            raise ValueError(f"no such command: {command}")
        tell("done", command=command)


async def commands():
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := (await reader.readline()).decode().strip():
        command, _, argument = line.partition(" ")
        if command == "quit":
            return
        yield command, argument


async def main(listen, rtp_port, speech_file=None):
    if SHOWN:
        logging.basicConfig(level=logging.DEBUG, format="%(asctime)s %(name)s %(message)s")
    address = listen.split(":")[0]
    config = f"sip_listen {listen}\nrtp_ports {rtp_port}-{int(rtp_port) + 20}\n"
    transport = os.environ.get("PHONE_TRANSPORT", "udp")
    if transport == "tls":
        config += f"sip_certificate {os.environ['PHONE_CERTIFICATE_AND_KEY']}\n"
        config += f"sip_cafile {os.environ['PHONE_CA']}\nsip_verify_server yes\n"
    runtime = Runtime()
    await runtime.start(
        Config(
            net_interface=address,
            max_concurrent_calls=4,
            expose_headers=("Call-Info",),
            sip_trace=SHOWN,
            native_log_level="debug" if SHOWN else "warning",
            extra_config_text=config,
        )
    )
    account = Account(
        os.environ.get("PHONE_USER", "13900139000"),
        os.environ.get("PHONE_REGISTRAR", address),
        os.environ.get("PHONE_PASSWORD", "-"),
        reg_interval=int(os.environ.get("PHONE_EXPIRES", "0")),
        audio_codecs=CODECS[os.environ.get("PHONE_CODEC")],
        # Whoever is called at this address, it is this phone that rings.
        extra_params=("catchall=yes", *SRTP[os.environ.get("PHONE_SRTP", "off")]),
        **({} if transport == "udp" else {"transport": transport}),
    )
    agent = await UserAgent.create(runtime, account)
    speech = b"\0" * FRAME_BYTES
    if speech_file:
        with wave.open(speech_file) as sound:
            speech = sound.readframes(sound.getnframes())
    phone = Phone(runtime, agent, speech)
    tell("ready")
    async for command, argument in commands():
        try:
            await phone.obey(command, argument)
        except (BaresipError, ValueError) as why:
            tell("failed", command=command, why=str(why))
    await asyncio.wait_for(runtime.close(), 5)


asyncio.run(main(*sys.argv[1:]))
