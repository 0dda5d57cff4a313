//! `thirdring recording`: pauses a call's recording, and opens a sealed one without an agent.

use serde_json::json;

use super::arguments::{DecryptArguments, Everywhere, RecordingVerb};
use super::call_verbs;
use super::failure::Failure;
use super::{Environment, Teller};
use crate::cli::api::Api;
use crate::recordings::store::{Decrypted, decrypt, read_key};
use crate::words::Command;

pub(super) fn run(
    verb: RecordingVerb,
    everywhere: &Everywhere,
    environment: &Environment,
    teller: &mut Teller<'_>,
) -> Result<(), Failure> {
    let (paused, call) = match verb {
        RecordingVerb::Pause { call } => (true, call),
        RecordingVerb::Resume { call } => (false, call),
        RecordingVerb::Decrypt(arguments) => return open(&arguments, teller),
    };
    let api = Api::new(everywhere, environment, teller.language)?;
    call_verbs::send(&Command::Recording { paused }, call, &api, teller)
}

/// What is right of a broken file is written; that it is broken is the failure.
fn open(arguments: &DecryptArguments, teller: &mut Teller<'_>) -> Result<(), Failure> {
    let key = read_key(&arguments.key_file).map_err(|why| Failure::Told(why.sentence()))?;
    let opened = decrypt(&key, &arguments.sealed, &arguments.opened);
    let Decrypted {
        call,
        bytes,
        broken,
    } = opened.map_err(|why| Failure::Told(why.sentence()))?;
    if let Some(broken) = broken {
        return Err(Failure::Told(broken.sentence()));
    }
    if teller.json {
        return teller.line(&json!({ "call": call, "bytes": bytes }).to_string());
    }
    let (call, bytes) = (call.to_string(), bytes.to_string());
    teller.line(&teller.filled("cli.decrypted", &[("call", &call), ("bytes", &bytes)]))
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    use crate::cli::{Environment, invoke};
    use crate::recordings::{Key, Sealer};
    use crate::words::CallId;

    /// A file of two chunks and its last one.
    fn sealed(digits: &str) -> Vec<u8> {
        let key = Key::parse(digits).unwrap();
        let mut sealer = Sealer::new(&key, CallId::new(1, [2; 10]), [3; 16]);
        let mut file = sealer.head().to_vec();
        sealer.seal(b"one, ", &mut file);
        sealer.seal(b"two", &mut file);
        sealer.finish(&mut file);
        file
    }

    /// The exit code and what was said, of opening `file` in `folder` into `out`.
    fn opening(folder: &Path, out: &str, file: &[u8]) -> (u8, String) {
        fs::write(folder.join("in"), file).unwrap();
        let line = format!(
            "thirdring recording decrypt {0}/in {0}/{out} --key-file {0}/key --language en",
            folder.display()
        );
        let (mut told, mut errors) = (Vec::new(), Vec::new());
        let words = line.split(' ').map(Into::into);
        let code = invoke(words, &Environment::default(), &mut told, &mut errors);
        told.extend(errors);
        (code, String::from_utf8(told).unwrap())
    }

    #[test]
    fn a_sealed_recording_is_opened_and_what_is_wrong_with_it_is_said() {
        let folder = std::env::temp_dir().join(format!("thirdring-decrypt-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let digits = "0d".repeat(32);
        fs::write(folder.join("key"), &digits).unwrap();
        fs::set_permissions(folder.join("key"), Permissions::from_mode(0o600)).unwrap();
        let file = sealed(&digits);
        let whole = opening(&folder, "whole", &file);
        let cut = opening(&folder, "cut", &file[..file.len() - 5]);
        let again = opening(&folder, "whole", &file);
        let opened = ["whole", "cut"].map(|name| fs::read(folder.join(name)).unwrap());
        fs::set_permissions(folder.join("key"), Permissions::from_mode(0o644)).unwrap();
        let open_key = opening(&folder, "not", &file);
        fs::remove_dir_all(&folder).unwrap();
        assert!(whole.0 == 0 && whole.1.contains("whole"), "{whole:?}");
        assert!(cut.0 == 1 && cut.1.contains("after chunk 2"), "{cut:?}");
        assert!(
            again.0 == 1 && again.1.contains("cannot be written"),
            "{again:?}"
        );
        assert!(
            open_key.0 == 1 && open_key.1.contains("chmod 600"),
            "{open_key:?}"
        );
        assert_eq!(opened, [b"one, two", b"one, two"]);
    }
}
