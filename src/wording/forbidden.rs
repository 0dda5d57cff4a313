//! The phrases that the standard forbids, F1 to F25 (docs/standard.md, R65), and what an English-speaking rep would say
//! instead of them.

use std::ops::Range;

/// A place in a text that nobody should say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forbidden {
    /// `F8`.
    pub rule: &'static str,
    /// In bytes of the text.
    pub span: Range<usize>,
}

/// Each as it is written without spaces and punctuation, in lower case.
const PHRASES: [(&str, &[&str]); 24] = [
    ("F1", &["喂干什么", "whatdoyouwant"]),
    (
        "F2",
        &[
            "出声呀",
            "再不出声就挂",
            "speakuporillhangup",
            "sayingsomethingorillhangup",
        ],
    ),
    ("F3", &["喂喂", "hellohello"]),
    (
        "F4",
        &[
            "快点说",
            "你先听我说",
            "你听我说",
            "hurryup",
            "letmefinish",
            "youlistentome",
        ],
    ),
    ("F5", &["恩什么", "嗯什么"]),
    (
        "F6",
        &["听不清啊", "拿起话筒说", "icanthearapickupthereceiver"],
    ),
    (
        "F7",
        &[
            "别罗嗦",
            "别啰嗦",
            "说清楚点",
            "怎么还不明白",
            "刚才不是已经说了",
            "还让不让我说",
            "stoprambling",
            "whydontyouunderstand",
            "ialreadytoldyou",
        ],
    ),
    ("F8", &["你等着", "justyouwait"]),
    ("F9", &["等一下查了告诉你", "等一下我查了告诉你"]),
    (
        "F10",
        &[
            "你的问题不属于我们单位管",
            "你去找",
            "thatsnotourproblem",
            "notourdepartment",
        ],
    ),
    (
        "F11",
        &[
            "你怎么这么无聊",
            "我要结束这次通话",
            "youarewastingmytime",
            "yourewastingmytime",
        ],
    ),
    (
        "F12",
        &[
            "我们的资料不会错",
            "一定是他们搞错了",
            "ourrecordsareneverwrong",
        ],
    ),
    ("F13", &["信息不可信", "你信我还是信他"]),
    (
        "F14",
        &["我也没办法", "theresnothingicando", "thereisnothingicando"],
    ),
    ("F15", &["真麻烦", "真糟糕", "没办法", "whatanuisance"]),
    ("F16", &["你不要说了", "我又解决不了", "icantsolveitanyway"]),
    (
        "F17",
        &[
            "又不是我的责任",
            "我只是个小兵",
            "你说了也没用",
            "itsnotmyfault",
            "notmyresponsibility",
        ],
    ),
    ("F18", &["你有本事去告", "goaheadandsue"]),
    ("F19", &["你投诉也没用", "complainingwonthelp"]),
    ("F20", &["你提意见也没用"]),
    ("F21", &["你的意见根本不可行"]),
    (
        "F22",
        &[
            "这是技术部门的事",
            "我们也没有办法",
            "thatstechnicalsproblem",
        ],
    ),
    (
        "F23",
        &[
            "您是不是需要投诉",
            "投诉是您的权利",
            "您可以投诉我",
            "您可以投拆我",
            "doyouwanttocomplain",
        ],
    ),
    (
        "F24",
        &[
            "可能是吧",
            "应该是吧",
            "好象是吧",
            "好像是吧",
            "probablyiguess",
            "ithinksomaybe",
        ],
    ),
];

/// Said alone it is rude; in a sentence it is a word like any other (F5).
const ALONE: [&str; 4] = ["什么", "恩", "嗯", "what"];
/// To a caller it is 您 (F25).
const FAMILIAR: char = '你';

/// All that is forbidden in a text, from its start; what lies within another find is not told twice.
pub fn forbidden(text: &str) -> Vec<Forbidden> {
    let letters = letters(text);
    let plain: String = letters.iter().map(|(letter, _)| *letter).collect();
    let mut found = Vec::new();
    for (rule, phrases) in PHRASES {
        for phrase in phrases {
            for (at, _) in plain.match_indices(phrase) {
                let first = plain[..at].chars().count();
                let last = first + phrase.chars().count() - 1;
                let span = letters[first].1.start..letters[last].1.end;
                found.push(Forbidden { rule, span });
            }
        }
    }
    found.extend(
        sentences(text)
            .filter(|span| is_rude_alone(&text[span.clone()]))
            .map(|span| Forbidden { rule: "F5", span }),
    );
    let familiar = text.match_indices(FAMILIAR).map(|(at, you)| Forbidden {
        rule: "F25",
        span: at..at + you.len(),
    });
    found.extend(familiar);
    outermost(found)
}

/// Where each sentence stands, its mark left out.
fn sentences(text: &str) -> impl Iterator<Item = Range<usize>> {
    let start = text.as_ptr() as usize;
    let parts = text.split(['。', '！', '？', '!', '?', '.', '\n']);
    parts.map(move |part| {
        let words = part.trim();
        let at = words.as_ptr() as usize - start;
        at..at + words.len()
    })
}

fn is_rude_alone(sentence: &str) -> bool {
    ALONE.contains(&&*sentence.to_lowercase())
}

/// The letters of a text as they are compared, each with where it stands.
fn letters(text: &str) -> Vec<(char, Range<usize>)> {
    let spoken = text.char_indices().filter(|(_, c)| c.is_alphanumeric());
    spoken
        .flat_map(|(at, c)| {
            c.to_lowercase()
                .map(move |lower| (lower, at..at + c.len_utf8()))
        })
        .collect()
}

/// A finding that another holds says nothing new.
fn outermost(mut found: Vec<Forbidden>) -> Vec<Forbidden> {
    found.sort_by_key(|it| (it.span.start, std::cmp::Reverse(it.span.end)));
    let mut kept: Vec<Forbidden> = Vec::new();
    for it in found {
        let is_held = kept.last().is_some_and(|last| it.span.end <= last.span.end);
        if !is_held {
            kept.push(it);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(text: &str) -> Vec<&'static str> {
        forbidden(text).into_iter().map(|it| it.rule).collect()
    }

    /// The standard's own list, a rule and its words a line.
    #[test]
    fn each_phrase_of_the_standard_is_found() {
        let standard = include_str!("../../docs/standard.md");
        let list = standard
            .split("## Forbidden (R65)")
            .nth(1)
            .expect("its list");
        let items = list
            .split(" · ")
            .map(str::trim)
            .filter(|item| item.starts_with('F'));
        let mut seen = 0;
        for item in items {
            let (rule, words) = item.split_once(' ').expect("a rule and its words");
            let found = rules(words);
            assert!(found.contains(&rule), "{rule}: {words} gives {found:?}");
            seen += 1;
        }
        assert_eq!(seen, 25);
    }

    #[test]
    fn it_is_found_however_it_is_written_and_where_it_stands() {
        assert_eq!(rules("您好。 快 点，说！谢谢"), ["F4"]);
        let found = forbidden("Well, there's nothing I can do.");
        assert_eq!(found[0].rule, "F14");
        assert_eq!(found[0].span, 6..30);
    }

    #[test]
    fn what_is_polite_is_left_alone() {
        for polite in [
            "您好，请问有什么可以帮到您？",
            "请您慢慢说，不要着急。",
            "What can I do for you?",
            "",
        ] {
            assert_eq!(rules(polite), Vec::<&str>::new(), "{polite}");
        }
    }

    #[test]
    fn what_is_forbidden_twice_is_told_once() {
        assert_eq!(rules("你等着"), ["F8"]);
        assert_eq!(rules("我也没办法"), ["F14"]);
        assert_eq!(rules("你好"), ["F25"]);
        assert_eq!(rules("什么？"), ["F5"]);
    }
}
