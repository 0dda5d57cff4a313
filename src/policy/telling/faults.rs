//! What a caller lives through where the line fails, and how a line is judged.

use crate::words::Sentence;

use super::{Shown, tell};
use crate::policy::{After, Level, Line, LineFault, Means, Repair, Suggest};

pub(super) fn line_fault(fault: &LineFault, shown: Shown<'_>) -> Vec<Sentence> {
    let LineFault {
        first_life,
        opening_after,
        opening_farewell,
        no_media,
        unclear,
        unclear_every,
        lost_after,
        lost,
        cannot_hear,
        farewell,
        opening,
    } = fault;
    let mut told = vec![tell(
        "policy.told.line-fault.opening",
        &[("after", opening_after), ("life", first_life)],
    )];
    told.extend(opening.iter().map(|step| {
        tell(
            "policy.told.line-fault.step",
            &[("say", &shown.of(&step.say)), ("wait", &step.wait)],
        )
    }));
    told.extend([
        tell(
            "policy.told.line-fault.end",
            &[
                ("no_media", &shown.of(no_media)),
                ("farewell", &shown.of(opening_farewell)),
            ],
        ),
        tell(
            "policy.told.line-fault.unclear",
            &[("say", &shown.of(unclear)), ("every", unclear_every)],
        ),
        tell(
            "policy.told.line-fault.lost",
            &[("after", lost_after), ("say", &shown.of(lost))],
        ),
        tell(
            "policy.told.line-fault.cannot-hear",
            &[
                ("say", &shown.of(cannot_hear)),
                ("farewell", &shown.of(farewell)),
            ],
        ),
    ]);
    told
}

pub(super) fn line(line: &Line, shown: Shown<'_>) -> Vec<Sentence> {
    let Line {
        again_after,
        after,
        level,
        suggest,
        repair,
    } = line;
    let mut told = vec![tell("policy.told.line.again", &[("after", again_after)])];
    told.extend(of_after(after));
    told.extend(of_level(level));
    told.extend(of_suggest(suggest, shown));
    told.extend(of_repair(repair));
    told
}

fn of_after(after: &After) -> [Sentence; 2] {
    let After {
        no_media,
        media_late,
        media_stopped,
        digital_silence,
        silent_caller,
        music_or_tone,
    } = after;
    [
        tell(
            "policy.told.line.packets",
            &[
                ("none", no_media),
                ("late", media_late),
                ("stopped", media_stopped),
            ],
        ),
        tell(
            "policy.told.line.sound",
            &[
                ("digital", digital_silence),
                ("silent", silent_caller),
                ("music", music_or_tone),
            ],
        ),
    ]
}

fn of_level(level: &Level) -> [Sentence; 3] {
    let Level {
        too_quiet,
        too_loud,
        clipped,
        noise_floor,
        noise_distance,
        hum,
        music,
        echo_loss,
    } = level.clone();
    [
        tell(
            "policy.told.line.speech",
            &[
                ("quiet", &String::from(too_quiet)),
                ("loud", &String::from(too_loud)),
                ("clipped", &String::from(clipped)),
            ],
        ),
        tell(
            "policy.told.line.noise",
            &[
                ("floor", &String::from(noise_floor)),
                ("distance", &String::from(noise_distance)),
                ("hum", &String::from(hum)),
            ],
        ),
        tell(
            "policy.told.line.music-and-echo",
            &[
                ("music", &String::from(music)),
                ("echo", &String::from(echo_loss)),
            ],
        ),
    ]
}

fn of_suggest(suggest: &Suggest, shown: Shown<'_>) -> [Sentence; 2] {
    let Suggest {
        too_quiet,
        too_loud,
        clipped,
        line_noise,
        echo,
    } = suggest;
    [
        tell(
            "policy.told.line.suggest-level",
            &[
                ("quiet", &shown.of(too_quiet)),
                ("loud", &shown.of(too_loud)),
                ("clipped", &shown.of(clipped)),
            ],
        ),
        tell(
            "policy.told.line.suggest-noise",
            &[("noise", &shown.of(line_noise)), ("echo", &shown.of(echo))],
        ),
    ]
}

fn of_repair(repair: &Repair) -> Vec<Sentence> {
    let Repair {
        by,
        fine_within,
        reported_within,
    } = repair;
    let means = by.iter().map(|means| match means {
        Means::FreshPorts => tell("policy.told.line.by-fresh-ports", &[]),
        Means::OtherCodec => tell("policy.told.line.by-other-codec", &[]),
    });
    let mut told: Vec<Sentence> = means.collect();
    if told.is_empty() {
        told.push(tell("policy.told.line.no-repair", &[]));
    }
    told.push(tell(
        "policy.told.line.mended",
        &[("fine", fine_within), ("reported", reported_within)],
    ));
    told
}
