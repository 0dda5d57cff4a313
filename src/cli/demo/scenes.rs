//! The five scenes, each a script that reads like the standard.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::Ending;
use super::stage::{Backstage, Missed, Stage};
use crate::phone::{HeardPhrase, Rtcp};
use crate::words::Party::{Caller, Rep, Target};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Scene {
    AnswerAndHold,
    Transfer,
    SilentCaller,
    OneWayLine,
    KeptCallback,
}

/// 15 s of the 8 kHz RTP clock (D3).
const GRID_TICKS: u32 = 120_000;
/// A pause between phrases that a script names may be longer by this: the ear's 5 ms, one frame, the desk.
const TOLERANCE: Duration = Duration::from_millis(60);

impl Scene {
    pub(super) const ALL: [Self; 5] = [
        Self::AnswerAndHold,
        Self::Transfer,
        Self::SilentCaller,
        Self::OneWayLine,
        Self::KeptCallback,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::AnswerAndHold => "answer-and-hold",
            Self::Transfer => "transfer",
            Self::SilentCaller => "silent-caller",
            Self::OneWayLine => "one-way-line",
            Self::KeptCallback => "kept-callback",
        }
    }

    pub(super) async fn play(self, backstage: Backstage) -> (Self, Ending) {
        (self, self.try_play(backstage).await)
    }

    async fn try_play(self, backstage: Backstage) -> Ending {
        let rtcp = if self == Self::OneWayLine {
            Rtcp::Frozen
        } else {
            Rtcp::Normal
        };
        let stage = Stage::open(self, backstage, rtcp).await?;
        match self {
            Self::AnswerAndHold => stage.play(answer_and_hold).await,
            Self::Transfer => stage.play(transfer).await,
            Self::SilentCaller => stage.play(silent_caller).await,
            Self::OneWayLine => stage.play(one_way_line).await,
            Self::KeptCallback => stage.play(kept_callback).await,
        }
    }
}

/// By the third ring, greeted; held with consent, spoken to every 15 s, thanked (R1, R2, R18-R21).
async fn answer_and_hold(stage: Arc<Stage>) -> Ending {
    talk(&stage).await?;
    stage
        .rep_asks("hold", json!({ "reason": "lookup", "agreed": true }))
        .await?;
    stage.hears(Caller, "hold_wait").await?;
    // On hold the rep is unheard: what he says now is in nobody's ear.
    stage.speak(Rep, "not_offered").await?;
    let first = stage.hears(Caller, "hold_still").await?;
    let second = stage.hears(Caller, "hold_still").await?;
    on_the_grid(&first, &second)?;
    stage.rep_asks("return", json!({})).await?;
    stage.hears(Caller, "hold_return").await?;
    stage.speak(Rep, "will_verify").await?;
    stage.hears(Caller, "will_verify").await?;
    stage.hang_up(Rep).await?;
    stage.hears(Caller, "closing").await?;
    stage.ends(Caller).await?;
    stage.heard_exactly(
        Caller,
        &[
            "greeting",
            "feedback_thanks",
            "hold_wait",
            "hold_still",
            "hold_still",
            "hold_return",
            "will_verify",
            "closing",
        ],
    )
}

/// Asked, consulted, joined; nobody is lost (R30, R31, R33).
async fn transfer(stage: Arc<Stage>) -> Ending {
    talk(&stage).await?;
    stage
        .rep_asks("transfer", json!({ "target": "expert" }))
        .await?;
    stage.hears(Caller, "transfer_ask").await?;
    stage.hears(Caller, "consent_keys").await?;
    stage.press_one(Caller).await?;
    stage.sees_state("consulting").await?;
    stage.speak(Rep, "will_verify").await?;
    stage.hears(Target, "will_verify").await?;
    stage.rep_asks("join", json!({})).await?;
    stage.sees_state("bridged").await?;
    stage.ends(Rep).await?;
    stage.speak(Caller, "repeat_slowly").await?;
    stage.hears(Target, "repeat_slowly").await?;
    stage.speak(Target, "explained_clearly").await?;
    stage.hears(Caller, "explained_clearly").await?;
    stage.hang_up(Target).await?;
    stage.hears(Caller, "closing").await?;
    stage.ends(Caller).await?;
    stage.heard_exactly(
        Caller,
        &[
            "greeting",
            "feedback_thanks",
            "transfer_ask",
            "consent_keys",
            "explained_clearly",
            "closing",
        ],
    )
}

/// Asked twice at least, told, left politely (R23-R25).
async fn silent_caller(stage: Arc<Stage>) -> Ending {
    stage.call_in().await?;
    let greeting = stage.hears(Caller, "greeting").await?;
    let please = stage.hears(Caller, "please_speak").await?;
    let repeat = stage.hears(Caller, "no_voice_repeat").await?;
    let told = stage.hears(Caller, "fault_cannot_hear_caller").await?;
    let goodbye = stage.hears(Caller, "closing_short").await?;
    stage.ends(Caller).await?;
    let pauses = [
        (&greeting, &please, 3_000),
        (&please, &repeat, 2_500),
        (&repeat, &told, 2_500),
        (&told, &goodbye, 3_000),
    ];
    for (before, after, millis) in pauses {
        stage.paused(before, after, Duration::from_millis(millis), TOLERANCE)?;
    }
    stage.heard_exactly(
        Caller,
        &[
            "greeting",
            "please_speak",
            "no_voice_repeat",
            "fault_cannot_hear_caller",
            "closing_short",
        ],
    )
}

/// They report that nothing of ours arrives: noted, told, phoned back (R26).
async fn one_way_line(stage: Arc<Stage>) -> Ending {
    stage.call_in().await?;
    stage.hears(Caller, "greeting").await?;
    stage.sees_state("talking").await?;
    // Few words: two of the caller's reports are soon there.
    stage.speak(Caller, "thanks_please_note").await?;
    stage.hears(Rep, "thanks_please_note").await?;
    stage.speak(Rep, "hold_thanks").await?;
    stage.hears(Caller, "hold_thanks").await?;
    stage.hears(Caller, "fault_caller_cannot_hear").await?;
    stage.hears(Caller, "closing_short").await?;
    stage.ends(Caller).await?;
    promised(&stage, "line-fault").await?;
    stage.heard_exactly(
        Caller,
        &[
            "greeting",
            "hold_thanks",
            "fault_caller_cannot_hear",
            "closing_short",
        ],
    )
}

/// "I will call you back" becomes a call that is made (R26, R43).
async fn kept_callback(stage: Arc<Stage>) -> Ending {
    talk(&stage).await?;
    stage.rep_asks("cannot-hear", json!({})).await?;
    stage.hears(Caller, "fault_caller_cannot_hear").await?;
    stage.hears(Caller, "closing_short").await?;
    stage.ends(Caller).await?;
    promised(&stage, "line-fault").await?;
    stage.sees_state("opening").await?;
    stage.speak(Caller, "repeat_please").await?;
    stage.hears(Caller, "callback_open").await?;
    stage.speak(Rep, "will_verify").await?;
    stage.hears(Caller, "will_verify").await?;
    stage.hang_up(Caller).await?;
    stage
        .sees(
            "the promise done",
            |what| matches!(what, crate::records::What::Promise { news, .. } if news == "done"),
        )
        .await?;
    stage.heard_exactly(
        Caller,
        &[
            "greeting",
            "feedback_thanks",
            "fault_caller_cannot_hear",
            "closing_short",
            "callback_open",
            "will_verify",
        ],
    )
}

/// The beginning of most scenes: greeted, and each hears the other.
async fn talk(stage: &Stage) -> Result<(), Missed> {
    stage.call_in().await?;
    stage.hears(Caller, "greeting").await?;
    stage.sees_state("talking").await?;
    stage.speak(Caller, "repeat_slowly").await?;
    stage.hears(Rep, "repeat_slowly").await?;
    stage.speak(Rep, "feedback_thanks").await?;
    stage.hears(Caller, "feedback_thanks").await?;
    Ok(())
}

async fn promised(stage: &Stage, kind: &str) -> Result<(), Missed> {
    let rows = stage.callbacks().await?;
    let kept = rows.iter().any(|row| row.kind == kind);
    if kept {
        Ok(())
    } else {
        Err(Missed::Broken(format!(
            "no {kind} callback is noted: {rows:?}"
        )))
    }
}

fn on_the_grid(first: &HeardPhrase, second: &HeardPhrase) -> Result<(), Missed> {
    let ticks = second.rtp_timestamp.wrapping_sub(first.rtp_timestamp);
    if ticks == GRID_TICKS {
        return Ok(());
    }
    Err(Missed::Untimely {
        what: "demo.grid",
        found: format!("{ticks} RTP"),
        right: format!("{GRID_TICKS} RTP"),
    })
}
