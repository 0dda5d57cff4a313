//! What comes from the server, cut into frames; and what goes to it.

use std::io::{self, Read, Write};

use pulseaudio::protocol::{self, Command, DESCRIPTOR_SIZE, DescriptorFlags};

use super::Fault;

/// The longest frame read: a listing of some hundred devices has 200 KiB, sound of 200 ms 38 KiB.
const FRAME_MAX: usize = 1 << 20;

/// Room to read into, grown only for a frame that is longer.
const ROOM: usize = 1 << 16;

/// Bytes that wait for a server that does not read; it is given up past it. Sound of 1 s has 192 KiB.
const OUTBOX_MAX: usize = 1 << 18;

/// The channel of what is no sound (PA_PSTREAM_DESCRIPTOR_CHANNEL).
const CONTROL: u32 = u32::MAX;

/// One frame of the server's.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Frame<'a> {
    Control(&'a [u8]),
    Samples { channel: u32, bytes: &'a [u8] },
}

/// What was read and is not yet understood.
pub(super) struct Inlet {
    bytes: Vec<u8>,
    begin: usize,
    end: usize,
}

impl Inlet {
    pub(super) fn new() -> Self {
        Self {
            bytes: vec![0; ROOM],
            begin: 0,
            end: 0,
        }
    }

    /// Reads once; what is there stays for later turns where it is more than fits.
    pub(super) fn read_from(&mut self, mut source: impl Read) -> Result<(), Fault> {
        let room = self.bytes.get_mut(self.end..).unwrap_or_default();
        match source.read(room) {
            Ok(0) => Err(Fault::Closed),
            Ok(read) => {
                self.end = self.end.saturating_add(read).min(self.bytes.len());
                Ok(())
            }
            Err(error) if is_later(&error) => Ok(()),
            Err(error) => Err(Fault::Io(error)),
        }
    }

    /// The next whole frame.
    pub(super) fn next(&mut self) -> Result<Option<Frame<'_>>, Fault> {
        let Some((channel, length)) = self.descriptor()? else {
            self.make_room(ROOM);
            return Ok(None);
        };
        let begin = self.begin.saturating_add(DESCRIPTOR_SIZE);
        let end = begin.saturating_add(length);
        if end > self.end {
            self.make_room(DESCRIPTOR_SIZE.saturating_add(length));
            return Ok(None);
        }
        self.begin = end;
        let bytes = self.bytes.get(begin..end).unwrap_or_default();
        Ok(Some(match channel {
            CONTROL => Frame::Control(bytes),
            channel => Frame::Samples { channel, bytes },
        }))
    }

    /// Channel and length of the frame that begins here.
    fn descriptor(&self) -> Result<Option<(u32, usize)>, Fault> {
        let mut head = self.bytes.get(self.begin..self.end).unwrap_or_default();
        if head.len() < DESCRIPTOR_SIZE {
            return Ok(None);
        }
        let descriptor = protocol::read_descriptor(&mut head).map_err(|_| Fault::Garbage)?;
        let length = descriptor.length as usize;
        // Shared memory was not agreed on.
        let is_shared = descriptor.flags.intersects(DescriptorFlags::FLAG_SHMREVOKE);
        match is_shared || length > FRAME_MAX {
            true => Err(Fault::Garbage),
            false => Ok(Some((descriptor.channel, length))),
        }
    }

    /// Moves what is left to the front, where this many bytes fit.
    fn make_room(&mut self, needed: usize) {
        self.bytes.copy_within(self.begin..self.end, 0);
        self.end = self.end.saturating_sub(self.begin);
        self.begin = 0;
        if self.bytes.len() < needed {
            self.bytes.resize(needed, 0);
        }
    }
}

/// What waits to be sent.
pub(super) struct Outbox {
    bytes: Vec<u8>,
    sent: usize,
    is_full: bool,
}

impl Outbox {
    pub(super) fn new() -> Self {
        Self {
            bytes: Vec::with_capacity(ROOM),
            sent: 0,
            is_full: false,
        }
    }

    pub(super) fn command(&mut self, sequence: u32, command: &Command, version: u16) {
        // Only the memory could fail, and does not.
        let _ = protocol::write_command_message(&mut self.bytes, sequence, command, version);
        self.bound();
    }

    /// Sound in 32-bit floats, little-endian.
    pub(super) fn samples<'a>(
        &mut self,
        channel: u32,
        samples: impl ExactSizeIterator<Item = &'a f32>,
    ) {
        let length = samples.len().saturating_mul(size_of::<f32>());
        let descriptor = protocol::Descriptor {
            length: u32::try_from(length).unwrap_or(0),
            channel,
            offset: 0,
            flags: DescriptorFlags::empty(),
        };
        // Only the memory could fail, and does not.
        let _ = protocol::write_descriptor(&mut self.bytes, &descriptor);
        for sample in samples {
            self.bytes.extend_from_slice(&sample.to_le_bytes());
        }
        self.bound();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Sends what the server takes now.
    pub(super) fn write_to(&mut self, mut server: impl Write) -> Result<(), Fault> {
        if self.is_full {
            return Err(Fault::Deaf);
        }
        while let Some(left) = self.bytes.get(self.sent..).filter(|left| !left.is_empty()) {
            match server.write(left) {
                Ok(0) => return Err(Fault::Closed),
                Ok(sent) => self.sent = self.sent.saturating_add(sent),
                Err(error) if is_later(&error) => return Ok(()),
                Err(error) => return Err(Fault::Io(error)),
            }
        }
        self.bytes.clear();
        self.sent = 0;
        Ok(())
    }

    fn bound(&mut self) {
        self.is_full |= self.bytes.len().saturating_sub(self.sent) > OUTBOX_MAX;
    }
}

fn is_later(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(channel: u32, bytes: &[u8]) -> Vec<u8> {
        let mut frame = Vec::new();
        protocol::write_memblock(&mut frame, channel, bytes, 0).unwrap();
        frame
    }

    /// The frames of what comes in pieces of this many bytes.
    fn cut(bytes: &[u8], piece: usize) -> Result<Vec<(u32, usize)>, Fault> {
        let mut inlet = Inlet::new();
        let mut frames = Vec::new();
        for mut piece in bytes.chunks(piece) {
            while !piece.is_empty() {
                inlet.read_from(&mut piece)?;
                while let Some(frame) = inlet.next()? {
                    frames.push(match frame {
                        Frame::Control(bytes) => (CONTROL, bytes.len()),
                        Frame::Samples { channel, bytes } => (channel, bytes.len()),
                    });
                }
            }
        }
        Ok(frames)
    }

    #[test]
    fn frames_are_found_however_the_bytes_come() {
        let bytes = [
            frame(CONTROL, &[1; 70]),
            frame(3, &[2; 960]),
            frame(CONTROL, &[]),
        ]
        .concat();
        let expected = vec![(CONTROL, 70), (3, 960), (CONTROL, 0)];
        for piece in [1, 7, 20, 1_000, 10_000] {
            assert_eq!(cut(&bytes, piece).unwrap(), expected, "pieces of {piece}");
        }
    }

    #[test]
    fn a_frame_longer_than_the_room_is_read_and_one_without_end_is_not() {
        let long = frame(CONTROL, &vec![0; 3 * ROOM]);
        assert_eq!(
            cut(&[long, frame(1, &[0; 4])].concat(), 4_096).unwrap(),
            [(CONTROL, 3 * ROOM), (1, 4)]
        );
        let endless = [&u32::MAX.to_be_bytes()[..], &[0; 16]].concat();
        assert!(matches!(cut(&endless, 20), Err(Fault::Garbage)));
    }

    #[test]
    fn shared_memory_was_not_agreed_on() {
        let mut shared = frame(1, &[0; 4]);
        shared[16] = 0x40;
        assert!(matches!(cut(&shared, 100), Err(Fault::Garbage)));
    }

    #[test]
    fn a_server_that_does_not_read_is_given_up() {
        struct Deaf;
        impl Write for Deaf {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::WouldBlock.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut outbox = Outbox::new();
        let second = vec![0.0; 48_000];
        outbox.samples(1, second.iter());
        assert!(outbox.write_to(Deaf).is_ok());
        outbox.samples(1, second.iter());
        assert!(matches!(outbox.write_to(Deaf), Err(Fault::Deaf)));
    }
}
