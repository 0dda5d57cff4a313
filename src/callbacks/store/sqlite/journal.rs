use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Of the journal's head (sqlite.org/fileformat2.html 4.1), in bytes.
const HEAD: usize = 32;
/// Of the head of a frame.
const FRAME_HEAD: usize = 24;
/// Of a page, as SQLite makes them unless it is asked for others.
pub(super) const PAGE: usize = 4_096;
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

/// A page as a transaction wrote it, whole or not.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) page: u32,
    /// Where the page begins in the journal.
    pub(super) image: usize,
    /// The last one of its transaction.
    pub(super) commits: bool,
}

/// All that were written to the database `file` since the journal was begun anew; `pages` bounds their numbers.
///
/// SQLite stops at the first one that is damaged. But each has the sum of all before it: from that the next one can be
/// judged again.
pub(super) fn frames(journal: &[u8], file: &[u8], pages: u32) -> Vec<Frame> {
    let Some((head, frames)) = journal.split_at_checked(HEAD) else {
        return Vec::new();
    };
    let mut chain = Chain::begin(head, frames, file, pages);
    let frames = frames.chunks_exact(FRAME_HEAD + PAGE).enumerate();
    frames
        .filter_map(|(nth, frame)| {
            let (page, commits) = chain.next(frame)?;
            let image = HEAD + nth * (FRAME_HEAD + PAGE) + FRAME_HEAD;
            Some(Frame {
                page,
                image,
                commits,
            })
        })
        .collect()
}

type Sum = (u32, u32);

/// What the next frame is judged by.
struct Chain<'a> {
    reads: fn([u8; 4]) -> u32,
    salts: &'a [u8],
    /// Of all before it: as it was noted, and as it is. None after what is of an earlier round.
    sums: Vec<Sum>,
    pages: u32,
    file: &'a [u8],
    /// The last image of each page that was written.
    images: BTreeMap<u32, &'a [u8]>,
}

impl<'a> Chain<'a> {
    fn begin(head: &'a [u8], frames: &'a [u8], file: &'a [u8], pages: u32) -> Self {
        let is_sound = head.first_chunk().is_some_and(is_sound);
        // Unless it was made on another machine its order is ours.
        let (reads, salts) = match is_sound {
            true => (reader(word_at(head, 0)), head.get(16..24)),
            false => (u32::from_ne_bytes as fn([u8; 4]) -> u32, frames.get(8..16)),
        };
        let summed = words(head.get(..24).unwrap_or_default()).map(reads);
        Self {
            reads,
            salts: salts.unwrap_or_default(),
            sums: vec![sum_at(head, 24), checksum((0, 0), summed)],
            pages,
            file,
            images: BTreeMap::new(),
        }
    }

    /// The number of its page, and whether it commits; nothing where it is of an earlier round.
    fn next(&mut self, frame: &'a [u8]) -> Option<(u32, bool)> {
        let (head, image) = frame.split_at_checked(FRAME_HEAD)?;
        let (page, commits) = self.judge(head, image)?;
        self.images.insert(page, image);
        Some((page, commits))
    }

    fn judge(&mut self, head: &[u8], image: &[u8]) -> Option<(u32, bool)> {
        let (page, size, noted) = (word_at(head, 0), word_at(head, 4), sum_at(head, 16));
        let what = (size, image);
        let summed: Vec<Sum> = self
            .sums
            .iter()
            .map(|it| self.sum(*it, page, what))
            .collect();
        if summed.contains(&noted) {
            self.sums = vec![noted];
            return Some((page, size > 0));
        }
        if head.get(8..16) != Some(self.salts) {
            self.sums.clear();
            return None;
        }
        // Of one that is damaged the number may be what is wrong with it.
        let mut sums = self.sums.iter();
        let found = sums.find_map(|before| self.page_by(*before, what, noted));
        let is_likelier = |found: &u32| {
            page > self.pages || self.likeness(*found, image) > self.likeness(page, image)
        };
        let found = found.filter(is_likelier);
        self.sums = summed.into_iter().take(1).chain([noted]).collect();
        Some((found.unwrap_or(page), size > 0))
    }

    /// How many bytes of the image are as they were in this page before. A sum that fits by another number proves little:
    /// of a word's highest bits it keeps so little that a flip in the image may look like one in the number.
    fn likeness(&self, page: u32, image: &[u8]) -> usize {
        let Some(before) = self.image_before(page) else {
            // A new one may be anything.
            return PAGE / 2;
        };
        let bytes = before.iter().zip(image);
        bytes.filter(|(before, now)| before == now).count()
    }

    fn image_before(&self, page: u32) -> Option<&'a [u8]> {
        let nth = usize::try_from(page.checked_sub(1)?).ok()?;
        let in_file = || self.file.get(nth.checked_mul(PAGE)?..)?.get(..PAGE);
        self.images.get(&page).copied().or_else(in_file)
    }

    fn sum(&self, before: Sum, page: u32, what: (u32, &[u8])) -> Sum {
        self.sum_of((self.reads)(page.to_be_bytes()), before, what)
    }

    fn sum_of(&self, page: u32, before: Sum, (size, image): (u32, &[u8])) -> Sum {
        let head = [page, (self.reads)(size.to_be_bytes())];
        checksum(before, head.into_iter().chain(words(image).map(self.reads)))
    }

    /// The page with which the frame has its sum. That is linear in the number: no need to go through the image for each.
    fn page_by(&self, before: Sum, what: (u32, &[u8]), noted: Sum) -> Option<u32> {
        let [zero, one] = [0, 1].map(|word| self.sum_of(word, before, what));
        let at = |word: u32, zero: u32, one: u32| {
            zero.wrapping_add(word.wrapping_mul(one.wrapping_sub(zero)))
        };
        (1..=self.pages).find(|page| {
            let word = (self.reads)(page.to_be_bytes());
            (at(word, zero.0, one.0), at(word, zero.1, one.1)) == noted
        })
    }
}

fn is_sound(head: &[u8; HEAD]) -> bool {
    let magic = word_at(head, 0);
    let (summed, _) = head.split_at(HEAD - 8);
    let sum = checksum((0, 0), words(summed).map(reader(magic)));
    magic & !1 == MAGIC && sum == sum_at(head, HEAD - 8)
}

fn reader(magic: u32) -> fn([u8; 4]) -> u32 {
    match magic & 1 {
        1 => u32::from_be_bytes,
        _ => u32::from_le_bytes,
    }
}

fn words(bytes: &[u8]) -> impl Iterator<Item = [u8; 4]> {
    bytes.as_chunks().0.iter().copied()
}

fn word_at(bytes: &[u8], at: usize) -> u32 {
    let word = bytes.get(at..).and_then(|bytes| bytes.first_chunk());
    word.map_or(0, |word| u32::from_be_bytes(*word))
}

fn sum_at(bytes: &[u8], at: usize) -> Sum {
    (word_at(bytes, at), word_at(bytes, at + 4))
}

/// Two sums that take turns with the words (4.2 there).
fn checksum(before: Sum, words: impl Iterator<Item = u32>) -> Sum {
    words.fold(before, |(older, newer), word| {
        (newer, older.wrapping_add(word).wrapping_add(newer))
    })
}
