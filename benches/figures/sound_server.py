"""A PulseAudio of its own, without a sound card."""
import os
import subprocess
import tempfile
import time
from pathlib import Path

EAR, MICROPHONE = "headset_ear", "headset_mic"


class SoundServer:
    """PulseAudio with a headset that is no more than two null sinks."""

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        run = Path(self.folder.name, "pulse")
        run.mkdir(mode=0o700)
        socket = run / "native"
        self.environment = {
            **os.environ,
            "HOME": self.folder.name,
            "PULSE_RUNTIME_PATH": str(run),
            "PULSE_SERVER": f"unix:{socket}",
        }
        sounds = Path(self.folder.name, "asound.conf")
        sounds.write_text(f'pcm.!default {{ type pulse server "unix:{socket}" }}\nctl.!default {{ type pulse server "unix:{socket}" }}\n')
        self.environment["ALSA_CONFIG_PATH"] = f"/usr/share/alsa/alsa.conf:{sounds}"
        # The package of baresip looks elsewhere for ALSA's way to the sound server.
        self.environment["ALSA_PLUGIN_DIR"] = next((str(folder) for folder in Path("/usr/lib").glob("*/alsa-lib")), "")
        sinks = [(EAR, 2), (f"{MICROPHONE}_in", 1)]
        modules = [f"module-native-protocol-unix auth-anonymous=1 socket={socket}"]
        modules += [
            f"module-null-sink sink_name={name} rate=48000 channels={channels} norewinds=1" for name, channels in sinks
        ]
        modules.append(f"module-remap-source source_name={MICROPHONE} master={MICROPHONE}_in.monitor")
        arguments = ["-n", "--daemonize=no", "--exit-idle-time=-1", "--disable-shm=yes", "--realtime=no"]
        arguments += ["--high-priority=no", "--use-pid-file=no", "--log-level=error"]
        command = ["pulseaudio", *arguments, *(f"--load={module}" for module in modules)]
        self.process = subprocess.Popen(command, env=self.environment, stderr=subprocess.DEVNULL)
        self.ask("set-default-sink", EAR)
        self.ask("set-default-source", MICROPHONE)
        return self

    def ask(self, *arguments):
        for _ in range(50):
            asked = subprocess.run(["pactl", *arguments], env=self.environment, capture_output=True, check=False)
            if asked.returncode == 0:
                return
            time.sleep(0.1)
        raise RuntimeError(f"pactl {arguments}: {asked.stderr.decode()}")

    def noise(self):
        """Somebody breathes into the microphone: one that gives pure zeros is dead."""
        quiet = ["--volume=8000", "--raw", "--format=s16le", "--rate=48000", "--channels=1"]
        return subprocess.Popen(["pacat", "-d", f"{MICROPHONE}_in", *quiet, "/dev/urandom"], env=self.environment)

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.folder.cleanup()
