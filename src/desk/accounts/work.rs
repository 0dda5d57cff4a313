//! What the desk does for its accounts.

use std::collections::VecDeque;

use super::line::{Line, without_flow};
use super::{Asked, word};
use crate::desk::Desk;
use crate::desk::finder::Of;
use crate::desk::signalling::Registered;
use crate::net::{self, NotFound, Target};
use crate::records::What;
use crate::sip::registration::{Action, State};
use crate::sip::{Answer, FlowId, Hop, Message, NoHelp, Start, Transport};
use crate::words::Moment;

impl Desk {
    /// Who is known by name begins when the name has been looked up.
    pub(in crate::desk) fn begin_registrations(&mut self, now: Moment) {
        self.follow_ways();
        for n in 0..self.accounts.lines.len() {
            self.with_line(n, now, |line| match line.reach.search.wanted {
                None => begin(line, now),
                Some(_) => Vec::new(),
            });
        }
        self.look_up_names(now);
    }

    pub(in crate::desk) fn registrations_due(&mut self, now: Moment) {
        for n in 0..self.accounts.lines.len() {
            self.with_line(n, now, |line| {
                let is_due = line.registration.timeout().is_some_and(|at| at <= now);
                match is_due {
                    true => line.registration.handle_timeout(now),
                    false => Vec::new(),
                }
            });
            self.keep_way_open(n, now);
        }
        self.look_up_names(now);
    }

    /// The answers to our REGISTERs, and what else has become of the ways there.
    pub(in crate::desk) fn take_answers(&mut self, now: Moment) {
        while let Some((id, answer)) = self.signalling.endpoint.poll_answer() {
            let Some(asked) = self.accounts.asked.remove(&id) else {
                continue;
            };
            match &answer {
                Answer::Response(response, from) => self.answered_by(asked, response, *from, now),
                Answer::None => self.with_line(asked.line, now, |line| {
                    line.registration.unanswered(asked.cseq, now)
                }),
            }
        }
        for flow in self.signalling.take_closed() {
            self.connection_closed(flow, now);
        }
        while let Some((hop, why)) = self.signalling.poll_no_help(now) {
            // A 503 may be the word of somebody behind the registrar: only calls go another way.
            if why == NoHelp::Silent {
                self.dead_at(without_flow(hop), now);
            }
        }
    }

    /// Takes our bindings away; nobody waits for the answers.
    pub(in crate::desk) fn end_registrations(&mut self, now: Moment) {
        for n in 0..self.accounts.lines.len() {
            self.with_line(n, now, |line| match line.registers {
                true => line.registration.end(now),
                false => Vec::new(),
            });
        }
    }

    /// What a registrar's name stands for by now; where nothing is found the old places serve on.
    pub(in crate::desk) fn registrar_found(
        &mut self,
        n: usize,
        targets: Result<Vec<Target>, NotFound>,
        now: Moment,
    ) {
        let Some(line) = self.accounts.lines.get_mut(n) else {
            return;
        };
        line.reach.search.ended(targets.is_ok(), now);
        match targets {
            Ok(targets) => {
                for target in &targets {
                    self.signalling.learn_name(target);
                }
                let hops: Vec<Hop> = targets.iter().map(|target| target.hop).collect();
                self.with_line(n, now, |line| {
                    let in_use = line.reach.place_in_use(line.registration.target(), &hops);
                    let places = hops.len();
                    line.reach.targets = hops;
                    line.registration.resolved(places, in_use, now)
                });
            }
            Err(why) => tracing::warn!(account = line.name, %why, "find the registrar"),
        }
        self.follow_ways();
        if self.has_not_begun(n) {
            self.follow_address();
            self.take_way(n, now);
            self.with_line(n, now, |line| begin(line, now));
        }
    }

    /// Whether the network or the time has changed under our registrations: then all are made anew.
    pub(in crate::desk) fn look_at_ways(&mut self, slept: bool, now: Moment) {
        for n in 0..self.accounts.lines.len() {
            let moved = self.takes_way(n);
            if moved || slept {
                self.register_anew(n, now);
            }
        }
        self.signalling.flush(now);
    }

    fn has_not_begun(&self, n: usize) -> bool {
        let line = self.accounts.lines.get(n);
        line.is_some_and(|line| line.registration.state() == State::Waiting)
    }

    /// Where we are reached is known before the first REGISTER says so.
    fn take_way(&mut self, n: usize, now: Moment) {
        if self.takes_way(n) {
            self.tell_new_address(n, now);
        }
    }

    fn takes_way(&mut self, n: usize) -> bool {
        let Some(line) = self.accounts.lines.get_mut(n) else {
            return false;
        };
        let bound = self.whereabouts.bound_ip();
        let peer = line.reach.peer();
        let way = peer.and_then(|peer| net::way_to(bound, peer.address.ip()));
        let moved = line.reach.takes_way(way);
        if moved {
            tracing::debug!(account = line.name, ?way, "the way to the registrar");
        }
        moved
    }

    /// A connection from an address we may have lost is cut first: what waits for an answer over it
    /// must not be mistaken for what is sent anew.
    fn register_anew(&mut self, n: usize, now: Moment) {
        let Some(line) = self.accounts.lines.get_mut(n) else {
            return;
        };
        line.reach.search.hurry(now);
        match line.reach.home.and_then(|home| home.flow) {
            Some(flow) => {
                line.reach.moving = true;
                self.signalling.cut(flow);
            }
            None => self.tell_new_address(n, now),
        }
    }

    /// Peers are told another address of ours: so are the registrars.
    pub(in crate::desk) fn tell_registrars(&mut self, now: Moment) {
        for n in 0..self.accounts.lines.len() {
            self.tell_new_address(n, now);
        }
    }

    fn tell_new_address(&mut self, n: usize, now: Moment) {
        let endpoint = &self.signalling.endpoint;
        let Some(line) = self.accounts.lines.get(n) else {
            return;
        };
        let told = endpoint.end_towards(line.reach.transport);
        let ours = self.whereabouts.seen_as(told, line.reach.way);
        self.with_line(n, now, |line| line.registration.network_changed(ours, now));
    }

    fn connection_closed(&mut self, flow: FlowId, now: Moment) {
        for n in 0..self.accounts.lines.len() {
            let Some(line) = self.accounts.lines.get_mut(n) else {
                continue;
            };
            let Some(home) = line.reach.home.as_mut().filter(|it| it.flow == Some(flow)) else {
                continue;
            };
            home.flow = None;
            if std::mem::take(&mut line.reach.moving) {
                self.tell_new_address(n, now);
            } else {
                self.with_line(n, now, |line| line.registration.connection_lost(now));
            }
        }
        self.follow_ways();
    }

    /// Calls found a place dead: who is registered there goes on to the next.
    fn dead_at(&mut self, place: Hop, now: Moment) {
        for n in 0..self.accounts.lines.len() {
            self.with_line(n, now, |line| {
                let home = line.reach.home.map(without_flow);
                match home == Some(place) {
                    true => line.registration.target_lost(now),
                    false => Vec::new(),
                }
            });
        }
    }

    fn answered_by(&mut self, asked: Asked, response: &Message, from: Hop, now: Moment) {
        let Asked { line: n, to, .. } = asked;
        self.with_line(n, now, |line| line.registration.responded(response, now));
        let accounts = &mut self.accounts;
        let Some(line) = accounts.lines.get_mut(n) else {
            return;
        };
        let granted = matches!(response.start, Start::Response { code: 200..300, .. });
        if granted && matches!(line.registration.state(), State::Registered { .. }) {
            let flow = from.flow.filter(|_| from.transport == to.transport);
            line.reach.home = Some(Hop { flow, ..to });
            if to.transport == Transport::Udp {
                line.pulse.beat(&mut accounts.entropy, now);
            }
            self.follow_ways();
        }
    }

    /// Who calls from these places, or over these connections, is known; and the connections are kept.
    fn follow_ways(&mut self) {
        for line in &self.accounts.lines {
            let over = line.reach.home.and_then(|home| home.flow);
            self.signalling
                .account_at(&line.name, line.reach.hops(), over);
        }
        let connections = self.accounts.connections();
        self.signalling
            .keep_registered(Registered::Accounts, connections);
    }

    /// CRLF CRLF, as over a connection (RFC 5626 4.4.1): a server that does not know it discards it.
    fn keep_way_open(&mut self, n: usize, now: Moment) {
        let accounts = &mut self.accounts;
        let Some(line) = accounts.lines.get_mut(n) else {
            return;
        };
        if !line.pulse.is_due(now) {
            return;
        }
        match line.reach.home {
            Some(home) => {
                self.signalling.keep_way_open(home.address);
                line.pulse.beat(&mut accounts.entropy, now);
            }
            None => line.pulse.stop(),
        }
    }

    fn look_up_names(&mut self, now: Moment) {
        let accounts = &mut self.accounts;
        for (n, line) in accounts.lines.iter_mut().enumerate() {
            if let Some(wanted) = line.reach.search.take_due(now)
                && !accounts.finder.ask(Of::Account(n), wanted)
            {
                line.reach.search.ended(false, now);
            }
        }
    }

    fn with_line(&mut self, n: usize, now: Moment, ask: impl FnOnce(&mut Line) -> Vec<Action>) {
        let Some(line) = self.accounts.lines.get_mut(n) else {
            return;
        };
        let mut actions = VecDeque::from(ask(line));
        while let Some(action) = actions.pop_front() {
            actions.extend(self.follow_registration(n, action, now));
        }
    }

    fn follow_registration(&mut self, n: usize, action: Action, now: Moment) -> Vec<Action> {
        let Some(line) = self.accounts.lines.get_mut(n) else {
            return Vec::new();
        };
        match action {
            Action::Send {
                cseq,
                request,
                target,
            } => {
                let to = line.reach.targets.get(target).copied();
                let endpoint = &mut self.signalling.endpoint;
                let sent = to.and_then(|to| Some((to, endpoint.ask(*request, to, now).ok()?)));
                let Some((to, id)) = sent else {
                    return line.registration.unanswered(cseq, now);
                };
                let asked = Asked { line: n, cseq, to };
                self.accounts.asked.insert(id, asked);
                Vec::new()
            }
            Action::State(state) => {
                self.account_stands(n, state, now);
                Vec::new()
            }
            Action::Alarm(_) => {
                self.alarm("registration-refused", now);
                Vec::new()
            }
        }
    }

    fn account_stands(&mut self, n: usize, state: State, now: Moment) {
        let Some(line) = self.accounts.lines.get_mut(n) else {
            return;
        };
        match state {
            State::Unreachable { .. } => {
                line.reach.home = None;
                line.reach.search.hurry(now);
            }
            State::Refused { .. } | State::Ended => line.reach.home = None,
            State::Waiting | State::Trying | State::Registered { .. } => {}
        }
        let (account, state) = (line.name.clone(), word(state).to_owned());
        let is_registered = state == "registered";
        self.chronicle.metrics.registered(&account, is_registered);
        self.note_desk(What::Registration { account, state }, now);
        self.follow_ways();
    }
}

fn begin(line: &mut Line, now: Moment) -> Vec<Action> {
    match line.registers {
        true => line.registration.begin(now),
        false => Vec::new(),
    }
}
