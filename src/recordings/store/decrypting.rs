use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufReader, Read, Write};
use std::path::Path;

use crate::files;
use crate::recordings::sealed::{HEAD_BYTES, LENGTH_BYTES, TAG_BYTES};
use crate::recordings::{Broken, Key, Opener, wav};
use crate::words::{CallId, Sentence};

/// A sealed file that was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decrypted {
    pub call: CallId,
    /// Bytes of sound, all of them vouched for.
    pub bytes: u64,
    /// Why there are no more, where there should be.
    pub broken: Option<Broken>,
}

/// Why nothing was opened.
#[derive(Debug)]
pub enum DecryptError {
    Read(io::Error),
    Write(io::Error),
    NotSealed,
}

impl DecryptError {
    pub fn sentence(&self) -> Sentence {
        match self {
            Self::Read(why) => Sentence::of("sealed.read").with("why", Sentence::of_io(why)),
            Self::Write(why) => Sentence::of("sealed.write").with("why", Sentence::of_io(why)),
            Self::NotSealed => Broken::NotSealed.sentence(),
        }
    }
}

impl fmt::Display for DecryptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(why) => write!(f, "read the sealed recording: {why}"),
            Self::Write(why) => write!(f, "write the opened recording: {why}"),
            Self::NotSealed => f.write_str("open a recording that is not sealed"),
        }
    }
}

impl std::error::Error for DecryptError {}

/// Opens a sealed recording into a new file, as far as its chunks are right.
pub fn decrypt(key: &Key, sealed: &Path, opened: &Path) -> Result<Decrypted, DecryptError> {
    let mut source = BufReader::new(File::open(sealed).map_err(DecryptError::Read)?);
    let mut head = [0; HEAD_BYTES];
    source
        .read_exact(&mut head)
        .map_err(|_| DecryptError::NotSealed)?;
    let mut opener = Opener::new(key, head).map_err(|_| DecryptError::NotSealed)?;
    let mut out = files::for_owner()
        .write(true)
        .create_new(true)
        .open(opened)
        .map_err(DecryptError::Write)?;
    let mut bytes = 0;
    let broken = loop {
        match next(&mut source, &mut opener)? {
            Chunk::Sound(sound) => {
                out.write_all(&sound).map_err(DecryptError::Write)?;
                bytes += sound.len() as u64;
            }
            Chunk::Last => break None,
            Chunk::Broken(broken) => break Some(broken),
        }
    };
    finish(&out, opened, bytes).map_err(DecryptError::Write)?;
    Ok(Decrypted {
        call: opener.call(),
        bytes,
        broken,
    })
}

enum Chunk {
    Sound(Vec<u8>),
    /// Nothing follows it.
    Last,
    Broken(Broken),
}

fn next(source: &mut impl Read, opener: &mut Opener) -> Result<Chunk, DecryptError> {
    let cut_short = Chunk::Broken(opener.cut_short());
    let mut word = [0; LENGTH_BYTES];
    if !fills(source, &mut word)? {
        return Ok(cut_short);
    }
    let length = match opener.length(word) {
        Ok(length) => length,
        Err(broken) => return Ok(Chunk::Broken(broken)),
    };
    let mut chunk = vec![0; length.sound + TAG_BYTES];
    if !fills(source, &mut chunk)? {
        return Ok(cut_short);
    }
    match opener.open(length, &mut chunk) {
        Err(broken) => Ok(Chunk::Broken(broken)),
        Ok(_) if length.last && fills(source, &mut [0])? => Ok(Chunk::Broken(Broken::GoesOn)),
        Ok(_) if length.last => Ok(Chunk::Last),
        Ok(sound) => Ok(Chunk::Sound(sound.to_vec())),
    }
}

/// Whether there was so much.
fn fills(source: &mut impl Read, buffer: &mut [u8]) -> Result<bool, DecryptError> {
    match source.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(why) if why.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(why) => Err(DecryptError::Read(why)),
    }
}

/// A WAV file gets its lengths, which nobody knew when it was sealed; of no sound nothing is left.
fn finish(out: &File, opened: &Path, bytes: u64) -> io::Result<()> {
    if bytes == 0 {
        return fs::remove_file(opened);
    }
    let mut begins = [0; 4];
    let file = File::open(opened)?;
    let is_wav = bytes >= wav::HEAD_BYTES as u64
        && files::read_exact_at(&file, &mut begins, 0).is_ok()
        && &begins == b"RIFF";
    if !is_wav {
        return Ok(());
    }
    let data = u32::try_from(bytes - wav::HEAD_BYTES as u64).unwrap_or(wav::LENGTH_UNKNOWN);
    for (at, length) in wav::LENGTHS_AT.into_iter().zip(wav::lengths(data)) {
        files::write_all_at(out, &length, at)?;
    }
    Ok(())
}
