use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::records::SipMessage;
use crate::words::CallId;

/// Appends calls' SIP messages to `STATE/calls/<yyyy-mm-dd>/<call>.sip`, beside their timelines, and reads them back.
#[derive(Debug)]
pub struct SipMessages {
    folder: PathBuf,
}

/// One call's file, in bytes: a day of session refreshes. What comes later is left out.
const FILE_BYTES_MAX: u64 = 1 << 20;

impl SipMessages {
    /// Makes nothing until there is something to write.
    pub fn new(state: &Path) -> Self {
        Self {
            folder: state.join("calls"),
        }
    }

    /// A call has few messages, so its file is not kept open.
    pub fn append(&self, call: CallId, message: &SipMessage) -> io::Result<()> {
        let path = path(&self.folder, call);
        if let Some(day) = path.parent() {
            fs::create_dir_all(day)?;
        }
        write(
            OpenOptions::new().create(true).append(true).open(path)?,
            message,
        )
    }

    /// The same for a call that is over: where its file was deleted it stays so.
    pub fn append_afterwards(&self, call: CallId, message: &SipMessage) -> io::Result<()> {
        match OpenOptions::new()
            .append(true)
            .open(path(&self.folder, call))
        {
            Ok(file) => write(file, message),
            Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(why) => Err(why),
        }
    }

    /// The messages of `call` in their order; none where it is unknown, or they were not kept. A line that was cut
    /// short by a power cut is passed over.
    pub fn read(state: &Path, call: CallId) -> io::Result<Vec<SipMessage>> {
        let text = match fs::read_to_string(path(&state.join("calls"), call)) {
            Ok(text) => text,
            Err(why) if why.kind() == io::ErrorKind::NotFound => String::new(),
            Err(why) => return Err(why),
        };
        let lines = text.lines();
        Ok(lines
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect())
    }

    /// Removes those of a call that is over; whether there were any.
    pub fn delete(state: &Path, call: CallId) -> io::Result<bool> {
        match fs::remove_file(path(&state.join("calls"), call)) {
            Ok(()) => Ok(true),
            Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(why) => Err(why),
        }
    }
}

fn write(mut file: File, message: &SipMessage) -> io::Result<()> {
    if file.metadata()?.len() >= FILE_BYTES_MAX {
        return Ok(());
    }
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    file.write_all(&line)
}

fn path(folder: &Path, call: CallId) -> PathBuf {
    folder.join(call.day()).join(format!("{call}.sip"))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::records::Way;
    use crate::words::{Moment, Party};

    fn message(text: &str) -> SipMessage {
        SipMessage {
            at: Moment::ZERO,
            utc: Timestamp::UNIX_EPOCH,
            party: Party::Caller,
            way: Way::Received,
            transport: "UDP".to_owned(),
            ours: ([127, 0, 0, 1], 5060).into(),
            theirs: ([127, 0, 0, 1], 5070).into(),
            text: text.to_owned(),
        }
    }

    #[test]
    fn messages_are_read_in_their_order_until_they_are_deleted() {
        let state = std::env::temp_dir().join(format!("thirdring-sip-{}", std::process::id()));
        let (messages, call) = (SipMessages::new(&state), CallId::new(0, [9; 10]));
        assert_eq!(SipMessages::read(&state, call).unwrap(), []);
        let said = ["INVITE", "ACK"].map(message);
        for message in &said {
            messages.append(call, message).unwrap();
        }
        let cut = OpenOptions::new()
            .append(true)
            .open(path(&messages.folder, call));
        cut.unwrap().write_all(b"{\"at\":12").unwrap();
        let read = SipMessages::read(&state, call).unwrap();
        let deleted = [(); 2].map(|()| SipMessages::delete(&state, call).unwrap());
        messages.append_afterwards(call, &said[0]).unwrap();
        assert_eq!(SipMessages::read(&state, call).unwrap(), []);
        fs::remove_dir_all(&state).unwrap();
        assert_eq!(read, said);
        assert_eq!(deleted, [true, false]);
    }

    #[test]
    fn a_call_that_talks_sip_for_ever_fills_no_disk() {
        let state = std::env::temp_dir().join(format!("thirdring-sip-max-{}", std::process::id()));
        let (messages, call) = (SipMessages::new(&state), CallId::new(0, [8; 10]));
        let long = message(&"x".repeat(60_000));
        for _ in 0..40 {
            messages.append(call, &long).unwrap();
        }
        let length = fs::metadata(path(&messages.folder, call)).unwrap().len();
        fs::remove_dir_all(&state).unwrap();
        assert!(length < FILE_BYTES_MAX + 70_000, "{length}");
    }
}
