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
            self.up.remove(&call.call);
        } else if self.is_dialled_by(desk, number) {
            self.up.remove(&call.call);
            self.give(desk, Input::CallOver { call: call.call });
        } else if is_answered {
            let desks = 0..self.desks.len();
            let mut others = desks.filter(|desk| self.is_dialled_by(*desk, number));
            assert_eq!(others.next(), None, "I2: dialled by hand as well");
        }
    }

    fn is_dialled_by(&self, desk: usize, number: &Pii<PhoneNumber>) -> bool {
        let mut calls = self.desks[desk].in_flight.iter();
        calls.any(|(_, _, whose)| whose == number)
    }
}
