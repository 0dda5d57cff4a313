//! Kamailio as the registrar and proxy of another house: digest both ways, Record-Route.

mod accounts;
mod connections;
mod network;

use std::fs::File;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use thirdring::sip::Transport;

use super::certificates::Identity;
use super::program::free_ports;
use super::scratch::Scratch;

const HOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

const STARTS_WITHIN: Duration = Duration::from_secs(20);

/// The password of its one account, `hotline`.
pub(crate) const PASSWORD: &str = "open sesame";

/// A running Kamailio; it ends with its owner.
pub(crate) struct Kamailio {
    child: Child,
    /// By UDP and TCP; TLS is on the port above.
    pub(crate) address: SocketAddr,
    folder: Scratch,
    settings: PathBuf,
}

/// What differs from one Kamailio to the next.
#[derive(Default)]
pub(crate) struct Setup<'a> {
    /// Challenges with this algorithm only; none is SHA-256.
    pub(super) algorithm: Option<&'a str>,
    /// Where calls to 13800138000 go.
    pub(super) customer: Option<SocketAddr>,
    /// It listens by TLS, too.
    pub(super) identity: Option<&'a Identity>,
    /// Not loopback, on any free port.
    pub(super) address: Option<SocketAddr>,
}

impl Kamailio {
    pub(crate) fn start(setup: &Setup<'_>) -> Self {
        let folder = Scratch::new("kamailio");
        let address = setup
            .address
            .unwrap_or_else(|| SocketAddr::new(HOST, free_ports(HOST)));
        let nobody = SocketAddr::new(address.ip(), 9);
        let customer = setup.customer.unwrap_or(nobody).to_string();
        let (tls, tls_module) = match setup.identity {
            Some(identity) => tls(address, identity),
            None => Default::default(),
        };
        let settings = include_str!("registrar.cfg")
            .replace("{{HOST}}", &address.ip().to_string())
            .replace("{{PORT}}", &address.port().to_string())
            .replace("{{TLS}}", &tls)
            .replace("{{TLS_MODULE}}", &tls_module)
            .replace("{{CUSTOMER}}", &customer)
            .replace("{{ALGORITHM}}", setup.algorithm.unwrap_or("SHA-256"))
            .replace("{{PASSWORD}}", PASSWORD);
        let settings = folder.write("kamailio.cfg", settings);
        let child = run(&folder, &settings);
        takes_connections(address);
        Self {
            child,
            address,
            folder,
            settings,
        }
    }

    pub(super) fn reached_by(&self, transport: Transport) -> SocketAddr {
        let port = self.address.port() + u16::from(transport == Transport::Tls);
        SocketAddr::new(self.address.ip(), port)
    }

    pub(super) fn stop(&mut self) {
        // It ends its own processes.
        let pid = self.child.id().to_string();
        let told = Command::new("kill").args(["-TERM", &pid]).status();
        if told.is_ok_and(|status| status.success()) {
            let _ = self.child.wait();
        }
    }

    /// After `stop`, at the same place; whom it knew is forgotten.
    pub(super) fn start_again(&mut self) {
        self.child = run(&self.folder, &self.settings);
        takes_connections(self.address);
    }
}

/// In the foreground, with all that it writes in this folder.
pub(crate) fn command(folder: &Scratch, settings: &Path) -> Command {
    let mut command = Command::new("kamailio");
    command
        .args(["-DD", "-m", "32", "-M", "8", "-Y"])
        .arg(folder.path(""))
        .arg("-w")
        .arg(folder.path(""))
        .arg("-f")
        .arg(settings)
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    command
}

fn run(folder: &Scratch, settings: &Path) -> Child {
    let log = File::create(folder.path("log")).expect("the folder is ours");
    let mut command = command(folder, settings);
    command.stderr(log).spawn().expect("start Kamailio")
}

/// Whom a refused connection would put off for half a minute must not come too early.
fn takes_connections(address: SocketAddr) {
    let until = Instant::now() + STARTS_WITHIN;
    while TcpStream::connect(address).is_err() {
        assert!(
            Instant::now() < until,
            "Kamailio does not start at {address}"
        );
        thread::yield_now();
    }
}

/// Its listener, and its module.
fn tls(address: SocketAddr, identity: &Identity) -> (String, String) {
    let listen = format!(
        "enable_tls=yes\nlisten=tls:{}:{}",
        address.ip(),
        address.port() + 1
    );
    let module = format!(
        "loadmodule \"tls.so\"\nmodparam(\"tls\", \"certificate\", \"{}\")\n\
         modparam(\"tls\", \"private_key\", \"{}\")\nmodparam(\"tls\", \"tls_method\", \"TLSv1.2+\")",
        identity.certificate.display(),
        identity.key.display()
    );
    (listen, module)
}

impl Drop for Kamailio {
    fn drop(&mut self) {
        // It may have ended already.
        if matches!(self.child.try_wait(), Ok(None)) {
            self.stop();
        }
    }
}
