//! The pause between attempts to reach a server that could not be reached.
//!
//! Short, because a server that is back should not be waited for longer than a poll or two. Longer where the server
//! itself said no: log watchers such as fail2ban ban an address after a handful of refused logins.

use std::time::{Duration, Instant};

use crate::transport::{Failure, FailureKind};

/// The pause after the first failure; it doubles with each that follows.
const FIRST: Duration = Duration::from_secs(1);
/// The longest pause where the server cannot be reached.
const UNREACHABLE_MAX: Duration = Duration::from_secs(10);
/// The longest pause where the key or the host key is refused.
const REFUSED_MAX: Duration = Duration::from_secs(60);

/// What went wrong last, and when it may be tried again.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
    last: Option<(Failure, Instant)>,
}

impl Backoff {
    /// The failure to answer with, while it is too early for another attempt.
    pub(super) fn too_early(&self, now: Instant) -> Option<Failure> {
        let (failure, again) = self.last.as_ref().filter(|(_, again)| *again > now)?;
        let wait_s = again.saturating_duration_since(now).as_secs_f32().ceil();
        let message = format!("{} (next attempt in {wait_s:.0} s)", failure.message);
        Some(Failure { message, ..failure.clone() })
    }

    /// Remembers a failed attempt.
    pub(super) fn failed(&mut self, failure: &Failure, now: Instant) {
        let longest = match failure.kind {
            FailureKind::HostKey | FailureKind::Login => REFUSED_MAX,
            // Nobody refused anything.
            FailureKind::Interrupted => return,
            _ => UNREACHABLE_MAX,
        };
        let pause = FIRST.saturating_mul(1_u32.checked_shl(self.failures.min(16)).unwrap_or(u32::MAX)).min(longest);
        self.failures = self.failures.saturating_add(1);
        self.last = Some((failure.clone(), now + pause));
    }

    /// Forgets: the server was reached.
    pub(super) fn succeeded(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pauses(kind: FailureKind) -> Vec<u64> {
        let mut backoff = Backoff::default();
        let mut now = Instant::now();
        (0..9)
            .map(|_| {
                backoff.failed(&Failure::not_sent(kind, "no"), now);
                let from = now;
                while backoff.too_early(now).is_some() {
                    now += Duration::from_secs(1);
                }
                (now - from).as_secs()
            })
            .collect()
    }

    #[test]
    fn the_pause_doubles_up_to_its_limit() {
        assert_eq!(pauses(FailureKind::Connect), [1, 2, 4, 8, 10, 10, 10, 10, 10]);
        assert_eq!(pauses(FailureKind::Login), [1, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(pauses(FailureKind::Interrupted), [0; 9]);
    }

    #[test]
    fn an_early_call_says_when_and_keeps_the_kind() {
        let (mut backoff, now) = (Backoff::default(), Instant::now());
        backoff.failed(&Failure::not_sent(FailureKind::Resolve, "no address"), now);
        let early = backoff.too_early(now).unwrap();
        assert_eq!((early.kind, early.message.as_str()), (FailureKind::Resolve, "no address (next attempt in 1 s)"));
        backoff.succeeded();
        assert!(backoff.too_early(now).is_none());
    }
}
