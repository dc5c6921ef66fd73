//! The languages of the page, and which one a reader wants.

mod words;

use axum::http::{HeaderMap, header};

pub(crate) use words::Words;

/// A language of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lang {
    Zh,
    En,
}

impl Lang {
    /// As `?lang=` and `lang=` write it.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Zh => "zh",
            Self::En => "en",
        }
    }

    /// As pages declare it.
    pub(crate) fn tag(self) -> &'static str {
        match self {
            Self::Zh => "zh-CN",
            Self::En => "en",
        }
    }

    pub(crate) fn words(self) -> &'static Words {
        match self {
            Self::Zh => &words::ZH,
            Self::En => &words::EN,
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let primary = text.split('-').next().unwrap_or("");
        [Self::Zh, Self::En]
            .into_iter()
            .find(|lang| primary.eq_ignore_ascii_case(lang.code()))
    }

    /// `asked` wins, then the heaviest language of the browser that we have, then Chinese.
    pub(crate) fn choose(asked: Option<&str>, headers: &HeaderMap) -> Self {
        let accepted = headers
            .get(header::ACCEPT_LANGUAGE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or("");
        asked
            .and_then(Self::parse)
            .or_else(|| heaviest(accepted))
            .unwrap_or(Self::Zh)
    }
}

/// The first of equals, as browsers list them in order.
fn heaviest(accepted: &str) -> Option<Lang> {
    let mut best = None;
    let mut best_weight = 0.0;
    for range in accepted.split(',') {
        let mut parts = range.trim().split(';');
        let lang = parts.next().and_then(|tag| Lang::parse(tag.trim()));
        let given = parts.find_map(|part| part.trim().strip_prefix("q=").map(str::to_owned));
        let weight = given.map_or(1.0, |text| text.parse::<f32>().unwrap_or(0.0));
        if lang.is_some() && weight > best_weight {
            (best, best_weight) = (lang, weight);
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_wins_over_the_browser_and_chinese_is_what_is_left() {
        let browser = |text: &str| HeaderMap::from_iter([(header::ACCEPT_LANGUAGE, text.parse().unwrap())]);
        for (asked, accepted, wanted) in [
            (Some("en"), "zh-CN", Lang::En),
            (Some("zh"), "en", Lang::Zh),
            (Some("xx"), "en", Lang::En),
            (None, "en-GB,en;q=0.9,zh;q=0.8", Lang::En),
            (None, "en;q=0.3, zh-TW;q=0.7", Lang::Zh),
            (None, "en;q=0, fr", Lang::Zh),
            (None, "fr", Lang::Zh),
            (None, "", Lang::Zh),
        ] {
            assert_eq!(
                Lang::choose(asked, &browser(accepted)),
                wanted,
                "{asked:?} {accepted}"
            );
        }
    }
}
