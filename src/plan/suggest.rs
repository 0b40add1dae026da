//! "Did you mean": the nearest of the names that exist.

/// The candidate that `word` most probably was meant to be, if one is near: a third of its letters may be wrong, case and
/// the choice between `-` and `_` do not count.
pub fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = plain(word);
    let mistakes_max = (word.chars().count() / 3).max(1);
    let near = |candidate: &'a str| {
        let mistakes = strsim::osa_distance(&word, &plain(candidate));
        (mistakes <= mistakes_max && mistakes < candidate.chars().count()).then_some((mistakes, candidate))
    };
    candidates.into_iter().filter_map(near).min_by_key(|(mistakes, _)| *mistakes).map(|(_, candidate)| candidate)
}

/// No name has more characters than this; a comparison costs the product of both lengths.
const NAME_LENGTH_MAX: usize = 100;

fn plain(word: &str) -> String {
    word.chars().take(NAME_LENGTH_MAX).map(|c| if c == '-' { '_' } else { c.to_ascii_lowercase() }).collect()
}

#[cfg(test)]
mod tests {
    use super::closest;

    #[test]
    fn the_nearest_name_is_suggested_and_a_far_one_is_not() {
        let keys = ["host", "host_key", "port", "id", "on_timeout"];
        for (word, expected) in [
            ("prot", Some("port")),
            ("Host", Some("host")),
            ("host-key", Some("host_key")),
            ("ontimeout", Some("on_timeout")),
            ("hots", Some("host")),
            ("x", None),
            ("banana", None),
            ("", None),
        ] {
            assert_eq!(closest(word, keys), expected, "{word}");
        }
    }
}
