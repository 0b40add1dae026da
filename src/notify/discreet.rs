//! What a server says, without the password that it was told: its words are kept and shown, and a hostile one could repeat it in them.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Any bytes that look like base64, whole or a piece of some.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Whether `words` hold `secret`: as it is, in other cases, with gaps, or in base64, at whatever place of a longer piece.
pub(super) fn repeats(words: &str, secret: &str) -> bool {
    // Without what could stand in between unseen.
    let is_seen = |c: &char| c.is_alphanumeric() || c.is_ascii_punctuation();
    let plain = |text: &str| text.chars().filter(is_seen).collect::<String>().to_lowercase();
    if secret.is_empty() || words.contains(secret) || plain(words).contains(&plain(secret)) {
        return true;
    }
    let is_base64 = |c: char| c.is_ascii_alphanumeric() || c == '+' || c == '/';
    let joined: String = words.split_whitespace().collect();
    [words, &joined].into_iter().flat_map(|words| words.split(|c| !is_base64(c))).any(|piece| hides(piece, secret))
}

/// Whether a piece of base64 holds it. A group has four characters, and nobody says where the first begins.
fn hides(piece: &str, secret: &str) -> bool {
    (0..piece.len().min(4)).any(|start| {
        let groups = &piece[start..];
        // A last character alone is no byte.
        let end = if groups.len() % 4 == 1 { groups.len() - 1 } else { groups.len() };
        let decoded = LENIENT.decode(&groups[..end]).unwrap_or_default();
        decoded.windows(secret.len()).any(|bytes| bytes == secret.as_bytes())
    })
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD as BASE64;

    use super::*;

    #[test]
    fn a_password_is_found_however_it_is_repeated() {
        let secret = "correct horse";
        let token = BASE64.encode(format!("\0jbr\0{secret}"));
        for words in [
            format!("you said {secret}"),
            "you said CORRECTHORSE!".to_owned(),
            "co\nrrect ho\u{200b}\nrse".to_owned(),
            format!("AUTH PLAIN {token}"),
            format!("AUTH PLAIN {}", token.trim_end_matches('=')),
            format!("xyz{token}"),
            format!("{} {}", &token[..7], &token[7..]),
            BASE64.encode(secret),
        ] {
            assert!(repeats(&words, secret), "{words}");
        }
        for words in ["", "550 5.1.1 nobody of that name here", "correct", "horse", "Y29ycmVjdA=="] {
            assert!(!repeats(words, secret), "{words}");
        }
        assert!(repeats("anything", ""), "of no password nothing can be said");
    }
}
