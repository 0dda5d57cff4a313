//! What a caller lives through where all goes well.

use crate::words::{Sentence, TransferMode, Wait};

use super::{Shown, tell};
use crate::policy::{
    Answer, AnswerMode, AskedBy, Bed, ByPhone, Callback, Closing, CountsFrom, Hold, Limit, Number,
    Rating, Transfer, UnderPhrases, Waiting,
};

pub(super) fn answer(answer: &Answer, shown: Shown<'_>) -> Vec<Sentence> {
    let Answer {
        mode,
        after_rings,
        within_rings,
        margin,
        ring_tone,
        ring_pause,
        say,
    } = answer;
    let how = match mode {
        AnswerMode::Auto => "policy.told.answer.auto",
        AnswerMode::Manual => "policy.told.answer.manual",
    };
    let deadline = Wait::new(answer.deadline());
    vec![
        tell(
            how,
            &[
                ("after", after_rings),
                ("within", within_rings),
                ("margin", margin),
            ],
        ),
        tell(
            "policy.told.answer.ring",
            &[
                ("tone", ring_tone),
                ("pause", ring_pause),
                ("deadline", &deadline),
            ],
        ),
        tell("policy.told.answer.say", &[("say", &shown.of(say))]),
    ]
}

pub(super) fn hold(hold: &Hold, shown: Shown<'_>) -> Vec<Sentence> {
    let Hold {
        asked_by,
        by_phone,
        ask,
        ask_lookup,
        ask_consult,
        say,
        every,
        counts_from,
        still,
        on_return,
        bed,
        under_phrases,
        offer,
        offer_after,
        offer_again,
        muted_for,
        muted_warning,
    } = hold;
    let questions = [
        ("ask", shown.of(ask)),
        ("lookup", shown.of(ask_lookup)),
        ("consult", shown.of(ask_consult)),
    ];
    let questions = questions
        .each_ref()
        .map(|(name, shown)| (*name, shown as _));
    vec![
        tell(asked("hold", *asked_by), &questions),
        tell(
            match by_phone {
                ByPhone::Asked => "policy.told.hold.phone-asked",
                ByPhone::Told => "policy.told.hold.phone-told",
            },
            &[],
        ),
        tell("policy.told.hold.say", &[("say", &shown.of(say))]),
        tell(
            match counts_from {
                CountsFrom::Start => "policy.told.hold.grid-from-start",
                CountsFrom::End => "policy.told.hold.grid-from-end",
            },
            &[("every", every), ("still", &shown.of(still))],
        ),
        tell(background(*bed, *under_phrases), &[]),
        tell("policy.told.hold.return", &[("say", &shown.of(on_return))]),
        offered_on_hold(*offer_after, &shown.of(offer), *offer_again),
        tell(
            "policy.told.hold.muted",
            &[("muted", muted_for), ("warning", muted_warning)],
        ),
    ]
}

/// Who asks before a hold or a transfer.
fn asked(table: &str, by: AskedBy) -> &'static str {
    match (table, by) {
        ("hold", AskedBy::Rep) => "policy.told.hold.asked-by-rep",
        ("hold", AskedBy::Agent) => "policy.told.hold.asked-by-agent",
        (_, AskedBy::Rep) => "policy.told.transfer.asked-by-rep",
        (_, AskedBy::Agent) => "policy.told.transfer.asked-by-agent",
    }
}

fn background(bed: Bed, under: UnderPhrases) -> &'static str {
    match (bed, under) {
        (Bed::Music, UnderPhrases::Duck) => "policy.told.hold.music-ducks",
        (Bed::Music, UnderPhrases::Silence) => "policy.told.hold.music-silent",
        (Bed::Music, UnderPhrases::Pause) => "policy.told.hold.music-pauses",
        (Bed::Silence, UnderPhrases::Duck) => "policy.told.hold.silence-duck",
        (Bed::Silence, UnderPhrases::Silence) => "policy.told.hold.silence-silent",
        (Bed::Silence, UnderPhrases::Pause) => "policy.told.hold.silence-pause",
    }
}

fn offered_on_hold(after: Limit, offer: &str, again: Wait) -> Sentence {
    match after {
        Limit::After(wait) => tell(
            "policy.told.hold.offer",
            &[("after", &wait), ("offer", &offer), ("again", &again)],
        ),
        Limit::Never => tell(
            "policy.told.hold.no-offer",
            &[("offer", &offer), ("again", &again)],
        ),
    }
}

pub(super) fn waiting(waiting: &Waiting, shown: Shown<'_>) -> Vec<Sentence> {
    let Waiting {
        busy,
        busy_after,
        offer,
        offer_after,
        rep_rings_for,
        rep_silent_for,
        rep_absent_after,
    } = waiting;
    vec![
        tell(
            "policy.told.waiting.busy",
            &[("after", busy_after), ("say", &shown.of(busy))],
        ),
        match offer_after {
            Limit::After(after) => tell(
                "policy.told.waiting.offer",
                &[("after", after), ("offer", &shown.of(offer))],
            ),
            Limit::Never => tell(
                "policy.told.waiting.no-offer",
                &[("offer", &shown.of(offer))],
            ),
        },
        tell("policy.told.waiting.rings", &[("wait", rep_rings_for)]),
        match rep_absent_after {
            Limit::After(absent) => tell(
                "policy.told.waiting.silent-rep",
                &[("alarm", rep_silent_for), ("absent", absent)],
            ),
            Limit::Never => tell(
                "policy.told.waiting.silent-rep-stays",
                &[("alarm", rep_silent_for)],
            ),
        },
    ]
}

pub(super) fn transfer(transfer: &Transfer, shown: Shown<'_>) -> Vec<Sentence> {
    let Transfer {
        asked_by,
        mode,
        ask,
        say,
        answer_within,
        briefing,
        briefings,
        accept_within,
        failed,
        declined,
        offer,
    } = transfer;
    let how = match mode {
        TransferMode::Consult => "policy.told.transfer.consult",
        TransferMode::Announced => "policy.told.transfer.announced",
        TransferMode::Blind => "policy.told.transfer.blind",
    };
    vec![
        tell(
            asked("transfer", *asked_by),
            &[("ask", &shown.of(ask)), ("say", &shown.of(say))],
        ),
        tell(how, &[]),
        tell("policy.told.transfer.answer", &[("within", answer_within)]),
        tell(
            "policy.told.transfer.briefing",
            &[
                ("briefing", &shown.of(briefing)),
                ("times", briefings),
                ("within", accept_within),
            ],
        ),
        tell(
            "policy.told.transfer.failed",
            &[
                ("failed", &shown.of(failed)),
                ("declined", &shown.of(declined)),
                ("offer", &shown.of(offer)),
            ],
        ),
    ]
}

pub(super) fn closing(closing: &Closing, shown: Shown<'_>) -> Vec<Sentence> {
    let Closing { caller_first, say } = closing;
    vec![tell(
        "policy.told.closing",
        &[("wait", caller_first), ("say", &shown.of(say))],
    )]
}

pub(super) fn rating(rating: &Rating, shown: Shown<'_>) -> Vec<Sentence> {
    let Rating {
        on,
        ask,
        menu,
        keys,
        wait,
        thanks,
        unrated,
        never_after,
    } = rating;
    let switch = match on {
        true => "policy.told.rating.on",
        false => "policy.told.rating.off",
    };
    let never: Vec<String> = never_after.iter().map(|phrase| shown.of(phrase)).collect();
    vec![
        tell(
            switch,
            &[("ask", &shown.of(ask)), ("menu", &shown.of(menu))],
        ),
        tell("policy.told.rating.keys", &[("keys", keys), ("wait", wait)]),
        tell(
            "policy.told.rating.end",
            &[
                ("thanks", &shown.of(thanks)),
                ("unrated", &shown.of(unrated)),
            ],
        ),
        tell("policy.told.rating.never", &[("phrases", &never.join(" "))]),
    ]
}

pub(super) fn callback(callback: &Callback, shown: Shown<'_>) -> Vec<Sentence> {
    let Callback {
        promise,
        promise_soon,
        promise_tomorrow,
        promise_today,
        promise_working_day,
        farewell,
        open_fault,
        open_promise,
        message,
        connecting,
        no_rep,
        still,
        voice_within,
        rep_within,
        rings_for,
    } = callback;
    vec![
        tell(
            "policy.told.callback.promise",
            &[
                ("promise", &shown.of(promise)),
                ("soon", &shown.of(promise_soon)),
            ],
        ),
        tell(
            "policy.told.callback.moved",
            &[
                ("today", &shown.of(promise_today)),
                ("tomorrow", &shown.of(promise_tomorrow)),
                ("working_day", &shown.of(promise_working_day)),
            ],
        ),
        tell(
            "policy.told.callback.farewell",
            &[("say", &shown.of(farewell))],
        ),
        tell(
            "policy.told.callback.rings",
            &[("rings", rings_for), ("rep", rep_within)],
        ),
        tell(
            "policy.told.callback.opens",
            &[
                ("voice", voice_within),
                ("fault", &shown.of(open_fault)),
                ("promise", &shown.of(open_promise)),
            ],
        ),
        tell(
            "policy.told.callback.customer-first",
            &[
                ("connecting", &shown.of(connecting)),
                ("no_rep", &shown.of(no_rep)),
            ],
        ),
        tell(
            "policy.told.callback.others",
            &[("message", &shown.of(message)), ("still", &shown.of(still))],
        ),
    ]
}

pub(super) fn number(number: &Number, shown: Shown<'_>) -> Vec<Sentence> {
    let Number {
        ask,
        first_within,
        next_within,
        tries,
        check,
        digits,
        confirm,
        again,
        refused,
        missing,
    } = number;
    let digits: Vec<String> = digits.iter().map(|phrase| shown.of(phrase)).collect();
    vec![
        tell("policy.told.number.ask", &[("ask", &shown.of(ask))]),
        tell(
            "policy.told.number.typed",
            &[
                ("first", first_within),
                ("next", next_within),
                ("tries", tries),
            ],
        ),
        tell(
            "policy.told.number.check",
            &[
                ("check", &shown.of(check)),
                ("digits", &digits.join(" ")),
                ("confirm", &shown.of(confirm)),
            ],
        ),
        tell(
            "policy.told.number.wrong",
            &[
                ("again", &shown.of(again)),
                ("refused", &shown.of(refused)),
                ("missing", &shown.of(missing)),
            ],
        ),
    ]
}
