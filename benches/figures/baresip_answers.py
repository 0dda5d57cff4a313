#!/usr/bin/env python3
"""baresip_answers.py IP:PORT SOUND: baresip 4 that answers every call, as a peer to be measured.

With the sound "aumem" it sends silence and forgets what it hears; "pulse,default" is a headset.
"""
import asyncio
import sys

from baresip import Account, BaresipError, Config
from baresip.runtime import Runtime
from baresip.ua import UserAgent

TAKE_AWAY_EVERY = 0.1
CALLS_MAX = 100


def take_away(call):
    """What was heard is not kept."""
    if str(call.state).endswith("CLOSED"):
        return
    try:
        call.audio.read(1 << 16)
    except BaresipError:
        pass  # The media is not up yet.
    asyncio.get_running_loop().call_later(TAKE_AWAY_EVERY, take_away, call)


async def answer(call):
    try:
        await call.answer()
    except BaresipError as why:
        print(f"answer: {why}", file=sys.stderr)
    take_away(call)


async def main(listen, sound):
    address = listen.split(":")[0]
    config = f"sip_listen {listen}\nrtp_ports 16000-19998\n"
    runtime = Runtime()
    await runtime.start(
        Config(
            net_interface=address,
            max_concurrent_calls=CALLS_MAX,
            audio_driver="aumem",
            audio_source=sound,
            audio_player=sound,
            extra_config_text=config,
        )
    )
    account = Account("bench", listen, "-", reg_interval=0, audio_codecs=("pcmu",))
    agent = await UserAgent.create(runtime, account)
    answering = set()

    def take(call):
        task = asyncio.ensure_future(answer(call))
        answering.add(task)
        task.add_done_callback(answering.discard)

    agent.on_incoming(take)
    await asyncio.Event().wait()


asyncio.run(main(*sys.argv[1:]))
