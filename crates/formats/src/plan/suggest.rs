//! Near names: what the author probably meant.

/// The candidate nearest to `word`, if any is near enough to be meant.
pub(crate) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    near(word, candidates).into_iter().next()
}

/// Up to three candidates near `word`, the nearest first.
pub(crate) fn near<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    // Below 0.8 the similarity joins words that only share a beginning.
    const ENOUGH: f64 = 0.8;
    // Nothing that is meant is as long as that, and comparing takes as long as the word times the candidate.
    const LONGEST: usize = 128;
    if word.len() > LONGEST {
        return Vec::new();
    }
    let plain = plain(word);
    let mut found: Vec<(f64, &str)> = candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(&plain, &self::plain(candidate)), candidate))
        .filter(|(similarity, _)| *similarity >= ENOUGH)
        .collect();
    found.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    found
        .into_iter()
        .take(3)
        .map(|(_, candidate)| candidate)
        .collect()
}

/// Case, blanks and separators are what people get wrong first.
fn plain(word: &str) -> String {
    word.chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '_' | '-'))
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_blanks_and_typing_slips_are_forgiven_and_strangers_are_not() {
        assert_eq!(nearest("plate id", ["Plate ID", "State"]), Some("Plate ID"));
        assert_eq!(nearest("colums", ["column", "columns"]), Some("columns"));
        assert_eq!(nearest("speed", ["Plate ID", "State"]), None);
    }

    #[test]
    fn a_word_that_nobody_would_mean_is_not_compared() {
        let word = "Plate ID".repeat(17);
        assert_eq!(nearest(&word, [word.as_str()]), None);
    }
}
