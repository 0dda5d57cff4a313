// Help texts come from the catalogue (help.rs): `cli.<verb>.about` and `cli.arg.<argument>`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand};
use clap_complete::Shell;
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Environment;
use crate::doctor::Check;
use crate::impairment::Weather;
use crate::provision::Digest;
use crate::settings::Sources;
use crate::sip::Uri;
use crate::words::{
    CallId, ConsentFor, Digits, Language, Owed, PhoneNumber, PromptId, SeatId, Sentence,
    TransferMode,
};

#[derive(Parser)]
#[command(name = "thirdring", version)]
pub(super) struct Arguments {
    #[command(flatten)]
    pub(super) everywhere: Everywhere,
    #[command(subcommand)]
    pub(super) verb: Verb,
}

/// Where the agent's API is by default.
pub(super) const API: &str = "http://127.0.0.1:8080";

#[derive(Args)]
pub(super) struct Everywhere {
    #[arg(
        long,
        global = true,
        value_name = "URL",
        default_value = API
    )]
    pub(super) api: String,
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) token_file: Option<PathBuf>,
    #[arg(long, global = true)]
    pub(super) json: bool,
    #[arg(
        long = "language",
        global = true,
        value_name = "zh-CN|en",
        id = "output_language"
    )]
    pub(super) language: Option<Language>,
}

#[derive(Subcommand)]
pub(super) enum Verb {
    Run(RunArguments),
    Demo(DemoArguments),
    Dial(DialArguments),
    Ports(LayersArguments),
    Config(ConfigArguments),
    Devices(DevicesArguments),
    Doctor(DoctorArguments),
    Setup(SetupArguments),
    Recording(RecordingArguments),
    Provision(ProvisionArguments),
    Enrol(EnrolArguments),
    Completions {
        shell: Shell,
    },
    Man {
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
    Licences,
    Update(UpdateArguments),
    Rehearse(RehearseArguments),
    Policy(PolicyArguments),
    Replay(ReplayArguments),
    // Boxed: by far the largest.
    Sim(Box<SimArguments>),
    Prompts(PromptsArguments),
    #[command(flatten)]
    Ask(AskVerb),
    #[command(flatten)]
    OfCall(CallVerb),
}

#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub(super) struct RunArguments {
    #[arg(short, long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    #[arg(long, value_name = "DIR")]
    pub(super) state: Option<PathBuf>,
    #[arg(long, value_name = "N", value_parser = count)]
    pub(super) exit_after: Option<u64>,
    #[arg(long)]
    pub(super) test: bool,
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = setting)]
    pub(super) set: Vec<String>,
}

#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub(super) struct DemoArguments {
    #[arg(long, value_name = "NAME")]
    pub(super) scene: Option<String>,
    #[arg(long, value_name = "DIR")]
    pub(super) record: Option<PathBuf>,
}

/// A number to dial, or what is asked about one.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct DialArguments {
    /// There without a verb: clap asks for it.
    #[arg(required = true, value_parser = PhoneNumber::parse)]
    pub(super) number: Option<PhoneNumber>,
    #[command(subcommand)]
    pub(super) verb: Option<DialVerb>,
}

#[derive(Subcommand, Clone, Debug, PartialEq, Eq)]
pub(super) enum DialVerb {
    Explain(ExplainArguments),
}

#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub(super) struct ExplainArguments {
    #[arg(value_parser = PhoneNumber::parse)]
    pub(super) number: PhoneNumber,
    #[command(flatten)]
    pub(super) layers: LayersArguments,
}

#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub(super) struct ConfigArguments {
    #[command(subcommand)]
    pub(super) verb: ConfigVerb,
}

#[derive(Subcommand, Clone, Debug, PartialEq, Eq)]
pub(super) enum ConfigVerb {
    Check(LayersArguments),
    Show(ShowArguments),
    #[command(name = "explain")]
    ExplainKey(ExplainKeyArguments),
    Schema,
}

/// Where settings come from.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub(super) struct LayersArguments {
    #[arg(short, long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    #[arg(long, value_name = "DIR")]
    pub(super) state: Option<PathBuf>,
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = setting)]
    pub(super) set: Vec<String>,
}

impl LayersArguments {
    pub(super) fn sources(&self, environment: &Environment) -> Sources {
        Sources {
            file: self.config.clone(),
            sets: self.set.clone(),
            state: self.state.clone().or_else(|| environment.state()),
        }
    }
}

#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub(super) struct ShowArguments {
    #[command(flatten)]
    pub(super) layers: LayersArguments,
    #[arg(long)]
    pub(super) origin: bool,
}

#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub(super) struct ExplainKeyArguments {
    pub(super) key: String,
    #[command(flatten)]
    pub(super) layers: LayersArguments,
}

#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub(super) struct DevicesArguments {
    #[arg(long)]
    pub(super) watch: bool,
    #[arg(long = "test", id = "try_headset", conflicts_with = "watch")]
    pub(super) test: bool,
    #[command(flatten)]
    pub(super) layers: LayersArguments,
}

#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct DoctorArguments {
    #[command(subcommand)]
    pub(super) verb: Option<DoctorVerb>,
    #[command(flatten)]
    pub(super) layers: LayersArguments,
    #[arg(long)]
    pub(super) fix: bool,
    #[arg(long, value_name = "CHECK", value_delimiter = ',', value_parser = str::parse::<Check>)]
    pub(super) only: Vec<Check>,
}

#[derive(Subcommand, Clone, Debug, PartialEq, Eq)]
pub(super) enum DoctorVerb {
    Call(EchoArguments),
}

#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub(super) struct EchoArguments {
    /// Without one the echo test that an account names, or one of our own.
    #[arg(id = "echo", value_name = "URI|NUMBER")]
    pub(super) whom: Option<String>,
    #[command(flatten)]
    pub(super) layers: LayersArguments,
}

/// What is given is not asked for.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub(super) struct SetupArguments {
    #[arg(long)]
    pub(super) yes: bool,
    #[arg(short, long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    #[arg(long, value_name = "DIR")]
    pub(super) state: Option<PathBuf>,
    #[arg(long = "seat", id = "setup_seat", value_name = "headset|URI")]
    pub(super) seat: Option<String>,
    #[arg(long, value_name = "USER@DOMAIN")]
    pub(super) account: Option<String>,
    #[arg(long, value_name = "HOST:PORT")]
    pub(super) proxy: Option<String>,
    #[arg(long, value_name = "FILE")]
    pub(super) password_file: Option<PathBuf>,
}

/// Another program, or the previous one again.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub(super) struct UpdateArguments {
    #[arg(
        required_unless_present = "previous",
        conflicts_with = "previous",
        value_name = "PROGRAM"
    )]
    pub(super) program: Option<PathBuf>,
    #[arg(long = "back")]
    pub(super) previous: bool,
    #[arg(long, value_name = "HEX", conflicts_with = "previous")]
    pub(super) sha256: Option<Digest>,
    #[arg(long, value_name = "COMMAND")]
    pub(super) restart: Option<String>,
    /// In whose place it comes; without one this very program's.
    #[arg(long, value_name = "PROGRAM")]
    pub(super) installed: Option<PathBuf>,
    #[command(flatten)]
    pub(super) layers: LayersArguments,
}

#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub(super) struct RecordingArguments {
    #[command(subcommand)]
    pub(super) verb: RecordingVerb,
}

#[derive(Subcommand, Clone, Debug, PartialEq, Eq)]
pub(super) enum RecordingVerb {
    Pause { call: Option<CallId> },
    Resume { call: Option<CallId> },
    Decrypt(DecryptArguments),
}

#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub(super) struct DecryptArguments {
    #[arg(value_name = "IN")]
    pub(super) sealed: PathBuf,
    #[arg(value_name = "OUT")]
    pub(super) opened: PathBuf,
    #[arg(long, value_name = "FILE")]
    pub(super) key_file: PathBuf,
}

/// One code, once.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub(super) struct EnrolArguments {
    #[arg(id = "enrolment_code", value_name = "CODE")]
    pub(super) code: String,
    #[command(flatten)]
    pub(super) layers: LayersArguments,
}

#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub(super) struct ProvisionArguments {
    #[command(subcommand)]
    pub(super) verb: ProvisionVerb,
}

#[derive(Subcommand, Clone, Debug, PartialEq, Eq)]
pub(super) enum ProvisionVerb {
    #[command(name = "show")]
    ShowShare(LayersArguments),
    Keys {
        #[arg(id = "signing_key", value_name = "FILE")]
        key: PathBuf,
    },
    Sign(SignArguments),
    Codes {
        #[arg(value_name = "FILE")]
        codes: PathBuf,
    },
    Serve(ServeArguments),
}

#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub(super) struct SignArguments {
    #[arg(id = "provisioned", value_name = "FOLDER")]
    pub(super) folder: PathBuf,
    #[arg(long = "key", id = "sign_with", value_name = "FILE")]
    pub(super) key: PathBuf,
}

#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub(super) struct ServeArguments {
    #[arg(id = "provisioned", value_name = "FOLDER")]
    pub(super) folder: PathBuf,
    #[arg(long = "listen", id = "serve_at", value_name = "ADDRESS")]
    pub(super) listen: SocketAddr,
    #[arg(long = "cert", id = "serve_cert", value_name = "FILE")]
    pub(super) certificate: PathBuf,
    #[arg(long = "key", id = "serve_key", value_name = "FILE")]
    pub(super) key: PathBuf,
    #[arg(long, value_name = "FILE")]
    pub(super) codes: Option<PathBuf>,
}

#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub(super) struct RehearseArguments {
    /// A shipped policy's name, or a file.
    pub(super) policy: String,
    /// Files, or folders of them; without one the shipped scripts.
    #[arg(value_name = "SCRIPT")]
    pub(super) scripts: Vec<PathBuf>,
    #[arg(long, requires = "scripts")]
    pub(super) update: bool,
    #[arg(long, value_name = "FILE")]
    pub(super) junit: Option<PathBuf>,
    #[arg(long, value_name = "DIR", conflicts_with = "scripts")]
    pub(super) copy: Option<PathBuf>,
}

#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub(super) struct PromptsArguments {
    #[command(subcommand)]
    pub(super) verb: PromptsVerb,
}

#[derive(Subcommand, Clone, Debug, PartialEq, Eq)]
pub(super) enum PromptsVerb {
    List {
        /// Without one the shipped phrases; so in all verbs.
        #[arg(value_name = "FOLDER")]
        prompts: Option<PathBuf>,
    },
    Lint {
        /// Folders of phrases, and any text files.
        #[arg(value_name = "PATH")]
        linted: Vec<PathBuf>,
        #[arg(
            long,
            value_name = "POLICY",
            default_value = "standard",
            id = "linted_policy"
        )]
        policy: String,
    },
    Play(PlayArguments),
    Import(ImportArguments),
    Render(RenderArguments),
}

#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub(super) struct PlayArguments {
    pub(super) phrase: PromptId,
    #[arg(value_name = "FOLDER")]
    pub(super) prompts: Option<PathBuf>,
    #[arg(long, value_name = "zh-CN|en")]
    pub(super) spoken: Option<Language>,
}

#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub(super) struct ImportArguments {
    #[arg(required = true, value_name = "RECORDING")]
    pub(super) recordings: Vec<PathBuf>,
    #[arg(long, value_name = "FOLDER")]
    pub(super) into: PathBuf,
    #[arg(long, value_name = "zh-CN|en")]
    pub(super) spoken: Language,
}

#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub(super) struct RenderArguments {
    #[arg(value_name = "FOLDER", id = "rendered")]
    pub(super) prompts: PathBuf,
    #[arg(long)]
    pub(super) all: bool,
}

#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub(super) struct PolicyArguments {
    #[command(subcommand)]
    pub(super) verb: PolicyVerb,
}

#[derive(Subcommand, Clone, Debug, PartialEq, Eq)]
pub(super) enum PolicyVerb {
    Explain {
        /// A shipped policy's name, or a file.
        #[arg(default_value = "standard")]
        policy: String,
    },
    Timing {
        /// As of `explain`.
        #[arg(default_value = "standard")]
        policy: String,
    },
    Diff {
        old: String,
        new: String,
        #[arg(value_name = "JOURNAL")]
        journals: Vec<PathBuf>,
    },
}

#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub(super) struct ReplayArguments {
    #[arg(value_name = "JOURNAL")]
    pub(super) journal: PathBuf,
}

/// Scenarios to play, or a relay to play them through.
#[derive(Args, Clone, Debug)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct SimArguments {
    #[arg(value_name = "SCENARIO", required = true)]
    pub(super) scenarios: Vec<PathBuf>,
    #[arg(id = "sim_target", long = "target", value_name = "URI", value_parser = uri)]
    pub(super) target: Option<Uri>,
    #[arg(id = "calls", long = "count", value_name = "N", default_value = "1", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(super) count: u32,
    #[arg(long, value_name = "CALLS", default_value = "1", value_parser = rate)]
    pub(super) cps: f64,
    #[arg(long, value_name = "N")]
    pub(super) seed: Option<u64>,
    #[arg(long, value_name = "FILE")]
    pub(super) junit: Option<PathBuf>,
    #[arg(long, value_name = "DIR")]
    pub(super) wav: Option<PathBuf>,
    #[command(subcommand)]
    pub(super) verb: Option<SimVerb>,
}

#[derive(Subcommand, Clone, Debug)]
pub(super) enum SimVerb {
    Relay(RelayArguments),
}

#[derive(Args, Clone, Debug)]
pub(super) struct RelayArguments {
    #[arg(value_name = "LISTEN")]
    pub(super) listen: SocketAddr,
    #[arg(id = "relay_to", value_name = "TO")]
    pub(super) to: SocketAddr,
    #[arg(long, value_name = "WEATHER", default_value = "clear")]
    pub(super) there: Weather,
    #[arg(long, value_name = "WEATHER", default_value = "clear")]
    pub(super) back: Weather,
    #[arg(long, value_name = "N")]
    pub(super) seed: Option<u64>,
}

/// What is asked of the agent as a whole, or only read.
#[derive(Subcommand)]
pub(super) enum AskVerb {
    Calls {
        #[arg(long, value_name = "ID")]
        sip_call_id: Option<String>,
    },
    Call {
        call: Option<CallId>,
    },
    Timeline {
        call: Option<CallId>,
    },
    Trace(TraceArguments),
    SupportBundle(SupportBundleArguments),
    Callbacks(CallbacksWords),
    CallBack(NewCallbackWords),
    Callback(WishWords),
    Delete {
        #[arg(value_parser = PhoneNumber::parse)]
        number: PhoneNumber,
        #[arg(long)]
        by: String,
        #[arg(long)]
        reason: String,
    },
    Seats,
    Seat {
        seat: SeatId,
        #[arg(value_name = "available|busy|break|offline|extend|done", value_parser = word::<SeatWord>)]
        wanted: Option<SeatWord>,
        #[arg(value_name = "REASON")]
        reason: Option<String>,
    },
    Events {
        #[arg(long, value_name = "SEQ")]
        since: Option<u64>,
    },
    Drain(DrainWords),
    Monitor {
        #[arg(long)]
        once: bool,
    },
    Health,
}

#[derive(Args)]
pub(super) struct TraceArguments {
    pub(super) call: Option<CallId>,
    #[arg(long)]
    pub(super) messages: bool,
    #[arg(long, value_name = "FILE")]
    pub(super) svg: Option<PathBuf>,
    #[arg(long, value_name = "FILE")]
    pub(super) pcap: Option<PathBuf>,
}

#[derive(Args)]
pub(super) struct SupportBundleArguments {
    pub(super) call: Option<CallId>,
    #[arg(long, value_name = "FILE", id = "bundle")]
    pub(super) out: Option<PathBuf>,
    #[arg(long, value_name = "FILE")]
    pub(super) log: Option<PathBuf>,
}

#[derive(Args)]
pub(super) struct DrainWords {
    #[arg(long)]
    pub(super) no_wait: bool,
    #[arg(long, conflicts_with = "no_wait")]
    pub(super) cancel: bool,
}

#[derive(Args)]
pub(super) struct NewCallbackWords {
    #[arg(value_parser = PhoneNumber::parse)]
    pub(super) number: PhoneNumber,
    #[arg(long)]
    pub(super) reason: String,
    #[arg(long, value_name = "UTC", value_parser = utc)]
    pub(super) due: Option<Timestamp>,
    #[arg(long, value_name = "MINUTES", conflicts_with = "due")]
    pub(super) within: Option<u32>,
    #[arg(long, value_name = "rep|expert|supervisor|complaint", value_parser = word::<Owed>, default_value = "rep")]
    pub(super) kind: Owed,
    #[arg(long)]
    pub(super) note: Option<String>,
    #[arg(long)]
    pub(super) seat: Option<SeatId>,
}

#[derive(Args)]
pub(super) struct CallbacksWords {
    #[command(subcommand)]
    pub(super) verb: Option<CallbacksVerb>,
}

#[derive(Subcommand)]
pub(super) enum CallbacksVerb {
    Export(ExportWords),
}

#[derive(Args)]
pub(super) struct ExportWords {
    #[arg(long, conflicts_with = "jsonl")]
    pub(super) csv: bool,
    #[arg(long)]
    pub(super) jsonl: bool,
    #[arg(long)]
    pub(super) numbers: bool,
    #[arg(long)]
    pub(super) by: Option<String>,
}

#[derive(Args)]
pub(super) struct WishWords {
    pub(super) callback: String,
    #[arg(value_name = "cancel|done|snooze|assign|redial", value_parser = word::<WishWord>)]
    pub(super) wanted: Option<WishWord>,
    #[arg(long)]
    pub(super) by: Option<String>,
    #[arg(long, required_if_eq("wanted", "cancel"))]
    pub(super) reason: Option<String>,
    #[arg(long, value_name = "UTC", value_parser = utc, required_if_eq("wanted", "snooze"))]
    pub(super) until: Option<Timestamp>,
    #[arg(long)]
    pub(super) seat: Option<SeatId>,
}

/// What a rep may want of a callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum WishWord {
    Cancel,
    Done,
    /// Not before a time.
    Snooze,
    /// To a seat, or to whichever is free.
    Assign,
    Redial,
}

/// What a rep may want of his seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum SeatWord {
    #[serde(alias = "ready")]
    Available,
    #[serde(alias = "away")]
    Busy,
    Break,
    Offline,
    /// The wrap-up, by as much as the settings say.
    Extend,
    /// The wrap-up ends now.
    Done,
}

/// What is asked of one call; with one live call its id may be left out.
#[derive(Subcommand)]
pub(super) enum CallVerb {
    Answer {
        call: Option<CallId>,
    },
    Hold {
        call: Option<CallId>,
        #[arg(long)]
        reason: Option<String>,
        #[arg(long)]
        agreed: bool,
    },
    Return {
        call: Option<CallId>,
    },
    Transfer {
        target: String,
        call: Option<CallId>,
        #[arg(long, value_parser = word::<TransferMode>)]
        mode: Option<TransferMode>,
        #[arg(long)]
        agreed: bool,
    },
    Join {
        call: Option<CallId>,
    },
    Abandon {
        call: Option<CallId>,
    },
    Move {
        seat: SeatId,
        call: Option<CallId>,
    },
    Consent {
        #[arg(value_name = "hold|transfer|callback", value_parser = word::<ConsentFor>)]
        to: ConsentFor,
        #[arg(value_name = "yes|no", action = ArgAction::Set, value_parser = yes_or_no)]
        answer: bool,
        call: Option<CallId>,
    },
    Hangup {
        call: Option<CallId>,
        #[arg(long, requires = "reason")]
        force: bool,
        #[arg(long)]
        reason: Option<String>,
    },
    Mute {
        #[arg(value_name = "on|off", action = ArgAction::Set, value_parser = on_or_off)]
        switch: bool,
        call: Option<CallId>,
    },
    Say {
        phrase: PromptId,
        call: Option<CallId>,
    },
    Dtmf {
        #[arg(value_parser = Digits::parse)]
        digits: Digits,
        call: Option<CallId>,
    },
    Note {
        text: String,
        call: Option<CallId>,
    },
    Language {
        #[arg(value_name = "zh-CN|en")]
        spoken: Language,
        call: Option<CallId>,
    },
    CannotHear {
        call: Option<CallId>,
    },
    Machine {
        call: Option<CallId>,
    },
    StillLooking {
        call: Option<CallId>,
    },
    Promise {
        call: Option<CallId>,
        #[arg(long)]
        reason: String,
        #[arg(long, value_name = "UTC", value_parser = utc)]
        due: Option<Timestamp>,
        #[arg(long, value_name = "MINUTES", conflicts_with = "due")]
        within: Option<u32>,
        #[arg(long, value_name = "rep|expert|supervisor|complaint", value_parser = word::<Owed>, default_value = "rep")]
        kind: Owed,
        #[arg(long)]
        note: Option<String>,
    },
    ClosingSaid {
        call: Option<CallId>,
    },
}

/// A word of the API, by its serde name: the error lists the words there are.
fn word<T: DeserializeOwned>(text: &str) -> Result<T, Sentence> {
    serde_json::from_value(Value::from(text)).map_err(|error| {
        let error = error.to_string();
        let known: Vec<&str> = error.split('`').skip(3).step_by(2).collect();
        Sentence::of("value.word").with("known", known.join(", "))
    })
}

fn setting(text: &str) -> Result<String, Sentence> {
    match text.split_once('=') {
        Some((key, _)) if !key.trim().is_empty() => Ok(text.to_owned()),
        Some(_) | None => Err(Sentence::of("settings.right.set")),
    }
}

fn uri(text: &str) -> Result<Uri, Sentence> {
    let refused = |_| Sentence::of("value.sip-address").with("found", text);
    text.parse().map_err(refused)
}

/// Calls a second.
fn rate(text: &str) -> Result<f64, Sentence> {
    let rate: Option<f64> = text.parse().ok();
    rate.filter(|rate| (0.01..=1_000.0).contains(rate))
        .ok_or_else(|| Sentence::of("value.rate").with("found", text))
}

fn count(text: &str) -> Result<u64, Sentence> {
    let count = text.parse().ok().filter(|count| *count > 0);
    count.ok_or_else(|| Sentence::of("value.count"))
}

fn utc(text: &str) -> Result<Timestamp, Sentence> {
    text.parse().map_err(|_| Sentence::of("value.utc"))
}

fn yes_or_no(text: &str) -> Result<bool, Sentence> {
    either(text, "yes", "no")
}

fn on_or_off(text: &str) -> Result<bool, Sentence> {
    either(text, "on", "off")
}

fn either(text: &str, yes: &str, no: &str) -> Result<bool, Sentence> {
    if text == yes {
        Ok(true)
    } else if text == no {
        Ok(false)
    } else {
        Err(Sentence::of("value.word").with("known", format!("{yes}, {no}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verb(line: &str) -> Result<Verb, clap::error::ErrorKind> {
        Arguments::try_parse_from(line.split(' '))
            .map(|arguments| arguments.verb)
            .map_err(|error| error.kind())
    }

    #[test]
    fn run_takes_all_its_arguments() {
        let line = "thirdring run -c a.toml --state s --exit-after 3 --test --set a.b=1 --set c=2";
        let Ok(Verb::Run(run)) = verb(line) else {
            panic!("not understood")
        };
        let expected = RunArguments {
            config: Some("a.toml".into()),
            state: Some("s".into()),
            exit_after: Some(3),
            test: true,
            set: vec!["a.b=1".into(), "c=2".into()],
        };
        assert_eq!(run, expected);
    }

    #[test]
    fn demo_takes_all_its_arguments() {
        let Ok(Verb::Demo(demo)) = verb("thirdring demo --scene hold --json --record d") else {
            panic!("not understood")
        };
        assert_eq!(demo.scene.as_deref(), Some("hold"));
        assert_eq!(demo.record, Some("d".into()));
    }

    #[test]
    fn a_number_is_dialled_or_explained() {
        let Ok(Verb::Dial(dial)) = verb("thirdring dial 13800138000") else {
            panic!("not understood")
        };
        assert!(dial.number.is_some() && dial.verb.is_none());
        let line =
            "thirdring dial explain +8613800138000 --json -c a.toml --set dial.area_code=010";
        let Ok(Verb::Dial(dial)) = verb(line) else {
            panic!("not understood")
        };
        let Some(DialVerb::Explain(explain)) = dial.verb else {
            panic!("not explained")
        };
        assert_eq!(explain.layers.config, Some("a.toml".into()));
    }

    #[test]
    fn what_cannot_be_meant_is_wrong_usage() {
        for line in [
            "thirdring dial",
            "thirdring dial explain",
            "thirdring dial explain anonymous",
            "thirdring",
            "thirdring hangup --force",
            "thirdring mute maybe",
            "thirdring seat rep1 asleep",
            "thirdring dtmf 12x",
            "thirdring run --exit-after 0",
            "thirdring run --set =1",
            "thirdring transfer sales --mode telepathic",
            "thirdring hold not-an-id",
        ] {
            assert!(verb(line).is_err(), "{line}");
        }
    }
}
