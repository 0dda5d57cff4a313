//! What a test needs from the machine, and what happens without it: the test is skipped by name.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

/// Something from outside this repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    Sipp,
    /// tcpdump, and the right to capture.
    Capture,
    Baresip,
    Pjsip,
    Linphone,
    Kamailio,
    /// svwar and svcrack.
    Sipvicious,
    Coturn,
    /// `ip` and `nft`, and the right to make network namespaces.
    Namespaces,
    Tshark,
    /// The right to mount a small disk.
    Mount,
    OtherReaders,
    /// The English prompts of Asterisk: real speech.
    Speech,
    /// Recorded speech and music, and a synthesiser.
    Sounds,
    Sox,
    OpusTools,
    /// A sound server and its tools.
    Pulse,
    /// /dev/uhid, of which the kernel makes a device, and the right to open it.
    VirtualDevices,
    #[cfg_attr(
        not(feature = "postgres"),
        expect(dead_code, reason = "built without it, nobody asks for a server")
    )]
    Postgres,
}

/// The interpreter that tests/run.sh installs the phones for.
pub(crate) const PYTHON: &str = "tests/.venv/bin/python";

/// Where Debian's asterisk-core-sounds-en-wav puts its prompts.
pub(crate) const SPEECH: &str = "/usr/share/asterisk/sounds/en_US_f_Allison";

/// What tests/run.sh builds from tests/differential.
pub(crate) const OTHER_READERS: &str = "target/readers/debug/other-readers";

impl Need {
    fn missing(self) -> Option<&'static str> {
        let there = match self {
            Self::Sipp => works("sipp", &["-v"]) || works("sipp", &["-h"]),
            Self::Capture => works("tcpdump", &["--immediate-mode", "-i", "lo", "-d"]) && is_root(),
            Self::Baresip => works(PYTHON, &["-c", "import baresip"]),
            Self::Pjsip => works(PYTHON, &["-c", "import pjsua2"]),
            Self::Linphone => works("linphonec", &["-v"]),
            Self::Kamailio => works("kamailio", &["-v"]),
            Self::Sipvicious => works("svwar", &["--version"]),
            Self::Coturn => works("turnserver", &["--version"]),
            Self::Namespaces => {
                is_root() && works("nft", &["--version"]) && works("ip", &["netns", "list"])
            }
            Self::Tshark => works("tshark", &["--version"]),
            Self::OtherReaders => works(OTHER_READERS, &[]),
            Self::Speech => Path::new(SPEECH).is_dir(),
            Self::Sounds => {
                works("espeak-ng", &["--version"])
                    && ["sounds", "moh"]
                        .iter()
                        .all(|folder| Path::new("/usr/share/asterisk").join(folder).exists())
            }
            Self::Sox => works("sox", &["--version"]),
            Self::OpusTools => works("opusdec", &["--version"]),
            Self::Pulse => works("pulseaudio", &["--version"]) && works("pactl", &["--version"]),
            Self::Mount => is_root() && Path::new("/bin/mount").exists(),
            Self::VirtualDevices => is_root() && Path::new("/dev/uhid").exists(),
            Self::Postgres => postgres().is_some() && works("setpriv", &["--version"]),
        };
        (!there).then_some(match self {
            Self::Sipp => "SIPp (apt: sip-tester)",
            Self::Capture => "tcpdump, run by root",
            Self::Baresip => "baresip 4 (pip: baresip-python)",
            Self::Pjsip => "pjproject (pip: pjsua2-python)",
            Self::Linphone => "linphonec 5 (apt: linphone-cli)",
            Self::Kamailio => "Kamailio 5.6 (apt: kamailio)",
            Self::Sipvicious => "SIPVicious (apt: sipvicious)",
            Self::Coturn => "coturn (apt: coturn)",
            Self::Namespaces => "network namespaces (root, iproute2, nftables)",
            Self::Mount => "mount, run by root",
            Self::Tshark => "tshark (apt: tshark)",
            Self::Sounds => {
                "asterisk-core-sounds-en-wav, asterisk-moh-opsound-wav, espeak-ng (apt)"
            }
            Self::Sox => "sox (apt: sox)",
            Self::OpusTools => "opusdec (apt: opus-tools)",
            Self::Pulse => "PulseAudio (apt: pulseaudio, pulseaudio-utils)",
            Self::VirtualDevices => "/dev/uhid (modprobe uhid), and root",
            Self::Postgres => "PostgreSQL's server (apt: postgresql)",
            Self::OtherReaders => "other readers of SIP (tests/run.sh builds them)",
            Self::Speech => "real speech (apt: asterisk-core-sounds-en-wav)",
        })
    }
}

/// Where the programs of the newest server are, as Debian has them.
pub(crate) fn postgres() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?;
    let programs = versions.flatten().map(|version| version.path().join("bin"));
    programs
        .filter(|programs| programs.join("initdb").exists())
        .max()
}

/// True when everything is there; else the test returns, and tests/run.sh counts it as skipped.
pub(crate) fn can_run(needs: &[Need]) -> bool {
    let missing: Vec<&str> = needs.iter().filter_map(|need| need.missing()).collect();
    if missing.is_empty() {
        return true;
    }
    let test = thread::current().name().unwrap_or("a test").to_owned();
    let missing = format!("missing: {}", missing.join(", "));
    eprintln!("SKIPPED: {test}: {missing}");
    if let Some(folder) = env::var_os("THIRDRING_SKIPPED") {
        fs::write(Path::new(&folder).join(test), missing).expect("the folder of tests/run.sh");
    }
    false
}

fn works(program: &str, arguments: &[&str]) -> bool {
    let run = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    // SIPp tells its version with exit code 99.
    run.is_ok_and(|status| status.success() || status.code() == Some(99))
}

fn is_root() -> bool {
    nix::unistd::Uid::effective().is_root()
}
