use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Of the journal's head (sqlite.org/fileformat2.html 4.1), in bytes.
const HEAD: usize = 32;
/// Its first word; the lowest bit tells the byte order of its checksums.
const MAGIC: u32 = 0x377f_0682;

/// Whether there is a journal that SQLite would pass over in silence, with every commit in it.
pub(super) fn is_damaged(path: &Path) -> io::Result<bool> {
    let mut head = [0; HEAD];
    match File::open(path).and_then(|mut file| file.read_exact(&mut head)) {
        Ok(()) => Ok(!is_sound(&head)),
        // None, or one that was only begun: nothing was committed to it.
        Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(why) if why.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(why) => Err(why),
    }
}

fn is_sound(head: &[u8; HEAD]) -> bool {
    let (words, _) = head.as_chunks::<4>();
    let [magic, .., first, second] = words else {
        return false;
    };
    let magic = u32::from_be_bytes(*magic);
    let read = match magic & 1 {
        1 => u32::from_be_bytes,
        _ => u32::from_le_bytes,
    };
    let (summed, _) = words.split_at(words.len().saturating_sub(2));
    let sum = checksum(summed.iter().map(|word| read(*word)));
    magic & !1 == MAGIC && sum == (u32::from_be_bytes(*first), u32::from_be_bytes(*second))
}

/// Two sums that take turns with the words (4.2 there).
fn checksum(words: impl Iterator<Item = u32>) -> (u32, u32) {
    words.fold((0, 0), |(older, newer): (u32, u32), word| {
        (newer, older.wrapping_add(word).wrapping_add(newer))
    })
}
