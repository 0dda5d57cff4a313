use crate::media::hearing::EchoFound;

/// What the rest of the program should know of a headset.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum News {
    /// The microphone gives digital zero: it is muted elsewhere, or broken.
    MicrophoneDead,
    /// It sounds again.
    MicrophoneAlive,
    /// The rep speaks, and is muted.
    TalkingWhileMuted,
    /// What the ear plays comes back by the microphone, and is cancelled from now on.
    EchoHeard(EchoFound),
    /// How loud the microphone was in the last second, dBov.
    Level(f32),
}

/// What was not fetched yet: of each kind the newest only.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct NewsBoard {
    microphone: Option<News>,
    talking: Option<News>,
    echo: Option<News>,
    level: Option<News>,
}

impl NewsBoard {
    pub(super) fn tell(&mut self, news: News) {
        let place = match news {
            News::MicrophoneDead | News::MicrophoneAlive => &mut self.microphone,
            News::TalkingWhileMuted => &mut self.talking,
            News::EchoHeard(_) => &mut self.echo,
            News::Level(_) => &mut self.level,
        };
        *place = Some(news);
    }

    pub(super) fn fetch(&mut self) -> Option<News> {
        let Self {
            microphone,
            talking,
            echo,
            level,
        } = self;
        [microphone, talking, echo, level]
            .into_iter()
            .find_map(Option::take)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_each_kind_the_newest_is_kept() {
        let mut board = NewsBoard::default();
        for news in [
            News::Level(-30.0),
            News::MicrophoneDead,
            News::Level(-20.0),
            News::MicrophoneAlive,
        ] {
            board.tell(news);
        }
        assert_eq!(board.fetch(), Some(News::MicrophoneAlive));
        assert_eq!(board.fetch(), Some(News::Level(-20.0)));
        assert_eq!(board.fetch(), None);
    }
}
