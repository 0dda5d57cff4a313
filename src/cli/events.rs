use std::net::TcpStream;

use tungstenite::client::IntoClientRequest;
use tungstenite::handshake::HandshakeError;
use tungstenite::http::{HeaderValue, Request, header};
use tungstenite::protocol::CloseFrame;
use tungstenite::{Error, Message, WebSocket};

use super::api::Api;
use super::failure::Failure;
use super::{Teller, show};
use crate::records::Entry;

/// Shows what happens as it happens, until the agent stops or the reader does.
pub(super) fn follow(
    since: Option<u64>,
    api: &Api,
    teller: &mut Teller<'_>,
) -> Result<(), Failure> {
    let mut events = Events::of(since, api)?;
    while let Some(line) = events.next()? {
        match teller.json {
            true => teller.line(&line)?,
            false => show::event(&api.view::<Entry>(&line)?, teller)?,
        }
        teller.out.flush().map_err(Failure::Output)?;
    }
    Ok(())
}

/// What happens at the agent, each entry in a line of JSON.
pub(super) struct Events<'a> {
    api: &'a Api,
    socket: WebSocket<TcpStream>,
}

impl<'a> Events<'a> {
    pub(super) fn of(since: Option<u64>, api: &'a Api) -> Result<Self, Failure> {
        let socket = connect(since, api)?;
        Ok(Self { api, socket })
    }

    /// Waits for the next one; there is none once the agent has ended.
    pub(super) fn next(&mut self) -> Result<Option<String>, Failure> {
        loop {
            let message = self.socket.read();
            match message.map_err(|error| self.api.unreachable(error))? {
                Message::Text(line) => return Ok(Some(line.to_string())),
                Message::Close(why) => return parted(why).map(|()| None),
                Message::Binary(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
            }
        }
    }
}

/// The agent's own end is the end of its events; any other close is told.
fn parted(why: Option<CloseFrame>) -> Result<(), Failure> {
    let why = why
        .map(|close| close.reason.to_string())
        .unwrap_or_default();
    if why == "stopping" {
        Ok(())
    } else {
        Err(Failure::EventsClosed { why })
    }
}

fn connect(since: Option<u64>, api: &Api) -> Result<WebSocket<TcpStream>, Failure> {
    let authority = api.base.trim_start_matches("http://");
    let address = if has_port(authority) {
        authority.to_owned()
    } else {
        format!("{authority}:80")
    };
    let stream = TcpStream::connect(address).map_err(|error| api.unreachable(error))?;
    let request = request(authority, since, api)?;
    match tungstenite::client(request, stream) {
        Ok((socket, _)) => Ok(socket),
        Err(HandshakeError::Failure(Error::Http(answer))) => {
            let status = answer.status().as_u16();
            Err(api.refused(status, answer.body().as_deref().unwrap_or_default()))
        }
        Err(error) => Err(api.unreachable(error)),
    }
}

/// `[::1]` has colons of its own.
fn has_port(authority: &str) -> bool {
    authority
        .rsplit_once(':')
        .is_some_and(|(_, port)| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()))
}

fn request(authority: &str, since: Option<u64>, api: &Api) -> Result<Request<()>, Failure> {
    let since = since.map_or_else(String::new, |seq| format!("?since={seq}"));
    let unusable = || Failure::Address {
        api: api.base.clone(),
    };
    let mut request = format!("ws://{authority}/api/v1/events{since}")
        .into_client_request()
        .map_err(|_| unusable())?;
    let headers = request.headers_mut();
    headers.insert(
        header::ACCEPT_LANGUAGE,
        HeaderValue::from_static(api.accept_language()),
    );
    if let Some(authorization) = api.authorization() {
        let value = HeaderValue::from_str(&authorization).map_err(|_| unusable())?;
        headers.insert(header::AUTHORIZATION, value);
    }
    Ok(request)
}
