//! `thirdring sim`: scenarios played on real sockets against any answering machine, judged by what was heard.

mod drawing;
mod relay;
mod report;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::Teller;
use super::arguments::{SimArguments, SimVerb};
use super::failure::{Failure, unusable};
use super::junit;
use super::start::allow_open_files;
use crate::desk::{clock, run_before_others};
use crate::settings::SettingsError;
use crate::sim::{PlayError, Played, Scenario, Wishes, arrivals, play};
use crate::words::{Entropy, Sentence};

/// Phones share these; their ears listen on the blocking threads.
const WORKERS: usize = 2;

/// Each keeps what its phones heard, and has three sockets a phone: a caller more waits until one has ended.
const CALLS_AT_ONCE_MAX: usize = 1_000;

/// A scenario of a file.
struct Scene {
    /// As a person knows it.
    name: String,
    /// What its sound files begin with.
    stem: String,
    scenario: Arc<Scenario>,
}

pub(super) fn run(arguments: SimArguments, teller: &mut Teller<'_>) -> Result<(), Failure> {
    if let Some(SimVerb::Relay(arguments)) = arguments.verb {
        return relay::run(&arguments, teller);
    }
    let scenes = scenes(&arguments, teller)?;
    allow_open_files();
    if let Some(folder) = &arguments.wav {
        fs::create_dir_all(folder).map_err(|why| unusable(folder, why))?;
    }
    let seed = seed(arguments.seed)?;
    let runtime = runtime()?;
    let (mut unmet, mut cases) = (0, Vec::new());
    for scene in &scenes {
        let played = runtime.block_on(play_all(scene, &arguments, seed))?;
        unmet += report::tell(scene, &played, seed, teller)?;
        cases.extend(report::cases(scene, &played, teller));
    }
    if let Some(file) = &arguments.junit {
        let report = junit::report("thirdring sim", "sim", &cases);
        fs::write(file, report).map_err(|why| unusable(file, why))?;
    }
    match unmet {
        0 => Ok(()),
        unmet => Err(Failure::NotHeardSo(unmet)),
    }
}

fn runtime() -> Result<Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .on_thread_start(run_before_others)
        .enable_all()
        .build()
        .map_err(|why| Failure::not_started(&why))
}

/// Told where it was not given, so that the same can be played again.
fn seed(given: Option<u64>) -> Result<u64, Failure> {
    match given {
        Some(seed) => Ok(seed),
        None => {
            let seed = clock::seed().map_err(|why| Failure::not_started(&why))?;
            Ok(Entropy::from_seed(seed).u32().into())
        }
    }
}

/// All files are read, and all that is wrong with them is shown, before the first call.
fn scenes(arguments: &SimArguments, teller: &mut Teller<'_>) -> Result<Vec<Scene>, Failure> {
    let (mut scenes, mut faulty) = (Vec::new(), 0);
    for file in &arguments.scenarios {
        match read(file, arguments)? {
            Ok(mut scene) => {
                if scenes.iter().any(|other: &Scene| other.stem == scene.stem) {
                    scene.stem = format!("{}-of-{}", scene.stem, scenes.len() + 1);
                }
                scenes.push(scene);
            }
            Err(picture) => {
                faulty += 1;
                let drawn = picture.drawn(teller.texts, teller.language);
                teller.line(&drawn)?;
            }
        }
    }
    match faulty {
        0 => Ok(scenes),
        faulty => Err(Failure::FaultyScenarios(faulty)),
    }
}

fn read(file: &Path, arguments: &SimArguments) -> Result<Result<Scene, SettingsError>, Failure> {
    let text = fs::read_to_string(file).map_err(|why| unusable(file, why))?;
    let (name, folder) = (file.display().to_string(), file.parent());
    let folder = folder.unwrap_or(Path::new(""));
    let scenario = match Scenario::read(&name, &text, folder, arguments.target.as_ref()) {
        Ok(scenario) => scenario,
        Err(picture) => return Ok(Err(picture)),
    };
    if arguments.count > 1 && scenario.has_fixed_ports() {
        let told = Sentence::of("sim.one-at-a-time").with("file", &name);
        return Err(Failure::Sim(told));
    }
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    Ok(Ok(Scene {
        stem: stem.into_owned(),
        name,
        scenario: Arc::new(scenario),
    }))
}

/// Every run of a scenario, in the order in which they began.
async fn play_all(
    scene: &Scene,
    arguments: &SimArguments,
    seed: u64,
) -> Result<Vec<Played>, Failure> {
    let scenario = Arc::clone(&scene.scenario);
    let known = tokio::task::spawn_blocking(move || scenario.repertoire()).await;
    let known = known.map_err(|why| Failure::not_started(&why))?;
    let places = Arc::new(Semaphore::new(CALLS_AT_ONCE_MAX));
    let mut plays = JoinSet::new();
    let begins = arrivals(
        arguments.count,
        arguments.cps,
        &mut Entropy::from_number(seed),
    );
    // Not of the seed: a Call-ID that was there a moment ago is a loop (RFC 3261 8.2.2.2).
    let entropy = clock::seed().map_err(|why| Failure::not_started(&why))?;
    let mut entropy = Entropy::from_seed(entropy);
    for (run, begins) in (1..).zip(begins) {
        let wishes = Wishes {
            known: Arc::clone(&known),
            run,
            entropy: Entropy::from_seed(entropy.bytes()),
            wav: arguments.wav.clone(),
            name: wav_name(&scene.stem, run, arguments.count),
        };
        let scenario = Arc::clone(&scene.scenario);
        let places = Arc::clone(&places);
        plays.spawn(async move {
            wait(begins).await;
            let _place = places.acquire_owned().await;
            (run, play(&scenario, wishes).await)
        });
    }
    let mut played = BTreeMap::new();
    while let Some(over) = plays.join_next().await {
        let (run, one) = over.map_err(|why| Failure::not_started(&why))?;
        let one = one.map_err(|why: PlayError| Failure::NotStarted(why.sentence()))?;
        played.insert(run, one);
    }
    Ok(played.into_values().collect())
}

/// `greeting` of `config/sim/greeting.toml`, with the number of the run where there are several.
fn wav_name(stem: &str, run: u32, count: u32) -> String {
    match count {
        1 => stem.to_owned(),
        _ => format!("{stem}-{run}"),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a caller's time comes by itself: nothing happens that could be waited for"
)]
async fn wait(span: Duration) {
    tokio::time::sleep(span).await;
}
