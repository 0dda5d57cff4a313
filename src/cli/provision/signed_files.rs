//! The files of a signed folder, given by pieces: who reads slowly, or not at all, costs a piece.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Seek};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::SystemTime;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::task::{JoinHandle, spawn_blocking};

use crate::files::FileId;
use crate::provision::{Digest, FilePath, INDEX, Index, SIGNATURE};

/// Read at once, in bytes.
const PIECE: u64 = 64 * 1024;

/// The index, its signature, and what the index names: nothing else that lies in the folder.
pub(super) struct SignedFiles {
    folder: PathBuf,
    known: Mutex<Option<Known>>,
}

/// What an index names.
struct Known {
    index: Stamp,
    files: Arc<BTreeMap<FilePath, Digest>>,
}

/// By which a file is known again.
#[derive(PartialEq, Eq)]
struct Stamp {
    id: Option<FileId>,
    written: Option<SystemTime>,
    length: u64,
}

/// One that is there.
pub(super) struct SignedFile {
    /// Of what was signed.
    pub(super) digest: Digest,
    pub(super) pieces: Pieces,
}

/// What is in it, as it is asked for.
pub(super) struct Pieces {
    file: Option<File>,
    left: u64,
    reading: Option<JoinHandle<io::Result<(File, Bytes)>>>,
}

impl SignedFiles {
    pub(super) fn of(folder: PathBuf) -> Self {
        Self {
            folder,
            known: Mutex::default(),
        }
    }

    pub(super) fn open(&self, path: &FilePath) -> io::Result<SignedFile> {
        let signed = match [INDEX, SIGNATURE].contains(&path.as_str()) {
            true => None,
            false => {
                let digest = self.named()?.get(path).copied();
                Some(digest.ok_or(ErrorKind::NotFound)?)
            }
        };
        let mut file = File::open(self.folder.join(path.as_str()))?;
        let digest = match signed {
            Some(digest) => digest,
            None => {
                let digest = Digest::of_reader(&mut file)?;
                file.rewind()?;
                digest
            }
        };
        let left = file.metadata()?.len();
        let pieces = Pieces {
            file: Some(file),
            left,
            reading: None,
        };
        Ok(SignedFile { digest, pieces })
    }

    /// Read once for each signing.
    fn named(&self) -> io::Result<Arc<BTreeMap<FilePath, Digest>>> {
        let path = self.folder.join(INDEX);
        let found = fs::metadata(&path)?;
        let index = Stamp {
            id: FileId::of(&path),
            written: found.modified().ok(),
            length: found.len(),
        };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = known.as_ref().filter(|known| known.index == index) {
            return Ok(Arc::clone(&known.files));
        }
        let read = Index::read(&fs::read(path)?).map_err(|_| ErrorKind::InvalidData)?;
        let files = Arc::new(read.sha256);
        *known = Some(Known {
            index,
            files: Arc::clone(&files),
        });
        Ok(files)
    }
}

impl Pieces {
    /// Nobody else's turn waits for the disk meanwhile.
    fn begin(&mut self, mut file: File) {
        let length = usize::try_from(self.left.min(PIECE)).unwrap_or_default();
        self.reading = Some(spawn_blocking(move || {
            let mut piece = vec![0; length];
            file.read_exact(&mut piece)?;
            Ok((file, piece.into()))
        }));
    }
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let pieces = self.get_mut();
        if pieces.left == 0 {
            return Poll::Ready(None);
        }
        if let Some(file) = pieces.file.take() {
            pieces.begin(file);
        }
        let Some(reading) = &mut pieces.reading else {
            // It broke off.
            return Poll::Ready(None);
        };
        let read = ready!(Pin::new(reading).poll(context));
        pieces.reading = None;
        let read = read.map_err(io::Error::other).and_then(|read| read);
        Poll::Ready(Some(read.map(|(file, piece)| {
            pieces.left = pieces.left.saturating_sub(piece.len() as u64);
            pieces.file = Some(file);
            Frame::data(piece)
        })))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

#[cfg(test)]
mod tests {
    use axum::body::to_bytes;

    use super::*;

    async fn read(files: &SignedFiles, path: &str) -> io::Result<(Digest, Bytes)> {
        let SignedFile { digest, pieces } = files.open(&path.parse().unwrap())?;
        let all = to_bytes(axum::body::Body::new(pieces), usize::MAX).await;
        Ok((digest, all.map_err(io::Error::other)?))
    }

    #[tokio::test]
    async fn a_file_is_given_whole_by_pieces_and_only_where_the_index_names_it() {
        let name = format!("thirdring-signed-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        let music: Vec<u8> = (0..200_000_u32).flat_map(u32::to_le_bytes).collect();
        let hash = Digest::of(&music);
        for name in ["a.wav", "b.wav"] {
            fs::write(folder.join(name), &music).unwrap();
        }
        let sign = |names: &[&str]| {
            let lines = names
                .iter()
                .map(|name| format!("\"{name}\" = \"{hash}\"\n"));
            let text = format!("[sha256]\n{}", lines.collect::<String>());
            fs::write(folder.join(INDEX), &text).unwrap();
            text
        };
        let files = SignedFiles::of(folder.clone());
        let first = sign(&["a.wav"]);
        let index = read(&files, INDEX).await.unwrap();
        let given = read(&files, "a.wav").await.unwrap();
        let unnamed = read(&files, "b.wav").await.unwrap_err().kind();
        let _ = sign(&["a.wav", "b.wav"]);
        let named = read(&files, "b.wav").await.is_ok();
        fs::remove_dir_all(folder).unwrap();
        assert_eq!(index, (Digest::of(first.as_bytes()), first.into()));
        assert!(given == (hash, music.into()));
        assert_eq!((unnamed, named), (ErrorKind::NotFound, true));
    }
}
