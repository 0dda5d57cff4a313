//! Facts, and what is said of them. Each row names the verdict and the cause; both texts of it must be in the catalogue.

mod network;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::machine::Told;
use super::registrar::Outcome;
use super::sound::{Asked, Heard, Keys, NoTrial, Worn};
use super::{chirp, keeping, machine, microphone, registrar, sound};
use crate::callbacks::store::Examined;
use crate::doctor::verdicts::keeping::{Folder, Level, Looked, Phrases, SecretFile};
use crate::doctor::{Finding, Mend, Verdict};
use crate::seats::sound_cards::SAMPLE_RATE;
use crate::sip::digest::NotAnswered;
use crate::words::{Catalogue, Language, Sentence};

/// Whether it is told as it should be, in words that are there.
fn told(finding: &Finding, verdict: Verdict, key: &str) {
    let texts = Catalogue::shipped();
    let keys: BTreeSet<&str> = texts.keys().collect();
    let is = (finding.verdict, finding.cause.key());
    let key = match key.starts_with("doctor") {
        true => key.to_owned(),
        false => format!("doctor.{key}"),
    };
    assert_eq!(is, (verdict, key.as_str()));
    for sentence in [Some(finding.cause.clone()), finding.remedy()]
        .into_iter()
        .flatten()
    {
        assert!(keys.contains(sentence.key()), "{}", sentence.key());
        for language in Language::ALL {
            let said = texts.say(&sentence, language);
            assert!(!said.contains('{'), "{}: {said}", sentence.key());
        }
    }
}

use Verdict::{Fault, Ok as Fine, Skipped, Warning};

fn why() -> Sentence {
    Sentence::of("io.not-found")
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

#[test]
fn settings_are_right_doubtful_or_wrong() {
    told(&keeping::settings(0, 0), Fine, "doctor.settings.right");
    told(
        &keeping::settings(0, 2),
        Warning,
        "doctor.settings.warnings",
    );
    told(&keeping::settings(1, 2), Fault, "doctor.settings.faults");
}

#[test]
fn an_agent_that_answers_is_ours_and_one_that_is_silent_is_in_the_way() {
    let api = "127.0.0.1:8080".parse().unwrap();
    let judged = |answers, locked| keeping::other_agent(api, answers, locked);
    told(&judged(true, true), Fine, "other-agent.answers");
    told(&judged(false, false), Fine, "other-agent.nobody");
    told(&judged(false, true), Fault, "other-agent.silent");
    let alarms = ["disk-full".to_owned()];
    told(&keeping::agent(None), Skipped, "agent.none");
    told(&keeping::agent(Some(&[])), Fine, "agent.well");
    told(&keeping::agent(Some(&alarms)), Warning, "agent.alarms");
}

#[test]
fn folders_and_secrets_are_their_owners_alone() {
    let path = Path::new("state");
    let rows = [
        (
            Folder::Missing {
                above_takes_it: true,
            },
            Fine,
            "folders.to-come",
        ),
        (
            Folder::Missing {
                above_takes_it: false,
            },
            Fault,
            "folders.missing",
        ),
        (Folder::NotOne, Fault, "folders.no-folder"),
        (Folder::Unreachable(why()), Fault, "folders.unreachable"),
        (Folder::ReadOnly, Fault, "folders.read-only"),
        (Folder::Open, Warning, "folders.open"),
        (Folder::Fine, Fine, "folders.fine"),
    ];
    for (found, verdict, key) in rows {
        told(&keeping::folder(path, &found), verdict, key);
    }
    let rows = [
        (SecretFile::Unreadable(why()), Fault, "secrets.unreadable"),
        (SecretFile::Open, Warning, "secrets.open"),
        (SecretFile::Fine, Fine, "secrets.fine"),
    ];
    for (found, verdict, key) in rows {
        told(&keeping::secret(path, &found), verdict, key);
    }
    let open = keeping::folder(path, &Folder::Open);
    assert_eq!(open.mend, Some(Mend::MakePrivate(path.to_owned())));
}

#[test]
fn the_promises_are_whole_or_not() {
    let whole = |version| Looked::At(Examined::Whole { version, known: 6 });
    let rows = [
        (Looked::At(Examined::NotThere), Fine, "store.to-come"),
        (whole(5), Fine, "store.older"),
        (whole(6), Fine, "store.whole"),
        (Looked::At(Examined::Damaged), Fault, "store.damaged"),
        (Looked::Locked, Skipped, "store.in-use"),
        (Looked::InTheWay(why()), Fault, "store.in-the-way"),
    ];
    for (looked, verdict, key) in rows {
        told(
            &keeping::store(Path::new("promises.sqlite"), &looked),
            verdict,
            key,
        );
    }
    told(&keeping::server(None), Skipped, "server.none");
    told(
        &keeping::server(Some(Err(why()))),
        Fault,
        "server.unreached",
    );
    told(&keeping::server(Some(Ok(140_011))), Fault, "server.old");
    told(&keeping::server(Some(Ok(150_004))), Fine, "server.reached");
}

#[test]
fn phrases_are_there_and_even() {
    let ids = vec!["greeting".to_owned()];
    let judged = |phrases: Phrases| keeping::prompts(&Ok(phrases));
    let whole = Phrases {
        named: 9,
        ..Phrases::default()
    };
    told(&judged(whole.clone())[0], Fine, "prompts.whole");
    let mute = vec![(Language::En, ids)];
    told(
        &judged(Phrases {
            mute,
            ..whole.clone()
        })[0],
        Fault,
        "prompts.mute",
    );
    let broken = vec![why()];
    told(
        &judged(Phrases { broken, ..whole })[0],
        Fault,
        "prompts.broken",
    );
    told(&keeping::prompts(&Err(why()))[0], Fault, "prompts.unread");
    let level = |dbov, raised_db| Level {
        name: "en/greeting".to_owned(),
        dbov,
        raised_db,
    };
    let judged = |level: Level| keeping::prompt_level(Some(&[level]))[0].clone();
    told(&judged(level(-25.0, 3.0)), Fine, "prompt-level.even");
    told(&judged(level(-31.0, 3.0)), Warning, "prompt-level.uneven");
    told(&judged(level(-26.0, 25.0)), Warning, "prompt-level.soft");
    told(
        &keeping::prompt_level(None)[0],
        Skipped,
        "prompt-level.shipped",
    );
}

#[test]
fn a_disk_has_room_and_is_quick() {
    let room = |free| machine::disk("state", free);
    told(&room(None), Skipped, "disk.unknown");
    told(&room(Some(4 << 20)), Fault, "disk.full");
    told(&room(Some(500 << 20)), Warning, "disk.short");
    told(&room(Some(50 << 30)), Fine, "disk.room");
    told(
        &machine::disk_speed(&[ms(1), ms(2), ms(900)]),
        Fine,
        "disk-speed.fine",
    );
    told(
        &machine::disk_speed(&[ms(60); 3]),
        Warning,
        "disk-speed.slow",
    );
    told(
        &machine::disk_speed(&[ms(300); 3]),
        Fault,
        "disk-speed.too-slow",
    );
}

#[test]
fn ticks_are_in_time_or_late() {
    let late = |worst: u64| {
        let mut late = vec![Duration::from_micros(80); 200];
        late[0] = ms(worst);
        machine::pacing(&late)
    };
    told(&late(1), Fine, "pacing.fine");
    told(&late(30), Warning, "pacing.late");
    told(&late(80), Fault, "pacing.too-late");
    told(&machine::pacing(&[ms(25); 100]), Fault, "pacing.too-late");
    let finding = machine::pacing(&[ms(2); 100]);
    let said = Catalogue::shipped().say(&finding.cause, Language::En);
    assert!(
        said.contains("100 ticks") && said.contains("2.0 ms"),
        "{said}"
    );
}

#[test]
fn files_and_zones_fit() {
    told(&machine::open_files(None, 64), Fine, "open-files.unlimited");
    told(
        &machine::open_files(Some(1_024), 64),
        Fine,
        "open-files.enough",
    );
    told(
        &machine::open_files(Some(256), 64),
        Fault,
        "open-files.too-few",
    );
    let zone = |pc| machine::time_zone(("Asia/Shanghai", 28_800), pc);
    told(&zone(None), Warning, "time-zone.unknown");
    told(
        &zone(Some(("Asia/Singapore", 28_800))),
        Fine,
        "time-zone.same",
    );
    told(
        &zone(Some(("Europe/Paris", 3_600))),
        Warning,
        "time-zone.other",
    );
}

#[test]
fn a_clock_is_right_off_or_wrong() {
    let theirs = "Sat, 13 Nov 2010 23:29:00 GMT";
    let at: Timestamp = "2010-11-13T23:29:00Z".parse().unwrap();
    let told_at = |at, date: &str| Told {
        account: "pbx".to_owned(),
        date: date.to_owned(),
        at,
    };
    let off_by = |seconds| {
        let at = at + SignedDuration::from_secs(seconds);
        machine::clock(SignedDuration::ZERO, &[told_at(at, theirs)])[0].clone()
    };
    told(&off_by(1), Fine, "clock.right");
    told(&off_by(-20), Warning, "clock.off");
    told(&off_by(600), Fault, "clock.wrong");
    let still = SignedDuration::ZERO;
    told(
        &machine::clock(still, &[told_at(at, "noon")])[0],
        Skipped,
        "clock.unreadable",
    );
    told(
        &machine::clock(still, &[])[0],
        Skipped,
        "clock.nobody-tells",
    );
    let leapt = SignedDuration::from_secs(-3);
    told(&machine::clock(leapt, &[])[0], Warning, "clock.jumped");
}

#[test]
fn a_registrar_says_why() {
    let refused = |code, why| Outcome::Refused { code, why };
    let agents = |state: &str, code| Outcome::Agents {
        state: state.to_owned(),
        code,
    };
    let rows = [
        (
            Outcome::Known {
                bindings: 1,
                took: ms(20),
            },
            Fine,
            "known",
        ),
        (refused(401, Some(NotAnswered::Refused)), Fault, "password"),
        (
            refused(401, Some(NotAnswered::NothingKnown)),
            Fault,
            "challenge",
        ),
        (refused(403, None), Fault, "forbidden"),
        (refused(404, None), Fault, "unknown"),
        (refused(503, None), Fault, "ill"),
        (refused(488, None), Fault, "refused"),
        (
            Outcome::Silent {
                at: "UDP 192.0.2.1:5060".to_owned(),
            },
            Fault,
            "silent",
        ),
        (
            Outcome::NotFound("pbx: no address".to_owned()),
            Fault,
            "not-found",
        ),
        (Outcome::NotAsked(why()), Fault, "not-asked"),
        (Outcome::Not, Skipped, "not"),
        (agents("registered", None), Fine, "agent-is"),
        (agents("refused", Some(401)), Fault, "password"),
        (agents("refused", Some(403)), Fault, "forbidden"),
        (agents("unreachable", None), Fault, "agent-not"),
    ];
    for (outcome, verdict, key) in rows {
        let finding = registrar::registration("pbx", &outcome);
        told(&finding, verdict, &format!("registration.{key}"));
    }
    told(&registrar::no_account(), Skipped, "registration.no-account");
}

#[test]
fn a_headset_is_there_or_not() {
    let name = || "Jabra".to_owned();
    let chosen = Worn::Chosen {
        ear: name(),
        microphone: name(),
    };
    let rows = [
        (Worn::NoSeat, Skipped, "no-seat"),
        (Worn::NoServer, Fault, "no-server"),
        (Worn::NoneWished(vec![]), Fault, "none"),
        (Worn::NoneWished(vec![name()]), Fault, "none-wished"),
        (chosen, Fine, "chosen"),
        (Worn::Agents("available".to_owned()), Fine, "agents"),
        (
            Worn::Agents("no-headset".to_owned()),
            Fault,
            "agent-has-none",
        ),
    ];
    for (worn, verdict, key) in rows {
        told(&sound::devices(&worn), verdict, &format!("devices.{key}"));
    }
    told(
        &sound::left_out(NoTrial::NoHeadset),
        Skipped,
        "trial.no-headset",
    );
    told(
        &sound::left_out(NoTrial::AgentHasIt),
        Skipped,
        "trial.agent-has-it",
    );
    told(&sound::not_opened(why()), Fault, "trial.not-opened");
}

#[test]
fn a_microphone_hears() {
    use microphone::Fitness;
    let measured = microphone::measure(&vec![0.1; 48_000], Duration::from_secs(1));
    let judged = |fitness| sound::microphone(&measured, fitness, Asked::Somebody);
    told(&judged(Fitness::Fine), Fine, "microphone.fine");
    told(&judged(Fitness::Muted), Fault, "microphone.muted");
    told(&judged(Fitness::Dead), Fault, "microphone.dead");
    told(&judged(Fitness::Stalled), Fault, "microphone.stalled");
    told(&judged(Fitness::TooQuiet), Warning, "microphone.quiet");
    told(&judged(Fitness::TooLoud), Warning, "microphone.loud");
    told(&judged(Fitness::Noisy), Warning, "microphone.noisy");
    let room = sound::microphone(&measured, Fitness::TooQuiet, Asked::Nobody);
    told(&room, Fine, "microphone.room");
}

#[test]
fn a_chirp_is_heard_late_or_not_at_all() {
    let chirp = chirp::chirp();
    let after = |delay_ms: usize, gain: f32, taken: usize| {
        let mut samples = vec![0.0; 3 * SAMPLE_RATE as usize];
        let at = 1_000 + delay_ms * SAMPLE_RATE as usize / 1_000;
        for (place, sample) in samples.iter_mut().skip(at).zip(&chirp) {
            *place = gain * sample;
        }
        let heard = Heard {
            samples,
            played_at: 1_000,
            taken,
            took: Duration::from_secs(1),
        };
        sound::playback(&chirp, &heard)
    };
    let taken = SAMPLE_RATE as usize;
    let heard = after(40, 0.5, taken);
    told(&heard, Fine, "playback.heard");
    let said = Catalogue::shipped().say(&heard.cause, Language::En);
    assert!(said.contains("40 ms"), "{said}");
    told(&after(400, 0.5, taken), Warning, "playback.late");
    told(&after(40, 0.0, taken), Fine, "playback.unheard");
    told(&after(40, 0.5, taken / 3), Fault, "playback.stalled");
}

#[test]
fn buttons_are_read_or_shut() {
    let name = || "Jabra".to_owned();
    let rows = [
        (Keys::Unwanted, Skipped, "unwanted"),
        (Keys::Found(name()), Fine, "found"),
        (Keys::Missing, Fine, "missing"),
        (
            Keys::Denied {
                name: name(),
                path: name(),
            },
            Warning,
            "denied",
        ),
        (
            Keys::Unfit {
                name: name(),
                why: name(),
            },
            Warning,
            "unfit",
        ),
        (Keys::Silent, Warning, "silent"),
    ];
    for (keys, verdict, key) in rows {
        told(&sound::buttons(&keys), verdict, &format!("buttons.{key}"));
    }
}
