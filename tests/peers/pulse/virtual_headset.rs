use std::io::Read;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::peers::scratch::Scratch;

/// Samples a second on both sides of it.
pub(crate) const RATE: usize = 48_000;

/// A sound server of one test's own, with a headset that is no more than two null sinks: no sound card, no D-Bus.
///
/// What is played into the sink `headset_mic_in` is what its microphone `headset_mic` hears; what its `headset_ear` plays
/// is heard at `headset_ear.monitor`.
pub(crate) struct VirtualHeadset {
    scratch: Scratch,
    server: Option<Pid>,
}

impl VirtualHeadset {
    pub(crate) fn start(name: &str) -> Self {
        let mut headset = Self {
            scratch: Scratch::new(name),
            server: None,
        };
        headset.start_server();
        headset
    }

    /// Returns when the server answers: it goes to the background only then.
    pub(crate) fn start_server(&mut self) {
        std::fs::create_dir_all(self.scratch.path("pulse")).expect("the folder is ours");
        // One that was killed leaves its id behind, and another does not start beside it.
        let _ = std::fs::remove_file(self.scratch.path("pulse/pid"));
        let run = self
            .command("pulseaudio")
            .args(self.server_arguments())
            .status();
        assert!(
            run.expect("start PulseAudio").success(),
            "see {}",
            self.log().display()
        );
        let pid =
            std::fs::read_to_string(self.scratch.path("pulse/pid")).expect("it writes its id");
        self.server = Some(Pid::from_raw(pid.trim().parse().expect("a number")));
        self.pactl(&["set-default-sink", "headset_ear"]);
        self.pactl(&["set-default-source", "headset_mic"]);
    }

    fn server_arguments(&self) -> Vec<String> {
        let load = |module: &str| format!("--load={module}");
        let socket = self.socket();
        vec![
            "-n".to_owned(),
            "--daemonize=yes".to_owned(),
            "--exit-idle-time=-1".to_owned(),
            "--use-pid-file=yes".to_owned(),
            "--disable-shm=yes".to_owned(),
            "--realtime=no".to_owned(),
            "--high-priority=no".to_owned(),
            format!("--log-target=newfile:{}", self.log().display()),
            load(&format!(
                "module-native-protocol-unix auth-anonymous=1 socket={}",
                socket.display()
            )),
            load(&null_sink("headset_ear", 2, "HeadsetEar")),
            load(&null_sink("headset_mic_in", 1, "HeadsetMicIn")),
            load(&remapped("headset_mic", "headset_mic_in", "HeadsetMic")),
        ]
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.scratch.path("pulse/native")
    }

    fn log(&self) -> PathBuf {
        self.scratch.path("pulse.log")
    }

    /// A program that finds this server and no other.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env("HOME", self.scratch.path(""))
            .env("PULSE_RUNTIME_PATH", self.scratch.path("pulse"))
            .env("PULSE_SERVER", format!("unix:{}", self.socket().display()))
            .env_remove("XDG_RUNTIME_DIR")
            .stdin(Stdio::null())
            .stderr(Stdio::null());
        command
    }

    /// What `pactl` prints.
    pub(crate) fn pactl(&self, arguments: &[&str]) -> String {
        let run = self
            .command("pactl")
            .args(arguments)
            .output()
            .expect("run pactl");
        assert!(run.status.success(), "pactl {arguments:?}");
        String::from_utf8_lossy(&run.stdout).trim().to_owned()
    }

    /// Another headset is plugged: what [`unplug`](Self::unplug) takes away again.
    pub(crate) fn plug(&self, name: &str) -> Vec<String> {
        let (ear, inside) = (format!("{name}_ear"), format!("{name}_mic_in"));
        let microphone = format!("{name}_mic");
        [
            null_sink(&ear, 2, &ear),
            null_sink(&inside, 1, &inside),
            remapped(&microphone, &inside, &microphone),
        ]
        .iter()
        .map(|module| {
            let words: Vec<&str> = std::iter::once("load-module")
                .chain(module.split(' '))
                .collect();
            self.pactl(&words)
        })
        .collect()
    }

    pub(crate) fn unplug(&self, modules: &[String]) {
        for module in modules.iter().rev() {
            self.pactl(&["unload-module", module]);
        }
    }

    /// Takes away what was loaded with these arguments at the server's start.
    pub(crate) fn unload(&self, arguments: &str) {
        let modules = self.pactl(&["list", "short", "modules"]);
        let loaded = modules.lines().find(|line| line.contains(arguments));
        let module = loaded.and_then(|line| line.split_whitespace().next());
        self.pactl(&["unload-module", module.expect("it is loaded")]);
    }

    /// Its ear is there again.
    pub(crate) fn load_ear(&self) {
        let module = null_sink("headset_ear", 2, "HeadsetEar");
        let words: Vec<&str> = std::iter::once("load-module")
            .chain(module.split(' '))
            .collect();
        self.pactl(&words);
    }

    /// Plays these samples into the microphone until they are over or the player is dropped.
    pub(crate) fn speak(&self, samples: &[f32]) -> Playing {
        self.speak_into("headset_mic_in", samples)
    }

    pub(crate) fn speak_into(&self, sink: &str, samples: &[f32]) -> Playing {
        let bytes: Vec<u8> = samples
            .iter()
            .flat_map(|sample| sample.to_le_bytes())
            .collect();
        let file = self.scratch.write(&format!("{sink}.f32"), bytes);
        let player = self
            .command("pacat")
            .args(["-d", sink, "--latency-msec=20", "--raw"])
            .args(FORMAT)
            .arg(file)
            .spawn();
        Playing(player.expect("start pacat"))
    }

    /// What the ear plays from now on, `samples` of it.
    pub(crate) fn hear(&self, samples: usize) -> Vec<f32> {
        self.hear_at("headset_ear.monitor", samples)
    }

    pub(crate) fn hear_at(&self, source: &str, samples: usize) -> Vec<f32> {
        let recorder = self
            .command("parec")
            .args(["-d", source, "--latency-msec=10", "--raw"])
            .args(FORMAT)
            .stdout(Stdio::piped())
            .spawn();
        let mut recorder = Playing(recorder.expect("start parec"));
        let mut bytes = vec![0; samples * 4];
        let mut stdout = recorder.0.stdout.take().expect("it is piped");
        stdout.read_exact(&mut bytes).expect("the server runs");
        let (samples, _) = bytes.as_chunks();
        samples
            .iter()
            .map(|bytes| f32::from_le_bytes(*bytes))
            .collect()
    }

    /// The server stands still, and says nothing about it.
    pub(crate) fn pause_server(&self) {
        self.signal(Signal::SIGSTOP);
    }

    pub(crate) fn go_on(&self) {
        self.signal(Signal::SIGCONT);
    }

    fn signal(&self, signal: Signal) {
        kill(self.server.expect("it was started"), signal).expect("it runs");
    }

    /// The server is gone, as if it had crashed.
    pub(crate) fn kill_server(&mut self) {
        if let Some(server) = self.server.take() {
            kill(server, Signal::SIGKILL).expect("it runs");
        }
    }
}

impl Drop for VirtualHeadset {
    fn drop(&mut self) {
        if let Some(server) = self.server.take() {
            // It may have ended already.
            let _ = kill(server, Signal::SIGTERM);
        }
    }
}

/// A player or recorder that ends with its owner.
pub(crate) struct Playing(Child);

impl Drop for Playing {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

const FORMAT: [&str; 3] = ["--format=float32le", "--rate=48000", "--channels=1"];

/// A tone of 1 kHz, 48 kHz.
pub(crate) fn tone(samples: usize, peak: f32) -> Vec<f32> {
    let step = std::f32::consts::TAU * 1_000.0 / RATE as f32;
    (0..samples)
        .map(|at| peak * (step * (at % RATE) as f32).sin())
        .collect()
}

/// Idle it renders 50 ms at once; one that can be rewound renders two seconds, and who opens it hears nothing for so long.
fn null_sink(name: &str, channels: u8, description: &str) -> String {
    format!(
        "module-null-sink sink_name={name} rate=48000 channels={channels} norewinds=1 \
         sink_properties=device.description={description}"
    )
}

fn remapped(name: &str, sink: &str, description: &str) -> String {
    format!(
        "module-remap-source source_name={name} master={sink}.monitor \
         source_properties=device.description={description}"
    )
}
