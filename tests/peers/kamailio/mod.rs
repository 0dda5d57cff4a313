//! Kamailio as the registrar and proxy of another house: digest both ways, Record-Route.

mod accounts;

use std::fs::File;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::{Child, Command, Stdio};

use super::program::free_ports;
use super::scratch::Scratch;

const HOST: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// The password of its one account, `hotline`.
pub(super) const PASSWORD: &str = "open sesame";

/// A running Kamailio; it ends with its owner.
pub(super) struct Kamailio {
    child: Child,
    pub(super) address: SocketAddr,
    _folder: Scratch,
}

impl Kamailio {
    /// Challenges with this algorithm only; calls to 13800138000 go to `customer`.
    pub(super) fn start(algorithm: &str, customer: Option<SocketAddr>) -> Self {
        let folder = Scratch::new("kamailio");
        let address = SocketAddr::new(HOST, free_ports(HOST));
        let customer = customer.map_or(9, |customer| customer.port());
        let settings = include_str!("registrar.cfg")
            .replace("{{PORT}}", &address.port().to_string())
            .replace("{{CUSTOMER}}", &customer.to_string())
            .replace("{{ALGORITHM}}", algorithm)
            .replace("{{PASSWORD}}", PASSWORD);
        let settings = folder.write("kamailio.cfg", settings);
        let log = File::create(folder.path("log")).expect("the folder is ours");
        let child = Command::new("kamailio")
            .args(["-m", "32", "-M", "8", "-w"])
            .arg(folder.path(""))
            .arg("-f")
            .arg(settings)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("start Kamailio");
        Self {
            child,
            address,
            _folder: folder,
        }
    }
}

impl Drop for Kamailio {
    fn drop(&mut self) {
        // It may have ended already; without forking there is nobody else to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
