use std::fmt::Debug;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use thirdring::desk::clock;
use thirdring::seats::sound_cards::{
    Capture, CardName, CardNews, Flow, Playback, SoundCards, SoundServer, StreamId, StreamNews,
};

use super::virtual_headset::VirtualHeadset;

/// The sound devices of one virtual headset, and all that is told of them.
pub(crate) struct Listener {
    pub(crate) cards: SoundCards,
    news: Receiver<CardNews>,
}

/// Longer than anything here takes.
const LIMIT: Duration = Duration::from_secs(10);

impl Listener {
    pub(crate) fn of(headset: &VirtualHeadset) -> Self {
        let listener = Self::before(headset);
        listener.wait(|news| *news == CardNews::ServerBack);
        listener
    }

    /// Its server may not be there yet.
    pub(crate) fn before(headset: &VirtualHeadset) -> Self {
        let (tell, news) = channel();
        let tell = move |news| drop(tell.send(news));
        let server = SoundServer::At(headset.socket());
        let cards = SoundCards::open(server, clock::now, tell).expect("start the thread");
        Self { cards, news }
    }

    /// Waits for such news: how long it took.
    pub(crate) fn wait(&self, is_it: impl Fn(&CardNews) -> bool) -> Duration {
        let began = Instant::now();
        let mut told = Vec::new();
        loop {
            let left = LIMIT.saturating_sub(began.elapsed());
            let news = self.news.recv_timeout(left);
            let news = news.unwrap_or_else(|_| panic!("not told; told: {told:#?}"));
            if is_it(&news) {
                return began.elapsed();
            }
            told.push(news);
        }
    }

    pub(crate) fn hears_nothing_for(&self, time: Duration) {
        let news = self.news.recv_timeout(time);
        assert!(news.is_err(), "{news:?}");
    }

    /// Waits for this news of a stream.
    pub(crate) fn wait_for(&self, stream: StreamId, what: &StreamNews) -> Duration {
        self.wait(|news| matches!(news, CardNews::Stream { stream: s, what: w } if *s == stream && w == what))
    }

    /// A microphone that flows.
    pub(crate) fn microphone(&self, name: &str) -> (Capture, Receiver<()>) {
        let (wake, woken) = channel();
        let capture = self
            .cards
            .capture(&CardName::new(name), move || wake.send(()).unwrap_or(()));
        let capture = capture.expect("it is there");
        self.wait_for(capture.stream(), &StreamNews::Flow(Flow::Flows));
        (capture, woken)
    }

    pub(crate) fn ear(&self, name: &str) -> (Playback, Receiver<()>) {
        let (wake, woken) = channel();
        let playback = self
            .cards
            .playback(&CardName::new(name), move || wake.send(()).unwrap_or(()));
        (playback.expect("it is there"), woken)
    }
}

/// Waits until it is so for the cards listed; each change is told.
pub(crate) fn until<T: Debug>(listener: &Listener, found: impl Fn(&SoundCards) -> Option<T>) -> T {
    loop {
        if let Some(found) = found(&listener.cards) {
            return found;
        }
        listener.wait(|news| matches!(news, CardNews::Changed | CardNews::ServerBack));
    }
}

/// The next samples of a microphone.
pub(crate) fn samples(capture: &mut Capture, woken: &Receiver<()>, wanted: usize) -> Vec<f32> {
    let mut samples = Vec::with_capacity(wanted);
    let mut block = [0.0; 960];
    while samples.len() < wanted {
        woken.recv_timeout(LIMIT).expect("it flows");
        loop {
            let read = capture.read(&mut block);
            if read == 0 {
                break;
            }
            samples.extend_from_slice(&block[..read]);
        }
    }
    samples.truncate(wanted);
    samples
}

/// Plays these samples over and over, as the device wants them, until the playback has ended.
pub(crate) fn play(mut playback: Playback, woken: Receiver<()>, samples: Vec<f32>) {
    std::thread::spawn(move || {
        let mut all = samples.iter().copied().cycle();
        while woken.recv().is_ok() {
            let block: Vec<f32> = all.by_ref().take(playback.wanted()).collect();
            playback.write(&block);
        }
    });
}
