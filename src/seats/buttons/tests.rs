//! A headset played by the far end of a pair of sockets: all but the opening of a real one.

use std::io::{self, ErrorKind};
use std::os::unix::net::UnixDatagram;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use super::choice::Candidate;
use super::device::{Device, OpenError};
use super::*;
use crate::buttons::Press;

/// Nothing here takes longer but a machine that stands still.
const LIMIT: Duration = Duration::from_secs(20);

/// The USB ports: which headsets are in, and what opening one does.
#[derive(Clone, Default)]
struct Ports(Arc<Mutex<Vec<(Candidate, Door)>>>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Door {
    Open,
    Denied,
    /// It describes no telephone.
    Mouse,
}

/// The desk's side, and the far ends of the headsets that were opened.
struct World {
    ports: Ports,
    buttons: Buttons,
    news: Receiver<ButtonNews>,
    opened: Receiver<UnixDatagram>,
}

impl Ports {
    fn plug(&self, name: &str, door: Door) {
        let mut ports = self.0.lock().unwrap();
        let candidate = Candidate {
            path: format!("/dev/{}", name.to_lowercase()),
            id: UsbId {
                vendor: 1,
                product: 2,
            },
            name: name.to_owned(),
        };
        ports.retain(|(known, _)| known != &candidate);
        ports.push((candidate, door));
    }

    fn unplug(&self, name: &str) {
        let mut ports = self.0.lock().unwrap();
        ports.retain(|(known, _)| known.name != name);
    }

    fn list(&self) -> Vec<Candidate> {
        let ports = self.0.lock().unwrap();
        ports
            .iter()
            .map(|(candidate, _)| candidate.clone())
            .collect()
    }

    fn door(&self, wanted: &Candidate) -> Option<Door> {
        let ports = self.0.lock().unwrap();
        let mut ports = ports.iter();
        ports
            .find(|(candidate, _)| candidate == wanted)
            .map(|(_, door)| *door)
    }
}

impl World {
    fn new() -> Self {
        let ports = Ports::default();
        let (tell, news) = channel();
        let (far_ends, opened) = channel();
        let (list, open) = (ports.clone(), ports.clone());
        let finder = Finder {
            list: Box::new(move || list.list()),
            open: Box::new(move |candidate| {
                let (device, far_end) = play(open.door(candidate))?;
                far_ends.send(far_end).unwrap();
                Ok(device)
            }),
        };
        let tell = Box::new(move |news| drop(tell.send(news)));
        let buttons = Buttons::start_with(finder, slow_hand, tell).unwrap();
        Self {
            ports,
            buttons,
            news,
            opened,
        }
    }

    fn look(&self, prefer: &str) {
        self.buttons.look(Sought {
            card: None,
            prefer: vec![prefer.parse().unwrap()],
        });
    }

    fn news(&self) -> ButtonNews {
        self.news.recv_timeout(LIMIT).expect("news")
    }

    fn opened(&self) -> UnixDatagram {
        let far_end = self.opened.recv_timeout(LIMIT).expect("a headset opened");
        far_end.set_read_timeout(Some(LIMIT)).unwrap();
        far_end
    }
}

/// Two seconds pass between any two things that happen.
fn slow_hand() -> Moment {
    static SECONDS: AtomicU64 = AtomicU64::new(0);
    Moment::ZERO + Duration::from_secs(SECONDS.fetch_add(2, Ordering::Relaxed))
}

/// A Dell SP325 as hidraw shows it; an empty datagram pulls the plug.
fn play(door: Option<Door>) -> Result<(Device, UnixDatagram), OpenError> {
    let descriptor = match door {
        Some(Door::Open) => dell(),
        Some(Door::Mouse) => vec![0x05, 0x01, 0x09, 0x02, 0xA1, 0x01, 0xC0],
        Some(Door::Denied) => return Err(OpenError::Denied),
        None => return Err(OpenError::Failed("no such device".to_owned())),
    };
    let (near, far) = UnixDatagram::pair().unwrap();
    near.set_read_timeout(Some(Duration::from_millis(100)))
        .unwrap();
    let writer = near.try_clone().unwrap();
    let read = move |report: &mut [u8]| match near.recv(report) {
        Ok(0) => Err(io::Error::other("unplugged")),
        Ok(bytes) => Ok(bytes),
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => Ok(0),
        Err(error) => Err(error),
    };
    let device = Device {
        descriptor,
        read: Box::new(read),
        write: Box::new(move |report| writer.send(report).map(drop)),
    };
    Ok((device, far))
}

fn dell() -> Vec<u8> {
    let text = include_str!("../../../tests/buttons/descriptors/dell-sp325.hex");
    let lines = text.lines().filter_map(|line| line.split('#').next());
    let bytes = lines.flat_map(str::split_whitespace);
    bytes
        .map(|byte| u8::from_str_radix(byte, 16).unwrap())
        .collect()
}

fn written(far_end: &UnixDatagram) -> Vec<u8> {
    let mut report = [0; 64];
    let bytes = far_end.recv(&mut report).expect("a report for the lamps");
    report[..bytes].to_vec()
}

fn found(name: &str) -> ButtonNews {
    let name = name.to_owned();
    ButtonNews::Found { name }
}

fn gone(name: &str) -> ButtonNews {
    let name = name.to_owned();
    ButtonNews::Gone { name }
}

const RINGING: Lamps = Lamps::RINGING;
const TALKING: Lamps = Lamps::TALKING;

#[test]
fn a_call_rings_in_the_headset_and_is_answered_and_ended_there() {
    let world = World::new();
    world.ports.plug("Dell", Door::Open);
    world.look("*");
    assert_eq!(world.news(), found("Dell"));
    let headset = world.opened();
    assert_eq!(written(&headset), [5, 0]);

    world.buttons.show(RINGING);
    assert_eq!(written(&headset), [5, 0b100]);
    headset.send(&[5, 1]).unwrap();
    assert_eq!(world.news(), ButtonNews::Pressed(Press::Answer));

    world.buttons.show(TALKING);
    assert_eq!(
        written(&headset),
        [5, 0b101],
        "off the hook before the ringing ends"
    );
    assert_eq!(written(&headset), [5, 0b001]);
    // Mute, and what it says when the button is let go.
    headset.send(&[5, 0b11]).unwrap();
    headset.send(&[5, 0b01]).unwrap();
    assert_eq!(world.news(), ButtonNews::Pressed(Press::ToggleMute));
    drop(world);
    assert_eq!(written(&headset), [5, 0], "dark when we leave");
}

#[test]
fn an_unplugged_headset_is_news_and_the_next_one_shows_the_call() {
    let world = World::new();
    world.ports.plug("Dell", Door::Open);
    world.look("*");
    assert_eq!(world.news(), found("Dell"));
    let headset = world.opened();
    world.buttons.show(TALKING);
    world.ports.unplug("Dell");
    headset.send(&[]).unwrap();
    assert_eq!(world.news(), gone("Dell"));

    world.ports.plug("Jabra", Door::Open);
    world.look("*");
    assert_eq!(world.news(), found("Jabra"));
    assert_eq!(written(&world.opened()), [5, 1]);
}

#[test]
fn a_better_wish_takes_over_and_the_other_one_is_not_heard_any_more() {
    let world = World::new();
    world.ports.plug("Dell", Door::Open);
    world.look("*");
    assert_eq!(world.news(), found("Dell"));
    let dell = world.opened();
    world.ports.plug("Jabra", Door::Open);
    world.look("Jabra*");
    assert_eq!(world.news(), found("Jabra"));
    let jabra = world.opened();
    // It may be let go already: then nobody is there who hears it.
    let _ = dell.send(&[5, 0b100]);
    jabra.send(&[5, 0b100]).unwrap();
    assert_eq!(world.news(), ButtonNews::Pressed(Press::Redial));
    assert!(world.news.try_recv().is_err());
}

#[test]
fn who_may_not_open_it_is_told_and_found_once_the_rule_is_there() {
    let world = World::new();
    world.ports.plug("Jabra", Door::Denied);
    world.look("*");
    let denied = ButtonNews::Denied {
        name: "Jabra".to_owned(),
        path: "/dev/jabra".to_owned(),
    };
    assert_eq!(world.news(), denied);
    world.ports.plug("Jabra", Door::Open);
    world.look("*");
    assert_eq!(world.news(), found("Jabra"));
}

#[test]
fn rights_that_come_late_are_waited_for_without_a_word() {
    let world = World::new();
    world.ports.plug("Jabra", Door::Denied);
    world.look("*");
    world.ports.plug("Jabra", Door::Open);
    assert_eq!(world.news(), found("Jabra"));
}

#[test]
fn no_headset_and_one_that_is_none_are_told_once() {
    let world = World::new();
    world.look("*");
    assert_eq!(world.news(), ButtonNews::Missing);
    world.ports.plug("Mouse", Door::Mouse);
    world.look("*");
    let unfit = world.news();
    assert!(matches!(unfit, ButtonNews::Unfit { .. }), "{unfit:?}");
}
