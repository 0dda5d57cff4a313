use std::io;

use hidapi::{DeviceInfo, HidApi, HidDevice};

use super::choice::{Candidate, UsbId};
use crate::buttons::{DESCRIPTOR_MAX, is_telephony};

/// Where devices come from: the system, or a test.
pub(super) struct Finder {
    pub(super) list: List,
    pub(super) open: Open,
}

/// An open device: one handle to read, one to write, so that no lamp waits for a finger.
pub(super) struct Device {
    pub(super) descriptor: Vec<u8>,
    pub(super) read: Read,
    pub(super) write: Write,
}

/// Every device of the telephony page.
pub(super) type List = Box<dyn FnMut() -> Vec<Candidate> + Send>;
pub(super) type Open = Box<dyn FnMut(&Candidate) -> Result<Device, OpenError> + Send>;
/// Waits for one report, [`READ_WAIT_MS`] at most: zero bytes where none came, an error where the device is gone.
pub(super) type Read = Box<dyn FnMut(&mut [u8]) -> io::Result<usize> + Send>;
/// Writes one report, id first.
pub(super) type Write = Box<dyn FnMut(&[u8]) -> io::Result<()> + Send>;

/// Why a device is not opened.
#[derive(Debug)]
pub(super) enum OpenError {
    /// The user may not; on Linux a rule for udev helps.
    Denied,
    Failed(String),
}

/// One wake-up a second while a headset is there, which is how fast its reader ends when it is no longer wanted.
pub(super) const READ_WAIT_MS: i32 = 1_000;
/// Telephones on one PC; what is listed past them is not looked at.
const CANDIDATES_MAX: usize = 32;
/// Characters of a device's name; it is what the device says of itself.
const NAME_MAX: usize = 64;

impl Finder {
    /// The system's devices.
    pub(super) fn system() -> Self {
        Self {
            list: Box::new(list),
            open: Box::new(open),
        }
    }
}

fn list() -> Vec<Candidate> {
    match HidApi::new() {
        Ok(api) => {
            let telephones = api
                .device_list()
                .filter(|device| is_telephony(device.usage_page()));
            telephones.map(candidate).take(CANDIDATES_MAX).collect()
        }
        Err(error) => {
            tracing::warn!(%error, "list the devices with buttons");
            Vec::new()
        }
    }
}

fn candidate(device: &DeviceInfo) -> Candidate {
    let (vendor, product) = (device.vendor_id(), device.product_id());
    let said = device.product_string().unwrap_or_default().trim();
    let name: String = said
        .chars()
        .filter(|letter| !letter.is_control())
        .take(NAME_MAX)
        .collect();
    let name = match name.as_str() {
        "" => format!("{vendor:04x}:{product:04x}"),
        _ => name,
    };
    Candidate {
        path: device.path().to_string_lossy().into_owned(),
        id: UsbId { vendor, product },
        name,
    }
}

fn open(candidate: &Candidate) -> Result<Device, OpenError> {
    permitted(candidate)?;
    let failed = |error: hidapi::HidError| OpenError::Failed(error.to_string());
    let api = HidApi::new().map_err(failed)?;
    let path = std::ffi::CString::new(candidate.path.as_bytes())
        .map_err(|error| OpenError::Failed(error.to_string()))?;
    let reader = api.open_path(&path).map_err(failed)?;
    let writer = api.open_path(&path).map_err(failed)?;
    let mut descriptor = vec![0; DESCRIPTOR_MAX];
    let bytes = reader
        .get_report_descriptor(&mut descriptor)
        .map_err(failed)?;
    descriptor.truncate(bytes);
    Ok(Device {
        descriptor,
        read: Box::new(move |report| read(&reader, report)),
        write: Box::new(move |report| writer.write(report).map(drop).map_err(io::Error::other)),
    })
}

fn read(device: &HidDevice, report: &mut [u8]) -> io::Result<usize> {
    device
        .read_timeout(report, READ_WAIT_MS)
        .map_err(io::Error::other)
}

/// hidapi tells a refusal in words only, so the system is asked first. On macOS the path is no file's, and nothing is refused.
fn permitted(candidate: &Candidate) -> Result<(), OpenError> {
    let file = std::fs::OpenOptions::new()
        .read(true)
        .write(true)
        .open(&candidate.path);
    match file {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Err(OpenError::Denied),
        Err(_) | Ok(_) => Ok(()),
    }
}
