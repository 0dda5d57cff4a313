//! The agent that runs with these settings, if one does.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use super::super::Environment;
use super::super::api::Api;
use super::super::arguments::{API, Everywhere};
use super::super::start::token_file;
use crate::console::Token;
use crate::doctor::{Case, Known, Running};
use crate::words::Language;

/// None where nobody answers, or somebody who is no agent.
pub(in crate::cli) fn agent(
    case: &Case,
    everywhere: &Everywhere,
    environment: &Environment,
    language: Language,
) -> Option<Running> {
    let token = token(case, everywhere, environment);
    let api = Api::at(&base(case, everywhere), token, language).ok()?;
    let health = api.get_whatever_its_status("/healthz").ok()?;
    let known = || {
        Some(Known {
            registrations: api.read("/api/v1/registrations").ok()?,
            seats: api.read("/api/v1/seats").ok()?,
        })
    };
    Some(Running {
        health: api.view(&health).ok()?,
        known: known(),
    })
}

/// Where the settings say, unless the command line says otherwise, or only the agent knows its port.
fn base(case: &Case, everywhere: &Everywhere) -> String {
    let listen = case.api();
    match listen.port() {
        0 => everywhere.api.clone(),
        _ if everywhere.api != API => everywhere.api.clone(),
        port => format!("http://{}", SocketAddr::new(near(listen.ip()), port)),
    }
}

/// Who listens everywhere listens here.
fn near(ip: IpAddr) -> IpAddr {
    match ip.is_unspecified() {
        true => Ipv4Addr::LOCALHOST.into(),
        false => ip,
    }
}

/// As `run` finds it. Without one the agent still tells its health.
fn token(case: &Case, everywhere: &Everywhere, environment: &Environment) -> Option<Token> {
    let told = environment
        .token
        .clone()
        .filter(|_| everywhere.token_file.is_none());
    let text = told.or_else(|| {
        let set = [&everywhere.token_file, &case.settings.api.token_file];
        let set = set.into_iter().flatten().next();
        let file: PathBuf = set.map_or_else(|| token_file(&case.state), |it| Path::new(it).into());
        std::fs::read_to_string(file).ok()
    });
    Token::parse(&text?).ok()
}
