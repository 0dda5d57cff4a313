//! Real speech: the prompts of Debian's asterisk-core-sounds-en-wav, one speaker at 8 kHz.

use std::fs;
use std::path::Path;

use crate::peers::missing::SPEECH;

/// P.862 is made for pieces of 8 to 12 s.
pub(crate) const PIECE_SAMPLES: usize = 64_000;

/// Eight pieces: 64 s.
const SAMPLES: usize = 8 * PIECE_SAMPLES;

/// 2 s: sentences, not words.
const PROMPT_SAMPLES_MIN: usize = 16_000;

/// A minute: the prompts that last so long, one after the other, by name.
pub(crate) fn minute() -> Vec<i16> {
    let mut paths: Vec<_> = fs::read_dir(SPEECH)
        .expect("the prompts")
        .map(|entry| entry.expect("a prompt").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "wav"))
        .collect();
    paths.sort();
    let mut minute = Vec::new();
    for path in paths {
        if minute.len() >= SAMPLES {
            break;
        }
        let prompt = samples(&path);
        if prompt.len() >= PROMPT_SAMPLES_MIN {
            minute.extend(prompt);
        }
    }
    minute.truncate(SAMPLES);
    minute
}

/// The samples of a WAV of 16 bits, mono, whose only chunks are `fmt ` and `data`.
fn samples(path: &Path) -> Vec<i16> {
    let bytes = fs::read(path).expect("read a prompt");
    let (_, data) = bytes.split_at(44);
    data.chunks_exact(2)
        .map(|pair| i16::from_le_bytes([pair[0], pair[1]]))
        .collect()
}
