//! Numbers that reps dial themselves: never one that is being dialled, or on the line (I2).

use super::*;

impl World {
    /// A desk knows whom it dials itself, whatever the book says.
    pub(super) fn dials_by_hand(&mut self, desk: usize, number: Pii<PhoneNumber>) {
        if !self.is_dialled_by(desk, &number) {
            let answered = None;
            let call = LiveCall {
                answered,
                ..self.call_with(desk, number)
            };
            // It is no call before the book has answered.
            self.up.remove(&call.call);
            self.give(desk, Input::DialsByHand(call));
        }
    }

    /// What the book said; where it said nothing he dials all the same.
    pub(super) fn may_dial_by_hand(
        &mut self,
        desk: usize,
        call: &LiveCall,
        is_taken: bool,
        is_answered: bool,
    ) {
        let number = call.number.as_ref().expect("he dials one");
        if is_taken {
            return;
        }
        if self.is_dialled_by(desk, number) {
            return self.give(desk, Input::CallOver { call: call.call });
        }
        let desks = 0..self.desks.len();
        let mut others = desks.filter(|desk| self.is_dialled_by(*desk, number));
        assert!(
            !is_answered || others.next().is_none(),
            "I2: dialled by hand as well"
        );
        let up = Up {
            desk,
            number: number.clone(),
            lapses: None,
        };
        self.up.insert(call.call, up);
    }

    fn is_dialled_by(&self, desk: usize, number: &Pii<PhoneNumber>) -> bool {
        let mut calls = self.desks[desk].in_flight.iter();
        calls.any(|(_, _, whose)| whose == number)
    }
}
