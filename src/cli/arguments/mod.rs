// Help texts come from the catalogue (help.rs): `cli.<verb>.about` and `cli.arg.<argument>`.

mod asking;
mod layers;
mod of_call;
mod provisioning;
mod recording;
mod rehearsing;
mod running;
mod sim;
mod values;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

use crate::words::Language;
pub(super) use asking::{
    AskVerb, CallbacksVerb, DialArguments, DialVerb, DrainWords, ExplainArguments, ExportWords,
    NewCallbackWords, SeatWord, SupportBundleArguments, TraceArguments, WishWord, WishWords,
};
pub(super) use layers::{
    ConfigArguments, ConfigVerb, DevicesArguments, DoctorArguments, DoctorVerb, EchoArguments,
    ExplainKeyArguments, LayersArguments, ShowArguments,
};
pub(super) use of_call::CallVerb;
pub(super) use provisioning::{
    EnrolArguments, ProvisionArguments, ProvisionVerb, ServeArguments, SignArguments,
};
pub(super) use recording::{DecryptArguments, RecordingArguments, RecordingVerb};
pub(super) use rehearsing::{
    ImportArguments, PlayArguments, PolicyArguments, PolicyVerb, PromptsArguments, PromptsVerb,
    RehearseArguments, RenderArguments, ReplayArguments,
};
pub(super) use running::{DemoArguments, RunArguments, SetupArguments, UpdateArguments};
pub(super) use sim::{RelayArguments, SimArguments, SimVerb};

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
