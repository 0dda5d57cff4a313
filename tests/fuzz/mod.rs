//! Anything at all is put before what reads the network. Each target is a plain function of bytes that panics where a
//! promise is broken: here a seeded mutator feeds it for some seconds, under `fuzz/` cargo-fuzz does for days.
//!
//! `THIRDRING_FUZZ_SECONDS=600 THIRDRING_FUZZ_SEED=7 cargo nextest run fuzz` looks longer, and elsewhere.

#![expect(
    clippy::disallowed_methods,
    reason = "how long to look is real time; what is looked at has none"
)]

mod dialog;
mod differential;
mod media;
mod mutator;
mod playout;
mod promises;
mod protection;
mod registrations;
mod seeds;
mod targets;

use std::time::{Duration, Instant};

use mutator::Mutator;

/// How long each target is fed in the test command, in seconds.
const SECONDS: u64 = 5;

/// Tells which input it was when a target panics.
struct Witness<'a> {
    number: u64,
    input: &'a [u8],
}

impl Drop for Witness<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let Self { number, input } = self;
            eprintln!("input {number}: b\"{}\"", input.escape_ascii());
        }
    }
}

fn feed(target: fn(&[u8]), seeds: Vec<Vec<u8>>) {
    let number_of = |key: &str| std::env::var(key).ok()?.parse::<u64>().ok();
    let limit = Duration::from_secs(number_of("THIRDRING_FUZZ_SECONDS").unwrap_or(SECONDS));
    let first = number_of("THIRDRING_FUZZ_SEED").unwrap_or(0) << 32;
    for input in &seeds {
        let _witness = Witness { number: 0, input };
        target(input);
    }
    let mutator = Mutator::new(seeds);
    let start = Instant::now();
    let mut number = first;
    while start.elapsed() < limit {
        let input = mutator.input(number);
        let _witness = Witness {
            number,
            input: &input,
        };
        target(&input);
        number += 1;
    }
    println!("{} inputs from number {first}", number - first);
}

#[test]
fn no_datagram_breaks_the_endpoint() {
    feed(targets::datagram, seeds::messages());
}

#[test]
fn a_stream_is_cut_the_same_wherever_it_is_split() {
    feed(targets::stream, seeds::streams());
}

#[test]
fn a_uri_is_kept_as_it_came() {
    feed(targets::uri, seeds::uris());
}

#[test]
fn no_description_leads_media_where_it_must_not_go() {
    feed(targets::sdp, seeds::descriptions());
}

#[test]
fn a_description_is_found_in_multiparts_and_nowhere_else() {
    feed(targets::multipart, seeds::multiparts());
}

#[test]
fn no_challenge_breaks_the_login_and_no_answer_is_guessed() {
    feed(targets::digest, seeds::digests());
}

#[test]
fn no_answer_of_stun_is_believed_but_our_servers() {
    feed(targets::stun, seeds::stun_answers());
}

#[test]
fn no_order_of_events_leaves_a_zombie() {
    feed(dialog::dialog, seeds::programs());
}

#[test]
fn no_packet_stops_the_sound_or_makes_many() {
    feed(media::rtp, seeds::sounds());
}

#[test]
fn no_report_is_read_wrongly() {
    feed(media::rtcp, seeds::reports());
}

#[test]
fn an_event_counts_once_whatever_its_packets_say() {
    feed(media::telephone_event, seeds::events());
}

#[test]
fn nothing_forged_is_let_in_and_what_we_protect_is_read() {
    feed(protection::srtp, seeds::protected());
}

#[test]
fn what_is_required_never_becomes_rtp() {
    feed(protection::crypto, seeds::protected_descriptions());
}

#[test]
fn nobody_is_bound_without_his_password_and_nothing_for_ever() {
    feed(registrations::registrar, seeds::contacts());
}

#[test]
fn no_order_of_events_phones_twice_or_before_the_row() {
    feed(promises::queue, seeds::queues());
}

#[test]
fn no_packet_leaves_a_frame_empty() {
    feed(playout::playout, seeds::plays());
}
