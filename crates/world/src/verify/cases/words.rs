//! Lines of case versions, and what of them is remembered: words that come again are kept once.

use std::borrow::Cow;
use std::collections::HashSet;
use std::rc::Rc;

use serde::Deserialize;

use super::{Row, Window};

/// A line as it is read; its texts live as long as the line.
#[derive(Debug, Deserialize)]
pub(super) struct Line<'t> {
    #[serde(borrow)]
    pub(super) case: Cow<'t, str>,
    #[serde(borrow)]
    subject: Cow<'t, str>,
    #[serde(borrow)]
    zone: Cow<'t, str>,
    #[serde(borrow)]
    pub(super) from: Cow<'t, str>,
    #[serde(borrow)]
    outcome: Cow<'t, str>,
    #[serde(borrow)]
    window: Option<WindowLine<'t>>,
    policy: Option<String>,
    reasons: Vec<String>,
    authority: Option<String>,
    pub(super) version: u32,
    #[serde(borrow)]
    pub(super) decided_at: Cow<'t, str>,
    effective: bool,
}

#[derive(Debug, Deserialize)]
pub(super) struct WindowLine<'t> {
    #[serde(borrow)]
    kind: Cow<'t, str>,
    from: Option<String>,
    to: Option<String>,
}

/// Words that were met before.
#[derive(Default)]
pub(super) struct Words {
    known: HashSet<Rc<str>>,
    reasons: HashSet<Rc<[Rc<str>]>>,
}

impl Words {
    fn one(&mut self, word: &str) -> Rc<str> {
        if let Some(known) = self.known.get(word) {
            return Rc::clone(known);
        }
        let new: Rc<str> = word.into();
        self.known.insert(Rc::clone(&new));
        new
    }

    fn maybe(&mut self, word: Option<&str>) -> Option<Rc<str>> {
        word.map(|word| self.one(word))
    }

    fn all(&mut self, words: &[String]) -> Rc<[Rc<str>]> {
        let words: Rc<[Rc<str>]> = words.iter().map(|word| self.one(word)).collect();
        if let Some(known) = self.reasons.get(&words) {
            return Rc::clone(known);
        }
        self.reasons.insert(Rc::clone(&words));
        words
    }

    /// What of a line is remembered.
    pub(super) fn row(&mut self, line: &Line<'_>) -> Row {
        Row {
            case: (*line.case).into(),
            subject: (*line.subject).into(),
            zone: self.one(&line.zone),
            day: self.one(line.from.get(..10).unwrap_or_default()),
            outcome: self.one(&line.outcome),
            window: line.window.as_ref().map(|window| Window {
                kind: self.one(&window.kind),
                from: self.maybe(window.from.as_deref()),
                to: self.maybe(window.to.as_deref()),
            }),
            policy: self.maybe(line.policy.as_deref()),
            reasons: self.all(&line.reasons),
            authority: self.maybe(line.authority.as_deref()),
            version: line.version,
            effective: line.effective,
        }
    }
}

/// Where the versions of a case stand; most have one.
pub(super) enum Places {
    One([usize; 1]),
    More(Vec<usize>),
}

impl Places {
    pub(super) fn add(&mut self, place: usize) {
        match self {
            Places::One([first]) => *self = Places::More(vec![*first, place]),
            Places::More(places) => places.push(place),
        }
    }

    pub(super) fn all(&self) -> &[usize] {
        match self {
            Places::One(place) => place,
            Places::More(places) => places,
        }
    }
}
