use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::files;
use crate::recordings::{Format, Sealer, wav};
use crate::words::CallId;

/// What ends the name of a sealed file.
pub(super) const SEALED: &str = "sealed";

/// Where a call's recording is, below the folder: `2026-11-22/<call>.wav`.
pub(super) fn name(call: CallId, format: Format, is_sealed: bool) -> PathBuf {
    let mut name = format!("{call}.{}", format.extension());
    if is_sealed {
        name = format!("{name}.{SEALED}");
    }
    Path::new(&call.day()).join(name)
}

/// A recording on disk: whatever was written last, what was written before can be read.
#[derive(Debug)]
pub(super) struct TapeFile {
    file: File,
    path: PathBuf,
    /// Bytes that are whole; what a full disk took half of is cut off again.
    bytes: u64,
    way: Way,
}

/// How bytes get into the file.
#[derive(Debug)]
enum Way {
    /// Behind what is there.
    Appended,
    /// The same, and then the lengths in its head are set.
    Wav,
    Sealed(Box<Sealer>),
}

impl TapeFile {
    /// Makes the file, which must not be there yet, for its owner alone.
    pub(super) fn create(
        path: PathBuf,
        format: Format,
        sealer: Option<Sealer>,
    ) -> io::Result<Self> {
        if let Some(day) = path.parent() {
            files::make_folder(day)?;
        }
        let file = files::for_owner()
            .write(true)
            .create_new(true)
            .open(&path)?;
        let mut tape = Self {
            file,
            path,
            bytes: 0,
            way: Way::Appended,
        };
        match sealer {
            Some(sealer) => {
                tape.append(sealer.head())?;
                tape.way = Way::Sealed(Box::new(sealer));
            }
            None if format == Format::Wav => tape.way = Way::Wav,
            None => {}
        }
        Ok(tape)
    }

    /// Whether it still has a name.
    pub(super) fn check_there(&self) -> io::Result<()> {
        match files::has_name(&self.file, &self.path)? {
            true => Ok(()),
            false => Err(io::ErrorKind::NotFound.into()),
        }
    }

    /// Writes sound; after it the file can be read up to here.
    pub(super) fn write(&mut self, sound: &[u8]) -> io::Result<()> {
        match &mut self.way {
            Way::Appended => self.append(sound),
            Way::Wav => {
                self.append(sound)?;
                self.set_lengths()
            }
            Way::Sealed(sealer) => {
                let mut chunks = Vec::with_capacity(sound.len() + 64);
                sealer.seal(sound, &mut chunks);
                self.append(&chunks)
            }
        }
    }

    /// Writes the last sound, and that it is the last.
    pub(super) fn finish(mut self, sound: &[u8]) -> io::Result<()> {
        self.write(sound)?;
        if let Way::Sealed(sealer) = &mut self.way {
            let mut last = Vec::new();
            sealer.finish(&mut last);
            self.append(&last)?;
        }
        Ok(())
    }

    /// A file without a sound of the call is of no use to anybody.
    pub(super) fn remove_if_empty(self) {
        if self.bytes == 0 {
            // It is empty: what is left is a name.
            let _ = fs::remove_file(self.path);
        }
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let written = files::write_all_at(&self.file, bytes, self.bytes);
        if written.is_ok() {
            self.bytes += bytes.len() as u64;
        } else {
            // Half a page is worse than none; cutting off needs no room.
            let _ = self.file.set_len(self.bytes);
        }
        written
    }

    /// First the sound, then the lengths: between the two the file only seems shorter.
    fn set_lengths(&self) -> io::Result<()> {
        let data = self.bytes.saturating_sub(wav::HEAD_BYTES as u64);
        let data = u32::try_from(data).unwrap_or(wav::LENGTH_UNKNOWN);
        for (at, length) in wav::LENGTHS_AT.into_iter().zip(wav::lengths(data)) {
            files::write_all_at(&self.file, &length, at)?;
        }
        Ok(())
    }
}
