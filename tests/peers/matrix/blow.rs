use std::fmt;

use super::super::phone::Message;
use super::RESPONSE_WITHIN;
use super::stage::{Cell, Stage};

/// What a peer does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Blow {
    Cancel,
    Bye,
    /// A re-INVITE that holds, and one that resumes.
    HoldAndResume,
    /// A key by INFO.
    Info,
    /// The ACK of a 200 does not come; that of its retransmission does.
    LostAck,
    /// The peer that we called sends its 200 once more.
    AnswerAgain,
}

impl fmt::Display for Blow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cancel => "CANCEL",
            Self::Bye => "BYE",
            Self::HoldAndResume => "re-INVITE hold, resume",
            Self::Info => "INFO",
            Self::LostAck => "lost ACK",
            Self::AnswerAgain => "retransmitted 200",
        })
    }
}

impl Blow {
    pub(super) const ALL: [Self; 6] = [
        Self::Cancel,
        Self::Bye,
        Self::HoldAndResume,
        Self::Info,
        Self::LostAck,
        Self::AnswerAgain,
    ];

    /// Whether the call is over then.
    pub(super) fn ends(self, stage: Stage) -> bool {
        self == Self::Bye || (self == Self::Cancel && stage == Stage::Ringing)
    }

    /// The responses that are right; where the standard allows two, both.
    pub(super) fn expected(self, stage: Stage) -> &'static [&'static str] {
        match (self, stage) {
            // RFC 3261 9.2, 15.1.2.
            (Self::Cancel | Self::Bye, Stage::Ringing) => &["200, INVITE 487"],
            (Self::Cancel, Stage::Callback) => &["481"],
            // It comes too late to change anything.
            (Self::Cancel, _) => &["200", "481"],
            (Self::Bye, _) => &["200"],
            // RFC 3261 14.2: another INVITE before the first is answered.
            (Self::HoldAndResume, Stage::Ringing) => &["500", "491"],
            (Self::HoldAndResume, _) => &["200 recvonly, 200 sendrecv"],
            (Self::Info, _) => &["200"],
            (Self::LostAck, _) => &["200 again"],
            // The dialog with the rep is over: an ACK helps nobody.
            (Self::AnswerAgain, stage) if stage.is_after_the_rep() => &["ACK", "no ACK"],
            (Self::AnswerAgain, _) => &["ACK"],
        }
    }

    /// Strikes; returns what came back.
    pub(super) fn strike(self, cell: &mut Cell, stage: Stage) -> String {
        match (self, stage) {
            (Self::Cancel, _) => cancel(cell, stage),
            (Self::Bye, _) => bye(cell, stage),
            (Self::HoldAndResume, Stage::Ringing) => {
                cell.caller.reinvite("sendonly");
                status(&cell.caller.refusal_of_reinvite(RESPONSE_WITHIN))
            }
            (Self::HoldAndResume, _) => hold_and_resume(cell),
            (Self::Info, _) => {
                let kind = "Content-Type: application/dtmf-relay\r\n";
                cell.caller
                    .request("INFO", kind, "Signal=9\r\nDuration=100\r\n");
                status(&cell.caller.final_response("INFO", RESPONSE_WITHIN))
            }
            (Self::LostAck, _) => lost_ack(cell, stage),
            (Self::AnswerAgain, _) => answer_again(cell, stage),
        }
    }
}

fn status(response: &Message) -> String {
    response.status().unwrap_or_default().to_string()
}

fn cancel(cell: &Cell, stage: Stage) -> String {
    cell.caller.cancel();
    let response = status(&cell.caller.final_response("CANCEL", RESPONSE_WITHIN));
    with_end_of_invite(cell, stage, response)
}

fn bye(cell: &Cell, stage: Stage) -> String {
    cell.caller.request("BYE", "", "");
    let response = status(&cell.caller.final_response("BYE", RESPONSE_WITHIN));
    with_end_of_invite(cell, stage, response)
}

fn with_end_of_invite(cell: &Cell, stage: Stage, response: String) -> String {
    if stage != Stage::Ringing {
        return response;
    }
    let invite = status(&cell.caller.final_response("INVITE", RESPONSE_WITHIN));
    format!("{response}, INVITE {invite}")
}

fn hold_and_resume(cell: &Cell) -> String {
    let answers = ["sendonly", "sendrecv"].map(|direction| {
        cell.caller.reinvite(direction);
        let answer = cell.caller.final_response("INVITE", RESPONSE_WITHIN);
        cell.caller.ack(&answer);
        format!("{} {}", status(&answer), answer.direction())
    });
    answers.join(", ")
}

fn lost_ack(cell: &mut Cell, stage: Stage) -> String {
    if stage != Stage::Ringing {
        cell.caller.reinvite("sendrecv");
    }
    let first = cell.caller.final_response("INVITE", RESPONSE_WITHIN * 2);
    let again = cell.caller.final_response("INVITE", RESPONSE_WITHIN);
    cell.caller.ack(&again);
    assert_eq!(first.cseq(), again.cseq());
    format!("{} again", status(&again))
}

/// Of the rep's phone, or of the customer's where we phone back.
fn answer_again(cell: &Cell, stage: Stage) -> String {
    let phone = if stage == Stage::Callback {
        &cell.caller
    } else {
        &cell.rep
    };
    let before = phone.count("ACK");
    phone.repeat_answer();
    let acknowledged = phone.counts_more("ACK", before, RESPONSE_WITHIN / 5);
    if acknowledged { "ACK" } else { "no ACK" }.to_owned()
}
