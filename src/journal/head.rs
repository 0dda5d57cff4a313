use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::call::{
    Action, Arrival, AtMachine, Beginning, Call, First, KeyAct, PhoneKeys, PromiseKind,
    TargetTerms, Terms,
};
use crate::policy::Policy;
use crate::words::{CallId, Key, Language, Moment, Pii, PromptId, hex};

use super::{masking, told};

/// All that a call is before its first input.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// Of this layout.
    pub journal: u32,
    pub call: CallId,
    pub at: Moment,
    pub began: Began,
    /// The caller's number is known; which it is is not written.
    pub has_number: bool,
    pub language: Language,
    pub records: bool,
    /// SHA-256 of the policy as it stands here, in hexadecimal.
    pub policy_sha256: String,
    pub policy: Policy,
    terms: TermsBesides,
    pub did: Vec<Value>,
}

/// How a call began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Began {
    Incoming(Arrival),
    Outgoing,
    Callback(PromiseKind),
}

/// Terms, the policy apart.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TermsBesides {
    promising: BTreeMap<PromptId, PromiseKind>,
    targets: BTreeMap<String, TargetTerms>,
    phone_keys: Vec<(Vec<Key>, KeyAct)>,
    watches_line: bool,
    at_machine: AtMachine,
    first: First,
}

/// The layout that we write, and read.
pub(super) const LAYOUT: u32 = 1;

impl Head {
    /// Of a call that has just begun, with what it did at once.
    pub fn new(
        terms: &Terms,
        beginning: &Beginning,
        began: Began,
        did: &[Action],
        at: Moment,
    ) -> Self {
        Self {
            journal: LAYOUT,
            call: beginning.id,
            at,
            began,
            has_number: beginning.number.is_some(),
            language: beginning.language,
            records: beginning.records,
            policy_sha256: fingerprint(&terms.policy),
            policy: Policy::clone(&terms.policy),
            terms: TermsBesides::of(terms),
            did: told(did),
        }
    }

    /// The same call at its first moment, by the policy it had or by another.
    pub(super) fn begin(&self, policy: Policy) -> (Call, Vec<Action>) {
        let terms = Arc::new(self.terms(policy));
        let number = self.has_number.then(masking::number).map(Pii::new);
        let beginning = Beginning {
            id: self.call,
            number,
            language: self.language,
            records: self.records,
        };
        match self.began {
            Began::Incoming(arrival) => Call::incoming(terms, beginning, arrival, self.at),
            Began::Outgoing => Call::outgoing(terms, beginning, self.at),
            Began::Callback(kind) => Call::callback(terms, beginning, kind, self.at),
        }
    }

    /// The terms of the call, with this policy in the place of its own.
    pub fn terms(&self, policy: Policy) -> Terms {
        let TermsBesides {
            promising,
            targets,
            phone_keys,
            watches_line,
            at_machine,
            first,
        } = self.terms.clone();
        Terms {
            policy: Arc::new(policy),
            promising,
            targets,
            phone_keys: PhoneKeys::new(phone_keys.into_iter().collect()),
            watches_line,
            at_machine,
            first,
        }
    }
}

impl TermsBesides {
    fn of(terms: &Terms) -> Self {
        let acts = terms.phone_keys.acts();
        Self {
            promising: terms.promising.clone(),
            targets: terms.targets.clone(),
            phone_keys: acts
                .map(|(keys, act)| (keys.clone(), act.clone()))
                .collect(),
            watches_line: terms.watches_line,
            at_machine: terms.at_machine,
            first: terms.first,
        }
    }
}

/// By which two policies are told apart.
pub fn fingerprint(policy: &Policy) -> String {
    let text = serde_json::to_vec(policy).expect("a policy has only string keys");
    hex(&Sha256::digest(text))
}
