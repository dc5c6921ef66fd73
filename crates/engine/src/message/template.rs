//! Templates: fixed text, `{parameters}` of a closed list, and `[clauses]` that vanish when one of theirs is missing.

use thiserror::Error;

use super::params::Params;
use super::{Lang, place};

macro_rules! params {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)*) => {
        /// What a template may name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Param {
            $($(#[$doc])* $name,)*
        }

        impl Param {
            /// Every parameter with its name.
            pub const ALL: &'static [(Self, &'static str)] = &[$((Self::$name, $word),)*];

            /// The name.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }
        }

        /// The names as an error lists them.
        const NAMES: &str = concat!($($word, " ",)*);
    };
}

params! {
    /// Full plate number.
    Plate = "plate",
    /// Case number.
    Case = "case",
    /// The place, shortened.
    Place = "place",
    /// When it was recorded.
    Time = "time",
    /// The same without the year, for a message of the hour.
    Seen = "seen",
    /// 本年度, this year.
    Window = "window",
    /// 本年度首次, first this year.
    Nth = "nth",
    /// 100元, CNY 100.
    Fine = "fine",
    /// 拟罚款100元, or 拟予处罚 without a sum.
    Penalty = "penalty",
    /// Legal basis.
    Basis = "basis",
    /// The last day on which to respond.
    Deadline = "deadline",
    /// Until when to leave; without the day where that is the day of `time`.
    Until = "until",
    /// What leaving in time brings.
    Promise = "promise",
    /// That the waiver is unaffected, where it is.
    Restored = "restored",
    /// 经核属 after a review, 涉嫌 before.
    Finding = "finding",
    /// The public number to call.
    Hotline = "hotline",
}

/// What is wrong with a template. Positions count characters from 1.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum TemplateError {
    /// Nothing in it.
    #[error("the template is empty")]
    Empty,
    /// A name that is no parameter.
    #[error("character {at}: `{{{name}}}` is no parameter; known are: {}", NAMES.trim_end())]
    Unknown {
        /// The name.
        name: String,
        /// Where it begins.
        at: usize,
    },
    /// An opening bracket without its end, or the other way round.
    #[error("character {at}: `{bracket}` has no counterpart")]
    Unpaired {
        /// Which one.
        bracket: char,
        /// Where it stands.
        at: usize,
    },
    /// A clause that could never vanish.
    #[error(
        "character {at}: the clause in `[ ]` names no parameter, so that it would always stand; leave out the brackets"
    )]
    Idle {
        /// Where it begins.
        at: usize,
    },
    /// A signature elsewhere than in front, or too long or short.
    #[error("`【` and `】` may only enclose a signature of 2 to 12 characters in front")]
    Sign,
    /// A line break or a symbol that providers refuse.
    #[error("character {at}: {char:?} may not stand in a message")]
    Symbol {
        /// Which one.
        char: char,
        /// Where it stands.
        at: usize,
    },
    /// A link.
    #[error("a message carries no links: they are how fraud looks")]
    Link,
    /// Longer than providers take.
    #[error("the template has {chars} characters; providers take 500")]
    TooLong {
        /// Its length.
        chars: usize,
    },
    /// A number that nobody may print.
    #[error("`{number}` is no public number: give a landline, 400, 95xxx or 12345, no mobile number")]
    Hotline {
        /// What was given.
        number: String,
    },
}

/// A parameter that a text needs and that the case does not have.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("the case has no value for `{{{}}}`; put it into a clause in `[ ]`", .0.as_str())]
pub struct Missing(pub Param);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Item {
    Text(Box<str>),
    Value(Param),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Clause {
    optional: bool,
    items: Vec<Item>,
}

/// A parsed template. Braces and square brackets are its syntax and never part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    clauses: Vec<Clause>,
    /// Whether it brings a signature of its own.
    signed: bool,
}

impl Template {
    /// Parses and checks a template.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let signed = check(text)?;
        let mut parser = Parser::default();
        let mut chars = text.chars().enumerate();
        while let Some((index, char)) = chars.next() {
            parser.step(index + 1, char, &mut chars)?;
        }
        parser.finish().map(|clauses| Self { clauses, signed })
    }

    /// Whether it begins with a signature of its own.
    pub fn is_signed(&self) -> bool {
        self.signed
    }

    /// The parameters without which it cannot be rendered.
    pub fn required(&self) -> impl Iterator<Item = Param> {
        self.named(false)
    }

    /// Writes the text out.
    pub fn render(&self, params: &Params<'_>, lang: Lang) -> Result<String, Missing> {
        match self
            .named(false)
            .find(|param| params.value(*param, lang).is_none())
        {
            Some(param) => Err(Missing(param)),
            None => Ok(self.render_known(params, lang)),
        }
    }

    /// Writes out the clauses whose parameters are all known.
    pub(super) fn render_known(&self, params: &Params<'_>, lang: Lang) -> String {
        let mut out = String::new();
        for clause in &self.clauses {
            let known = |item: &Item| match item {
                Item::Text(_) => true,
                Item::Value(param) => params.value(*param, lang).is_some(),
            };
            if clause.optional && !clause.items.iter().all(known) {
                continue;
            }
            for item in &clause.items {
                match item {
                    Item::Text(text) => push(&mut out, text),
                    Item::Value(param) => out.push_str(&params.value(*param, lang).unwrap_or_default()),
                }
            }
        }
        out
    }

    /// Names and values of all parameters that it names and that are known, each once: what a provider that keeps the
    /// text itself is sent.
    pub fn values(&self, params: &Params<'_>, lang: Lang) -> Vec<(&'static str, String)> {
        let mut values: Vec<(&'static str, String)> = Vec::new();
        for param in self.named(false).chain(self.named(true)) {
            if values.iter().all(|(name, _)| *name != param.as_str())
                && let Some(value) = params.value(param, lang)
            {
                values.push((param.as_str(), value.into_owned()));
            }
        }
        values
    }

    fn named(&self, optional: bool) -> impl Iterator<Item = Param> {
        let clauses = self
            .clauses
            .iter()
            .filter(move |clause| clause.optional == optional);
        clauses
            .flat_map(|clause| &clause.items)
            .filter_map(|item| match item {
                Item::Value(param) => Some(*param),
                Item::Text(_) => None,
            })
    }
}

/// Place names often end with the word that the text goes on with; it is not said twice.
fn push(out: &mut String, text: &str) {
    const SIDEWALK: &str = "人行道";
    let rest = if out.ends_with(SIDEWALK) {
        text.strip_prefix(SIDEWALK)
    } else {
        None
    };
    out.push_str(rest.unwrap_or(text));
}

/// What can be said of the whole text; whether it is signed.
fn check(text: &str) -> Result<bool, TemplateError> {
    let chars = text.chars().count();
    if text.trim().is_empty() {
        return Err(TemplateError::Empty);
    }
    if chars > 500 {
        return Err(TemplateError::TooLong { chars });
    }
    if place::has_link(text) {
        return Err(TemplateError::Link);
    }
    let refused =
        |char: char| char.is_control() || matches!(char, '·' | '•' | '※' | '→' | '\u{2028}' | '\u{2029}');
    if let Some((index, char)) = text.chars().enumerate().find(|(_, char)| refused(*char)) {
        return Err(TemplateError::Symbol { char, at: index + 1 });
    }
    let (sign, body) = match text.strip_prefix('【') {
        Some(rest) => rest
            .split_once('】')
            .map(|(sign, body)| (Some(sign), body))
            .ok_or(TemplateError::Sign)?,
        None => (None, text),
    };
    if body.contains(['【', '】']) || sign.is_some_and(|sign| !is_sign(sign)) {
        return Err(TemplateError::Sign);
    }
    Ok(sign.is_some())
}

/// Whether a provider would register this as a signature.
pub(super) fn is_sign(sign: &str) -> bool {
    (2..=12).contains(&sign.chars().count())
        && sign.trim() == sign
        && !sign.contains(|char: char| char.is_control() || "【】[]{}".contains(char))
}

#[derive(Default)]
struct Parser {
    clauses: Vec<Clause>,
    text: String,
    items: Vec<Item>,
    /// Where the open clause began.
    open: Option<usize>,
}

impl Parser {
    fn step(
        &mut self,
        at: usize,
        char: char,
        rest: &mut impl Iterator<Item = (usize, char)>,
    ) -> Result<(), TemplateError> {
        match char {
            '{' => {
                let mut name = String::new();
                loop {
                    match rest.next() {
                        Some((_, '}')) => break,
                        Some((_, char)) if char != '{' => name.push(char),
                        _ => return Err(TemplateError::Unpaired { bracket: '{', at }),
                    }
                }
                let known = Param::ALL.iter().find(|(_, word)| *word == name);
                let (param, _) = known.ok_or(TemplateError::Unknown { name, at })?;
                // `${plate}` is how providers write it.
                if self.text.ends_with('$') {
                    self.text.pop();
                }
                self.end_text();
                self.items.push(Item::Value(*param));
            }
            '[' if self.open.is_none() => {
                self.end_clause(false);
                self.open = Some(at);
            }
            ']' if self.open.is_some() => {
                self.end_text();
                if let Some(at) = self.open.take()
                    && !self.items.iter().any(|item| matches!(item, Item::Value(_)))
                {
                    return Err(TemplateError::Idle { at });
                }
                self.end_clause(true);
            }
            '}' | '[' | ']' => return Err(TemplateError::Unpaired { bracket: char, at }),
            _ => self.text.push(char),
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Vec<Clause>, TemplateError> {
        if let Some(at) = self.open {
            return Err(TemplateError::Unpaired { bracket: '[', at });
        }
        self.end_clause(false);
        Ok(self.clauses)
    }

    fn end_text(&mut self) {
        if !self.text.is_empty() {
            self.items.push(Item::Text(std::mem::take(&mut self.text).into()));
        }
    }

    fn end_clause(&mut self, optional: bool) {
        self.end_text();
        if !self.items.is_empty() {
            self.clauses.push(Clause {
                optional,
                items: std::mem::take(&mut self.items),
            });
        }
    }
}
