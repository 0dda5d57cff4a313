//! Answers challenges to requests of ours (RFC 3261 22.2, 22.3).

use super::Endpoint;
use super::legs::LegId;
use super::responses::{Response, answers};
use super::stage::Stage;
use crate::sip::digest::{Credentials, Login};
use crate::sip::transaction::{ClientKey, Use};
use crate::sip::wire::{Message, Start};
use crate::words::Moment;

/// The most accounts of one endpoint; a further one is sent without a password.
const LOGINS_MAX: usize = 64;

/// Whose password a leg's requests are signed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LoginId(usize);

impl Endpoint {
    /// Keeps the credentials of an account; an INVITE that names them is signed when asked to.
    pub fn add_login(&mut self, credentials: Credentials) -> LoginId {
        let id = LoginId(self.logins.len());
        if self.logins.len() < LOGINS_MAX {
            self.logins.push(Login::new(credentials));
        }
        id
    }

    /// Signs a request of a leg with what its account has been asked for before; a repetition's
    /// old answers are taken out, for each counts once.
    pub(super) fn sign_in(&mut self, used_for: Use, mut request: Message) -> Message {
        if let Some(login) = self.login_of(used_for) {
            request = request.without(&["Authorization", "Proxy-Authorization"]);
            login.sign(&mut request);
        }
        request
    }

    /// Whether a 401 or 407 was answered with the same request, signed. A leg that they began has
    /// no login: who calls us does not learn our password (hardening 9).
    pub(super) fn answers_challenge(
        &mut self,
        used_for: Use,
        key: &ClientKey,
        response: &Response,
        now: Moment,
    ) -> bool {
        if response.code < 300 {
            if let Some(login) = self.login_of(used_for) {
                login.accepted();
            }
            return false;
        }
        let to = self.clients.get(key).map(|client| client.to);
        let by_whom_we_asked = to.is_some_and(|to| answers(response.from, to));
        if !matches!(response.code, 401 | 407) || !by_whom_we_asked {
            return false;
        }
        let mut entropy = self.entropy.clone();
        let taken = self
            .login_of(used_for)
            .is_some_and(|login| login.challenged(&response.message, &mut entropy).is_ok());
        self.entropy = entropy;
        taken && self.repeat_signed(used_for, key, now)
    }

    fn login_of(&mut self, used_for: Use) -> Option<&mut Login> {
        let (Use::Invite(id) | Use::Reoffer(id) | Use::Update(id) | Use::Refer(id) | Use::Bye(id)) =
            used_for
        else {
            return None;
        };
        let LoginId(index) = self.legs.get(id)?.login?;
        self.logins.get_mut(index)
    }

    /// The same request in a transaction of its own, with the next CSeq (RFC 3261 22.2).
    fn repeat_signed(&mut self, used_for: Use, key: &ClientKey, now: Moment) -> bool {
        let Some(client) = self.clients.get(key) else {
            return false;
        };
        let (old, to) = (client.request.clone(), client.to);
        let Start::Request { method, .. } = old.start.clone() else {
            return false;
        };
        let Some(cseq) = self.cseq_after(used_for, &old) else {
            return false;
        };
        let branch = self.branch();
        let mut request = old.without(&["Via"]);
        request.replace_first("CSeq", format!("{cseq} {method}"));
        let request = request.under(self.our_via(&branch, to.transport));
        let key = self.begin(request, &branch, to, used_for, now);
        if let Use::Invite(id) = used_for {
            self.follow(id, key, branch, now);
        }
        true
    }

    /// The number of the repetition; a dialog counts it among its own.
    fn cseq_after(&mut self, used_for: Use, request: &Message) -> Option<u32> {
        let talking = match used_for {
            Use::Reoffer(id) | Use::Update(id) | Use::Refer(id) => {
                self.legs.get_mut(id)?.talking_mut()
            }
            Use::Invite(_) | Use::Bye(_) | Use::Ask(_) | Use::Nobody => None,
        };
        match talking {
            Some(talking) => Some(talking.dialog.next_cseq()),
            None => {
                let number = request.value("CSeq")?.split(' ').next()?;
                number.parse::<u32>().ok()?.checked_add(1)
            }
        }
    }

    /// The leg waits for the repetition from here on; a CANCEL that was wanted goes with it.
    pub(super) fn follow(&mut self, id: LegId, key: ClientKey, branch: String, now: Moment) {
        if let Some(Stage::Inviting(inviting)) = self.legs.get_mut(id).map(|leg| &mut leg.stage) {
            inviting.client = key;
            inviting.branch = branch;
        }
        self.cancel_if_ringing(id, now);
    }
}
