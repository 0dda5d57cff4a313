//! A headset that the kernel believes in: what needs /dev/uhid, beside the tests of `buttons` and `seats/buttons`.

mod uhid;

use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use thirdring::buttons::{Lamps, Press};
use thirdring::seats::{ButtonNews, Buttons, Sought, UsbId};

use crate::peers::missing::{Need, can_run};
use uhid::VirtualHeadset;

/// The kernel makes the device, and udev its name.
const LIMIT: Duration = Duration::from_secs(10);

const RINGING: Lamps = Lamps::RINGING;
const TALKING: Lamps = Lamps::TALKING;

/// A Dell SP325 under a number that no maker has: report 5, hook and mute; off-hook, mute and ring.
const ID: UsbId = UsbId {
    vendor: 0x1209,
    product: 0x0001,
};

#[test]
fn a_headset_of_the_kernels_is_found_rings_answers_and_is_unplugged() {
    if !can_run(&[Need::VirtualDevices]) {
        return;
    }
    let mut headset = VirtualHeadset::plug_in("Thirdring test headset", ID, &descriptor());
    let (tell, news) = channel();
    let tell = Box::new(move |told| drop(tell.send(told)));
    let buttons = Buttons::start(thirdring::desk::clock::now, tell).unwrap();
    buttons.look(Sought {
        card: Some(ID),
        prefer: Vec::new(),
    });
    let found = next(&news);
    assert!(matches!(found, ButtonNews::Found { .. }), "{found:?}");
    assert_eq!(headset.lamps(), [5, 0]);

    buttons.show(RINGING);
    assert_eq!(headset.lamps(), [5, 0b100]);
    headset.report(&[5, 0b01]);
    assert_eq!(next(&news), ButtonNews::Pressed(Press::Answer));
    buttons.show(TALKING);
    assert_eq!(headset.lamps(), [5, 0b101]);
    assert_eq!(headset.lamps(), [5, 0b001]);

    headset.unplug();
    let gone = next(&news);
    assert!(matches!(gone, ButtonNews::Gone { .. }), "{gone:?}");
}

fn next(news: &Receiver<ButtonNews>) -> ButtonNews {
    news.recv_timeout(LIMIT).expect("news of the headset")
}

fn descriptor() -> Vec<u8> {
    let text = include_str!("descriptors/dell-sp325.hex");
    let lines = text.lines().filter_map(|line| line.split('#').next());
    let bytes = lines.flat_map(str::split_whitespace);
    bytes
        .map(|byte| u8::from_str_radix(byte, 16).unwrap())
        .collect()
}
