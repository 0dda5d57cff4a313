//! The API and the command line on real sockets, before a desk that is only a task.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests fail as tests do: where they stand"
)]

mod api;
mod command_line;
mod event_stream;
pub(crate) mod fake_desk;
mod slow_clients;
