//! `thirdring demo`: five scenes on real sockets, judged by the ear.
//!
//! Each scene has an agent, a caller, a rep's phone and, where it needs one, a target, all on
//! loopback. A phrase is told as heard only because the ear found it in the RTP that was received.

mod scenes;
mod stage;
mod story;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::Teller;
use super::arguments::DemoArguments;
use super::failure::Failure;
use crate::desk::{clock, run_before_others};
use crate::media::Phrasebook;
use crate::phone::repertoire;
use crate::words::{Language, Sentence};

use scenes::Scene;
use stage::{Backstage, Missed};
use story::Story;

/// Lines on their way to the reader; five scenes tell a few a second.
const LINES_MAX: usize = 1_024;

/// Scenes, phones, ears and agents share these; each agent's sound has its own thread.
const WORKERS: usize = 2;

pub(super) fn run(arguments: DemoArguments, teller: &mut Teller<'_>) -> Result<(), Failure> {
    let scenes = chosen(arguments.scene.as_deref())?;
    if let Some(folder) = &arguments.record {
        std::fs::create_dir_all(folder)
            .map_err(|why| Failure::NotStarted(of_folder(folder, &why)))?;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(WORKERS)
        // The phones' sound is moved by these; the ears listen on the blocking threads.
        .on_thread_start(run_before_others)
        .enable_all()
        .build()
        .map_err(|why| Failure::not_started(&why))?;
    let missed = runtime.block_on(play(scenes, arguments.record, teller))?;
    if missed == 0 {
        Ok(())
    } else {
        Err(Failure::DemoMissed(missed))
    }
}

fn of_folder(folder: &Path, why: &io::Error) -> Sentence {
    Sentence::of("demo.no-folder")
        .with("folder", folder.display())
        .with("why", Sentence::of_io(why))
}

fn chosen(name: Option<&str>) -> Result<Vec<Scene>, Failure> {
    let Some(name) = name else {
        return Ok(Scene::ALL.to_vec());
    };
    let scene = Scene::ALL.into_iter().find(|scene| scene.name() == name);
    scene
        .map(|scene| vec![scene])
        .ok_or_else(|| Failure::NoSuchScene {
            name: name.to_owned(),
            scenes: Scene::ALL.map(Scene::name).join(", "),
        })
}

/// All scenes side by side; how many did not go as they should.
async fn play(
    scenes: Vec<Scene>,
    record: Option<PathBuf>,
    teller: &mut Teller<'_>,
) -> Result<usize, Failure> {
    let book = Arc::new(Phrasebook::shipped());
    let spoken = Language::ZhCn;
    let repertoire = {
        let book = Arc::clone(&book);
        tokio::task::spawn_blocking(move || repertoire(&book, &[spoken])).await
    };
    let repertoire = match repertoire {
        Ok(Ok(repertoire)) => repertoire,
        Ok(Err(why)) => return Err(Failure::not_started(&why)),
        Err(why) => return Err(Failure::not_started(&why)),
    };
    let (lines, mut told) = mpsc::channel(LINES_MAX);
    let backstage = Backstage {
        book,
        repertoire,
        spoken,
        record,
        lines,
        began: clock::now(),
    };
    let mut playing = JoinSet::new();
    for scene in &scenes {
        playing.spawn(scene.play(backstage.clone()));
    }
    drop(backstage);

    let mut story = Story::new(&scenes);
    while let Some(line) = told.recv().await {
        story.tell(line, teller)?;
    }
    let mut missed = 0;
    while let Some(played) = playing.join_next().await {
        let (scene, ending) = played.map_err(|why| Failure::not_started(&why))?;
        missed += usize::from(ending.is_err());
        story.conclude(scene, ending, teller)?;
    }
    teller.out.flush().map_err(Failure::Output)?;
    Ok(missed)
}

type Ending = Result<(), Missed>;
