//! Keys whose value is one of a few words; serde decodes them.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::finding::quoted;
use super::problem::Problem;
use super::scalar::decode;
use super::suggest::closest;
use super::tree::Scalar;
use crate::desired;

/// A value with a fixed set of words.
pub(super) trait Choice: DeserializeOwned {
    /// What the rest of the program knows it as.
    type Meaning;
    /// Every word, the default first.
    const WORDS: &'static [&'static str];
    /// What to say to somebody who wrote something else.
    const HELP: &'static str;
    /// The word's meaning.
    fn meaning(self) -> Self::Meaning;
}

/// Reads a choice.
pub(super) fn choice<C: Choice>(scalar: &Scalar) -> Result<C::Meaning, Problem> {
    if C::WORDS.contains(&scalar.text.as_str()) {
        return decode::<C>(scalar).map(Choice::meaning).map_err(|problem| problem.help(C::HELP));
    }
    let words = C::WORDS.join(", ");
    let label = match (closest(&scalar.text, C::WORDS.iter().copied()), C::WORDS) {
        (Some(word), _) => format!("did you mean {}?", quoted(word)),
        (None, [word]) => format!("only {} has a meaning here", quoted(word)),
        (None, _) => format!("not one of: {words}"),
    };
    Err(Problem::new(format!("cannot be {}", quoted(&scalar.source)), label).help(C::HELP))
}

/// Reads `true` or `false`.
pub(super) fn switch(scalar: &Scalar) -> Result<bool, Problem> {
    const HELP: &str = "write true or false, without quotes: readers of YAML disagree about every other word";
    let shown = quoted(&scalar.source);
    match scalar.text.as_str() {
        "true" | "false" if !scalar.plain => {
            Err(Problem::new(format!("is text: {shown}"), "quotes make text of it").help("remove the quotes"))
        }
        "true" => Ok(true),
        "false" => Ok(false),
        text => {
            let is = |words: &[&str]| words.iter().any(|word| word.eq_ignore_ascii_case(text));
            let label = match (is(&["yes", "y", "on", "true"]), is(&["no", "n", "off", "false"])) {
                (true, _) => "did you mean `true`?",
                (_, true) => "did you mean `false`?",
                _ => "true or false is expected",
            };
            Err(Problem::new(format!("cannot be {shown}"), label).help(HELP))
        }
    }
}

macro_rules! choice {
    ($(#[$doc:meta])* $name:ident -> $meaning:ty, $help:literal { $($word:literal $variant:ident => $value:expr),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Deserialize)]
        pub(super) enum $name {
            $(#[serde(rename = $word)] $variant,)+
        }
        impl Choice for $name {
            type Meaning = $meaning;
            const WORDS: &'static [&'static str] = &[$($word),+];
            const HELP: &'static str = $help;
            fn meaning(self) -> $meaning {
                match self { $(Self::$variant => $value,)+ }
            }
        }
    };
}

choice! {
    /// `host_key`.
    HostKey -> desired::HostKeyPolicy,
    "accept-new records the key of a new server and says so; strict refuses it. A changed key is always refused" {
        "accept-new" AcceptNew => desired::HostKeyPolicy::AcceptNew,
        "strict" Strict => desired::HostKeyPolicy::Strict,
    }
}
choice! {
    /// `on_timeout`.
    OnTimeout -> desired::OnTimeout,
    "hold keeps the slot until the backup ends; release goes on beside it; stop asks JetBackup to stop it" {
        "hold" Hold => desired::OnTimeout::Hold,
        "release" Release => desired::OnTimeout::Release,
        "stop" Stop => desired::OnTimeout::Stop,
    }
}
choice! {
    /// `partial`.
    Partial -> desired::Partial,
    "with warn and accept a partial backup counts as good; fail makes the exit code 4" {
        "warn" Warn => desired::Partial::Warn,
        "accept" Accept => desired::Partial::Accept,
        "fail" Fail => desired::Partial::Fail,
    }
}
choice! {
    /// `pace`.
    Pace -> desired::Pace,
    "adaptive looks at a running backup when it may be over, by what it usually takes and by its progress; fixed looks every `poll`" {
        "adaptive" Adaptive => desired::Pace::Adaptive,
        "fixed" Fixed => desired::Pace::Fixed,
    }
}
choice! {
    /// A job's `type`.
    Kind -> desired::JobKind,
    "write accounts, directories, database or other; it is compared with what the server says" {
        "accounts" Accounts => desired::JobKind::Accounts,
        "directories" Directories => desired::JobKind::Directories,
        "database" Database => desired::JobKind::Database,
        "other" Other => desired::JobKind::Other,
    }
}
choice! {
    /// A job's `keep`.
    KeepJob -> bool,
    "`keep: disabled` enables the job just for its own backup; without `keep` jbr leaves it as it is" {
        "disabled" Disabled => true,
    }
}
choice! {
    /// `when` of a part of `after`.
    AfterWhen -> desired::When,
    "success waits for a good backup, and skips the job without one; finished waits until it is over, however it ended" {
        "success" Success => desired::When::Success,
        "finished" Finished => desired::When::Finished,
    }
}
choice! {
    /// One of the failures of a `retry`.
    FailureWord -> Failure,
    "failed: JetBackup recorded it as failed; never_started: it was asked for and never began; api_error: JetBackup's API refused" {
        "failed" Failed => Failure::Failed,
        "never_started" NeverStarted => Failure::NeverStarted,
        "api_error" ApiError => Failure::ApiError,
    }
}
choice! {
    /// A destination's `keep`.
    KeepDestination -> bool,
    "`keep: closed` enables the destination just for jbr's own backups; without `keep` jbr leaves it as it is" {
        "closed" Closed => true,
    }
}

choice! {
    /// `security` of a mail server.
    MailSecurity -> desired::Security,
    "starttls (port 587) and tls (port 465) encrypt; none (port 25) is for a server on the same machine, and without a password" {
        "starttls" StartTls => desired::Security::StartTls,
        "tls" Tls => desired::Security::Tls,
        "none" None => desired::Security::None,
    }
}

/// A kind of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Failure {
    Failed,
    NeverStarted,
    ApiError,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn every_word_decodes<C: Choice>() {
        for word in C::WORDS {
            for source in [(*word).to_owned(), format!("\"{word}\"")] {
                let scalar = Scalar { text: (*word).into(), plain: source == *word, source };
                assert!(choice::<C>(&scalar).is_ok(), "{word}");
            }
        }
    }

    #[test]
    fn the_words_are_the_ones_that_serde_knows() {
        every_word_decodes::<HostKey>();
        every_word_decodes::<OnTimeout>();
        every_word_decodes::<Partial>();
        every_word_decodes::<Pace>();
        every_word_decodes::<Kind>();
        every_word_decodes::<KeepJob>();
        every_word_decodes::<KeepDestination>();
        every_word_decodes::<AfterWhen>();
        every_word_decodes::<FailureWord>();
        every_word_decodes::<MailSecurity>();
    }

    #[test]
    fn a_switch_is_true_or_false_and_nothing_else() {
        let read = |text: &str| switch(&Scalar { text: text.into(), source: text.into(), plain: true });
        assert_eq!((read("true"), read("false")), (Ok(true), Ok(false)));
        for (text, label) in
            [("yes", "did you mean `true`?"), ("Off", "did you mean `false`?"), ("1", "true or false is expected")]
        {
            assert_eq!(read(text).unwrap_err().label, label);
        }
        assert!(switch(&Scalar { text: "true".into(), source: "'true'".into(), plain: false }).is_err());
    }
}
