//! The agent as a process, called by telephones: SIPp, baresip, pjproject, and one written here byte by byte.
//!
//! What a caller gets is judged by the ear on the RTP timestamp axis of what was received, not by SIP alone.
//! A test waits for events, messages and packets, each with a limit; none sleeps.

// The world these tests play in has a clock; only here do they read it.
#![expect(clippy::disallowed_methods, reason = "real peers live in real time")]

mod abandoned;
mod account;
pub(crate) mod agent;
mod auto_answer;
mod bad_input;
mod by_hand;
mod callback;
pub(crate) mod certificates;
mod clock;
mod codecs;
mod commands;
mod compose;
mod consent;
mod customer_first;
mod customers;
mod deleting;
mod desk;
pub(crate) mod events;
mod flagged;
pub(crate) mod full_disk;
mod greeting;
mod handoff;
mod headset;
mod health;
pub(crate) mod hearing;
mod hidden_number;
mod hold;
mod injector;
mod journal;
pub(crate) mod kamailio;
mod keys_in_sound;
mod ladder;
mod leaving;
mod lines;
pub(crate) mod log;
mod matrix;
pub(crate) mod missing;
mod moving;
pub(crate) mod name_server;
mod nat;
pub(crate) mod netns;
mod one_way;
#[cfg(feature = "postgres")]
mod outage;
mod own_phone;
mod pbx;
mod pcap;
pub(crate) mod phone;
pub(crate) mod phones;
mod pinned;
mod place;
pub(crate) mod program;
pub(crate) mod pulse;
mod recorded_call;
mod recording;
mod registered;
pub(crate) mod registrar;
mod reload;
mod renewal;
mod repair;
mod replacing;
mod reports;
pub(crate) mod scene;
pub(crate) mod scratch;
mod seat;
mod seats;
mod sessions;
mod shift;
pub(crate) mod sipp;
mod srtp;
mod supervisor;
mod tls_line;
mod tracing;
mod transfer;
mod transports;
mod trio;
mod typed_keys;
mod updating;
mod vanishing;
mod waiting;
mod wishes;
