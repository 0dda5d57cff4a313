#!/usr/bin/env python3
"""A telephone on pjproject that a test drives: pjsip_phone.py IP:PORT RTP_PORT [SPEECH.wav]

Reads one command a line: register, dial URI, connect, transfer URI, answer, reject CODE, key DIGITS, speak, quiet, echo, hold,
resume, hangup, stay, quit. Tells what happens as one JSON object a line: ready, registered, refused, incoming, established,
closed, key, keyed, referred, replaced, done.
"connect" joins whom it called last with whom it called before, and leaves them (REFER with Replaces).
It goes where a REFER sends it, until it is told to stay.
It speaks from the start of each call, over and over; without a file it sends silence.
PHONE_KEYS=sound offers no telephone-event: its keys are tones in its sound (ITU-T Q.23), told "keyed" when the last is over.
PHONE_ANONYMOUS=yes withholds its number. "incoming" tells whom the caller dialled.
PHONE_CODEC=g722 is all it speaks then. PHONE_AUTO_ANSWER=yes picks up calls that ask for it.
PHONE_SESSION=90 asks for sessions of 90 s, the shortest there are.
PHONE_TRANSPORT=tcp or tls changes how its SIP travels; PHONE_CA, PHONE_CERTIFICATE and PHONE_KEY are PEM
files; TLS listens on the port above. PHONE_REGISTRAR is where it registers, for PHONE_EXPIRES seconds, by
PHONE_USER and PHONE_PASSWORD.
"""
import json
import os
import re
import select
import sys
import threading
import wave

import pjsua2 as pj

# How long the library may wait for the network before the next look at the commands.
LOOK_EVERY_MS = 10

CODECS = {None: "PCMA/8000", "g722": "G722/16000"}
SRTP = {
    "off": pj.PJMEDIA_SRTP_DISABLED,
    "prefer": pj.PJMEDIA_SRTP_OPTIONAL,
    "require": pj.PJMEDIA_SRTP_MANDATORY,
}


def tell(event, **more):
    print(json.dumps({"event": event, **more}), flush=True)


class Speech:
    """A file, over and over. It plays all the time, and is heard when the phone speaks."""

    def __init__(self, file):
        self.player = pj.AudioMediaPlayer()
        self.player.createPlayer(file)
        with wave.open(file) as sound:
            self.seconds = sound.getnframes() / sound.getframerate()
        self.quiet()

    def speak(self):
        self.player.setPos(0)
        self.player.adjustTxLevel(1.0)
        threading.Timer(self.seconds, tell, ["said"]).start()

    def quiet(self):
        self.player.adjustTxLevel(0.0)


class Tones:
    """Keys in the sound, by pjmedia's own generator."""

    ON_MS = 100
    OFF_MS = 100

    def __init__(self):
        self.generator = pj.ToneGenerator()
        self.generator.createToneGenerator()

    def play(self, keys, towards):
        self.generator.startTransmit(towards)
        digits = pj.ToneDigitVector()
        for key in keys:
            digit = pj.ToneDigit()
            digit.digit, digit.on_msec, digit.off_msec, digit.volume = key, self.ON_MS, self.OFF_MS, 0
            digits.append(digit)
        self.generator.playDigits(digits)
        seconds = len(keys) * (self.ON_MS + self.OFF_MS) / 1000
        threading.Timer(seconds, tell, ["keyed"]).start()


def without_events(sdp):
    """The same offer or answer, of a phone that knows no RFC 4733."""
    numbers = re.findall(r"^a=rtpmap:(\d+) telephone-event/", sdp, re.MULTILINE)
    for number in numbers:
        sdp = re.sub(rf"^a=(rtpmap|fmtp):{number} .*\r?\n", "", sdp, flags=re.MULTILINE)
        sdp = re.sub(rf"^(m=audio .*?) {number}\b", r"\1", sdp, flags=re.MULTILINE)
    return sdp


class Call(pj.Call):
    speech = None
    tones = None
    stays = False
    echo = None

    def __init__(self, account, *which):
        super().__init__(account, *which)
        self.account = account

    def onCallSdpCreated(self, created):
        if Call.tones:
            created.sdp.wholeSdp = without_events(created.sdp.wholeSdp)

    def press(self, keys):
        if Call.tones:
            Call.tones.play(keys, self.getAudioMedia(-1))
        else:
            self.dialDtmf(keys)

    def onCallTransferRequest(self, asked):
        if Call.stays:
            asked.statusCode = 603
        else:
            # The old call is over soon, and must live until then.
            self.account.calls.append(self)
            self.account.call = asked.newCall = Call(self.account)
        tell("referred")

    def onCallReplaced(self, by):
        self.account.calls.append(self)
        self.account.call = by.newCall = Call(self.account, by.newCallId)
        tell("replaced")

    def onCallState(self, _):
        state = self.getInfo().state
        if state == pj.PJSIP_INV_STATE_CONFIRMED:
            tell("established")
        elif state == pj.PJSIP_INV_STATE_DISCONNECTED:
            tell("closed", code=int(self.getInfo().lastStatusCode))

    def onCallMediaState(self, _):
        # The list of media dies with the object it came from.
        info = self.getInfo()
        for index in range(len(info.media)):
            media = info.media[index]
            if media.type == pj.PJMEDIA_TYPE_AUDIO and media.status == pj.PJSUA_CALL_MEDIA_ACTIVE:
                if self.speech:
                    self.speech.player.startTransmit(self.getAudioMedia(index))

    def onCallTransferStatus(self, told):
        if told.finalNotify and told.statusCode == 200:
            self.hangup(pj.CallOpParam(True))

    def onDtmfDigit(self, key):
        tell("key", key=key.digit)


class Account(pj.Account):
    call = before = None

    def onRegState(self, news):
        if news.code // 100 == 2 and news.expiration > 0:
            tell("registered")
        elif news.code >= 300:
            tell("refused", code=int(news.code))

    def __init__(self):
        super().__init__()
        self.calls = []

    def onIncomingCall(self, invited):
        self.call = Call(self, invited.callId)
        self.reply(180)
        tell("incoming", to=invited.rdata.wholeMsg.split()[1])
        if "PHONE_AUTO_ANSWER" in os.environ and "answer-after=0" in invited.rdata.wholeMsg:
            self.reply(200)

    def reply(self, code):
        answer = pj.CallOpParam()
        answer.statusCode = code
        self.call.answer(answer)

    def obey(self, command, argument):
        if command == "register":
            self.setRegistration(True)
        elif command == "dial":
            self.before, self.call = self.call, Call(self)
            self.call.makeCall(argument, pj.CallOpParam(True))
        elif command == "connect":
            self.call.xferReplaces(self.before, pj.CallOpParam())
        elif command == "transfer":
            self.call.xfer(argument, pj.CallOpParam(True))
        elif command == "answer":
            self.reply(200)
        elif command == "reject":
            self.reply(int(argument))
        elif command == "key":
            self.call.press(argument)
        elif command in ("speak", "quiet"):
            getattr(Call.speech, command)()
        elif command == "echo":
            Call.echo = self.call.getAudioMedia(-1)
            Call.echo.startTransmit(Call.echo)
        elif command == "stay":
            Call.stays = True
        elif command == "hold":
            self.call.setHold(pj.CallOpParam())
        elif command == "resume":
            again = pj.CallOpParam(True)
            again.opt.flag |= pj.PJSUA_CALL_UNHOLD
            self.call.reinvite(again)
        elif command == "hangup":
            self.call.hangup(pj.CallOpParam(True))
        tell("done", command=command)


def endpoint(host, port):
    end = pj.Endpoint()
    end.libCreate()
    config = pj.EpConfig()
    config.logConfig.level = config.logConfig.consoleLevel = 1
    config.uaConfig.threadCnt = 0
    config.uaConfig.mainThreadOnly = True
    config.medConfig.noVad = True
    config.medConfig.ecTailLen = 0
    config.medConfig.sndAutoCloseTime = -1
    end.libInit(config)
    transport = pj.TransportConfig()
    transport.port = port
    transport.boundAddress = transport.publicAddress = host
    kind = os.environ.get("PHONE_TRANSPORT", "udp")
    if kind == "tls":
        transport.port += 1
        transport.tlsConfig.CaListFile = os.environ["PHONE_CA"]
        transport.tlsConfig.certFile = os.environ["PHONE_CERTIFICATE"]
        transport.tlsConfig.privKeyFile = os.environ["PHONE_KEY"]
        transport.tlsConfig.verifyServer = True
    end.transportCreate(getattr(pj, f"PJSIP_TRANSPORT_{kind.upper()}"), transport)
    end.libStart()
    end.audDevManager().setNullDev()
    if "PHONE_CODEC" in os.environ:
        for codec in end.codecEnum2():
            end.codecSetPriority(codec.codecId, 0)
    end.codecSetPriority(CODECS[os.environ.get("PHONE_CODEC")], 255)
    return end


def account(host, port, rtp_port):
    config = pj.AccountConfig()
    user = "anonymous" if "PHONE_ANONYMOUS" in os.environ else "13700137000"
    config.idUri = f"sip:{user}@{host}:{port}"
    if "PHONE_SESSION" in os.environ:
        config.callConfig.timerUse = pj.PJSUA_SIP_TIMER_ALWAYS
        config.callConfig.timerMinSESec = 90
        config.callConfig.timerSessExpiresSec = int(os.environ["PHONE_SESSION"])
    media = config.mediaConfig.transportConfig
    media.boundAddress = host
    media.port = rtp_port
    media.portRange = 20
    wanted = os.environ.get("PHONE_SRTP", "off")
    config.mediaConfig.srtpUse = SRTP[wanted]
    config.mediaConfig.srtpSecureSignaling = 0
    config.mediaConfig.rtcpXrEnabled = True
    registrar = os.environ.get("PHONE_REGISTRAR")
    if registrar:
        enrol(config, registrar)
    account = Account()
    account.create(config)
    return account


def enrol(config, registrar):
    user = os.environ["PHONE_USER"]
    kind = os.environ.get("PHONE_TRANSPORT", "udp")
    config.idUri = f"sip:{user}@{registrar}"
    config.regConfig.registrarUri = f"sip:{registrar};transport={kind}"
    config.regConfig.registerOnAdd = False
    config.regConfig.timeoutSec = int(os.environ["PHONE_EXPIRES"])
    # It refreshes this many seconds before the end.
    config.regConfig.delayBeforeRefreshSec = 1
    password = os.environ["PHONE_PASSWORD"]
    config.sipConfig.authCreds.append(pj.AuthCredInfo("digest", "*", user, 0, password))


def main(listen, rtp_port, speech_file=None):
    host, port = listen.split(":")
    end = endpoint(host, int(port))
    phone = account(host, int(port), int(rtp_port))
    if speech_file:
        Call.speech = Speech(speech_file)
    if os.environ.get("PHONE_KEYS") == "sound":
        Call.tones = Tones()
    tell("ready")
    while True:
        end.libHandleEvents(LOOK_EVERY_MS)
        if not select.select([sys.stdin], [], [], 0)[0]:
            continue
        command, _, argument = sys.stdin.readline().strip().partition(" ")
        if command in ("", "quit"):
            break
        phone.obey(command, argument)
    end.hangupAllCalls()
    end.libHandleEvents(LOOK_EVERY_MS)
    sys.stdout.flush()
    # The bindings assert on the order of their teardown; all that matters is closed.
    os._exit(0)


main(*sys.argv[1:])
