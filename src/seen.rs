//! What is known of a server, or why it is not.
//!
//! *Unknown is not no.* There is no `Default`, no conversion into `Option` or `Result`: nothing that `?` or `unwrap_or`
//! could use to lose the difference between "nothing runs there" and "nobody could be asked".

/// A fact about a server, or the reason why there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen<T> {
    /// The server answered, whole and understood.
    Known(T),
    /// It could not be asked, did not answer, or could not be understood.
    Unknown(Why),
}

/// Why something is unknown: a fragment for a person, already made printable.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Why(pub String);

impl Why {
    /// A reason, made printable.
    #[must_use]
    pub fn new(text: impl AsRef<str>) -> Self {
        Self(crate::printable::printable(text.as_ref()))
    }
}

impl std::fmt::Display for Why {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl<T> Seen<T> {
    /// The same knowledge, by reference.
    pub fn as_ref(&self) -> Seen<&T> {
        match self {
            Self::Known(fact) => Seen::Known(fact),
            Self::Unknown(why) => Seen::Unknown(why.clone()),
        }
    }

    /// Says something about the fact, where there is one.
    pub fn map<U>(self, say: impl FnOnce(T) -> U) -> Seen<U> {
        match self {
            Self::Known(fact) => Seen::Known(say(fact)),
            Self::Unknown(why) => Seen::Unknown(why),
        }
    }
}
