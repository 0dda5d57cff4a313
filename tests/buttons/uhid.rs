//! A device played through /dev/uhid: plain writes and reads of events (linux/uhid.h), each of one size.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::fd::AsFd;

use nix::poll::{PollFd, PollFlags, poll};
use thirdring::seats::UsbId;

/// `struct uhid_event` is packed: a type, and room for the longest of its kinds, `uhid_create2_req`.
const EVENT_BYTES: usize = 4 + 128 + 64 + 64 + 2 + 2 + 4 * 4 + DATA_MAX;
const DATA_MAX: usize = 4_096;

const DESTROY: u32 = 1;
const OUTPUT: u32 = 6;
const CREATE2: u32 = 11;
const INPUT2: u32 = 12;

const BUS_USB: u16 = 3;

/// How long the kernel may take to hand an event on.
const LIMIT_MS: u16 = 10_000;

pub(super) struct VirtualHeadset {
    uhid: File,
}

impl VirtualHeadset {
    pub(super) fn plug_in(name: &str, id: UsbId, descriptor: &[u8]) -> Self {
        let mut options = OpenOptions::new();
        let uhid = options.read(true).write(true).open("/dev/uhid").unwrap();
        let mut event = CREATE2.to_ne_bytes().to_vec();
        event.extend(text(name, 128));
        event.extend(text("", 64));
        event.extend(text("", 64));
        event.extend(u16::try_from(descriptor.len()).unwrap().to_ne_bytes());
        event.extend(BUS_USB.to_ne_bytes());
        // Vendor, product, version, country.
        for number in [u32::from(id.vendor), u32::from(id.product), 1, 0] {
            event.extend(number.to_ne_bytes());
        }
        event.extend(descriptor);
        let mut headset = Self { uhid };
        headset.send(event);
        headset
    }

    /// Sends an input report, id first.
    pub(super) fn report(&mut self, report: &[u8]) {
        let mut event = INPUT2.to_ne_bytes().to_vec();
        event.extend(u16::try_from(report.len()).unwrap().to_ne_bytes());
        event.extend(report);
        self.send(event);
    }

    /// The next output report, id first; what else the kernel says is passed over.
    pub(super) fn lamps(&mut self) -> Vec<u8> {
        loop {
            let mut event = [0; EVENT_BYTES];
            assert!(self.has_event(), "no report for the lamps");
            let bytes = self.uhid.read(&mut event).unwrap();
            let (kind, rest) = event[..bytes].split_at(4);
            if u32::from_ne_bytes(kind.try_into().unwrap()) == OUTPUT {
                let size = [rest[DATA_MAX], rest[DATA_MAX + 1]];
                let size = usize::from(u16::from_ne_bytes(size));
                return rest[..size].to_vec();
            }
        }
    }

    pub(super) fn unplug(mut self) {
        self.send(DESTROY.to_ne_bytes().to_vec());
    }

    fn has_event(&self) -> bool {
        let mut ready = [PollFd::new(self.uhid.as_fd(), PollFlags::POLLIN)];
        poll(&mut ready, LIMIT_MS).unwrap() == 1
    }

    fn send(&mut self, mut event: Vec<u8>) {
        event.resize(EVENT_BYTES, 0);
        self.uhid.write_all(&event).unwrap();
    }
}

/// With zeros behind, in a field of this many bytes.
fn text(text: &str, bytes: usize) -> Vec<u8> {
    let mut field = text.as_bytes().to_vec();
    field.resize(bytes, 0);
    field
}
