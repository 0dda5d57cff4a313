//! What was answered, as settings.

use std::net::SocketAddr;

use toml_edit::Value;

use crate::settings::{Host, HostPort, SipUri};
use crate::words::{Language, Pii};

/// Beside the settings, its owner's alone.
const PASSWORD_FILE: &str = "pbx-password.txt";

pub(super) struct Answers {
    /// Callers are greeted in it.
    pub(super) language: Language,
    pub(super) listen: SocketAddr,
    pub(super) api: SocketAddr,
    pub(super) seat: Seat,
    pub(super) account: Option<Account>,
}

pub(super) enum Seat {
    /// Of this PC; by name where another than the usual one is wished.
    Headset {
        wish: Option<String>,
    },
    Phone(SipUri),
}

/// At the PBX.
pub(super) struct Account {
    pub(super) username: String,
    pub(super) domain: Host,
    pub(super) proxy: Option<HostPort>,
    pub(super) password: Pii<String>,
}

impl Answers {
    /// The name of its file, and the password; none where there is none.
    pub(super) fn password(&self) -> Option<(&'static str, &str)> {
        let password = self.account.as_ref()?.password.reveal();
        (!password.is_empty()).then_some((PASSWORD_FILE, password.as_str()))
    }

    /// The whole file; what it leaves out is as `config/thirdring.toml` has it.
    pub(super) fn toml(&self) -> String {
        let mut text = String::from(
            "# Written by `thirdring setup`. What a key means: thirdring config explain KEY\n",
        );
        text += &line("language", self.language);
        text += "\n[sip]\n";
        text += &line("listen", self.listen);
        text += "\n[api]\n";
        text += &line("listen", self.api);
        text += &self.seat.toml();
        if let Some(account) = &self.account {
            text += &account.toml(self.password().is_some());
        }
        text
    }
}

impl Seat {
    fn toml(&self) -> String {
        let seat = "\n[[seat]]\nid = \"rep1\"\n";
        match self {
            Self::Headset { wish: None } => format!("{seat}{}", line("kind", "headset")),
            Self::Headset { wish: Some(wish) } => {
                let prefer = quoted(wish);
                format!(
                    "\n[headset]\nprefer = [{prefer}]\n{seat}{}",
                    line("kind", "headset")
                )
            }
            Self::Phone(uri) => format!("{seat}{}{}", line("kind", "phone"), line("uri", uri)),
        }
    }
}

impl Account {
    fn toml(&self, has_password: bool) -> String {
        let mut text = String::from("\n[[sip.account]]\n");
        text += &line("name", "pbx");
        text += &line("username", &self.username);
        if has_password {
            text += &format!("password = {{ file = {} }}\n", quoted(PASSWORD_FILE));
        }
        text += &line("domain", &self.domain);
        if let Some(proxy) = &self.proxy {
            text += &line("outbound_proxy", proxy);
        }
        text
    }
}

fn line(key: &str, value: impl ToString) -> String {
    format!("{key} = {}\n", quoted(&value.to_string()))
}

/// As a string of TOML.
fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{SeatKind, Settings};

    fn answers(seat: Seat, account: Option<Account>) -> Answers {
        Answers {
            language: Language::En,
            listen: "0.0.0.0:5062".parse().unwrap(),
            api: "127.0.0.1:8081".parse().unwrap(),
            seat,
            account,
        }
    }

    fn read(answers: &Answers) -> Settings {
        toml::from_str(&answers.toml()).unwrap()
    }

    #[test]
    fn what_is_written_is_read_as_it_was_answered() {
        let account = Account {
            username: "80\"01".to_owned(),
            domain: "pbx.example".parse().unwrap(),
            proxy: Some("192.0.2.1:5070".parse().unwrap()),
            password: Pii::new("open \\ sesame".to_owned()),
        };
        let wish = Some("Jabra*".to_owned());
        let answers = answers(Seat::Headset { wish }, Some(account));
        let settings = read(&answers);
        assert_eq!(settings.sip.listen.port(), 5062);
        assert_eq!(settings.api.listen.port(), 8081);
        assert_eq!(settings.headset.prefer.len(), 1);
        assert_eq!(settings.seat[0].kind, SeatKind::Headset);
        let account = &settings.sip.account[0];
        assert_eq!(account.username, "80\"01");
        assert_eq!(account.outbound_proxy.as_ref().unwrap().port, 5070);
        let file = account.password.as_ref().unwrap().file().unwrap();
        assert_eq!(
            answers.password(),
            Some((file.to_str().unwrap(), "open \\ sesame"))
        );
        assert!(!answers.toml().contains("sesame"));
    }

    #[test]
    fn without_a_pbx_there_is_no_account_and_a_phone_is_called() {
        let phone = Seat::Phone("sip:rep@192.0.2.7".parse().unwrap());
        let settings = read(&answers(phone, None));
        assert!(settings.sip.account.is_empty());
        assert_eq!(settings.seat[0].kind, SeatKind::Phone);
        assert_eq!(settings.headset, crate::settings::Headset::default());
    }
}
