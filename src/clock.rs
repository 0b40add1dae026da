//! Time as a parameter; the system's clock only at the edge.
//!
//! A Raspberry Pi has no clock chip: its time jumps at boot and when NTP answers. So the wall clock is read once, when
//! a process starts, and from then on time advances with the monotonic clock. A jump can then neither fire a timeout
//! nor freeze one.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use signal_hook::SigId;

/// The longest single wait for a wish to stop; whoever waits longer waits again.
const WAIT_MAX: Duration = Duration::from_secs(365 * 24 * 3600);

/// A moment, in UTC.
pub type Timestamp = DateTime<Utc>;

/// How long it is from `since` to `now`; zero where the clocks disagree about the order.
#[must_use]
pub fn elapsed(since: Timestamp, now: Timestamp) -> Duration {
    (now - since).to_std().unwrap_or_default()
}

/// `start` and a duration later; the end of time where that cannot be counted.
#[must_use]
pub fn later(start: Timestamp, by: Duration) -> Timestamp {
    TimeDelta::from_std(by).ok().and_then(|by| start.checked_add_signed(by)).unwrap_or(Timestamp::MAX_UTC)
}

/// `end` and a duration earlier; the start of time where that cannot be counted.
#[must_use]
pub fn earlier(end: Timestamp, by: Duration) -> Timestamp {
    TimeDelta::from_std(by).ok().and_then(|by| end.checked_sub_signed(by)).unwrap_or(Timestamp::MIN_UTC)
}

/// A duration as a plan writes it, in whole seconds and without what is zero: `45d`, `1h 30m`, `0s`. No weeks, months or years: a plan
/// takes no months and no years, and a limit that it names must be one that it takes.
#[must_use]
pub fn spelled(duration: Duration) -> String {
    let mut left = duration.as_secs();
    let mut parts = Vec::new();
    for (unit, seconds) in [("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)] {
        if left >= seconds {
            parts.push(format!("{}{unit}", left / seconds));
            left %= seconds;
        }
    }
    if parts.is_empty() { "0s".to_owned() } else { parts.join(" ") }
}

/// Where time comes from and how it is waited for.
pub trait Clock: Send + Sync {
    /// The time now. Never less than an earlier answer of the same clock.
    fn now(&self) -> Timestamp;

    /// Returns when `how_long` has passed or the run was asked to stop, whichever is first.
    fn wait(&self, how_long: Duration, interrupt: &Interrupt);
}

/// The machine's clock: wall time once, then monotonic.
#[derive(Debug, Clone)]
pub struct SystemClock {
    anchor: Timestamp,
    started: Instant,
    /// How many seconds of this clock pass in one second of the wall; 1 but for the demo.
    speed: u32,
}

impl SystemClock {
    /// A clock that starts at the wall time, or at `not_before` if the wall says less: a clock that was put back between two
    /// processes must not make a run's time stand still.
    #[must_use]
    pub fn starting(not_before: Option<Timestamp>) -> Self {
        let wall = Utc::now();
        Self { anchor: not_before.map_or(wall, |t| t.max(wall)), started: Instant::now(), speed: 1 }
    }

    /// A clock on which `speed` seconds pass in each real one, for the demo.
    #[must_use]
    pub fn fast(speed: u32) -> Self {
        Self { speed: speed.max(1), ..Self::starting(None) }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        later(self.anchor, self.started.elapsed().saturating_mul(self.speed))
    }

    fn wait(&self, how_long: Duration, interrupt: &Interrupt) {
        interrupt.wait(how_long / self.speed);
    }
}

/// The wish to stop, as signals set it: a flag to look at, and a descriptor that becomes readable, so that a wait for a
/// socket or for time ends at once.
#[derive(Debug, Clone)]
pub struct Interrupt {
    flag: Arc<AtomicBool>,
    reader: Arc<UnixStream>,
    writer: Arc<UnixStream>,
    /// What ends the process at the second signal.
    shutdowns: Arc<Mutex<Vec<SigId>>>,
}

impl Interrupt {
    /// A wish that nobody has uttered yet.
    ///
    /// # Errors
    /// Where the system has no descriptors left.
    pub fn new() -> io::Result<Self> {
        let (reader, writer) = UnixStream::pair()?;
        writer.set_nonblocking(true)?;
        Ok(Self { flag: Arc::default(), reader: Arc::new(reader), writer: Arc::new(writer), shutdowns: Arc::default() })
    }

    /// The first SIGINT, SIGTERM or SIGHUP (a closed terminal) sets the wish; the second ends the process at once with `exit_code`.
    ///
    /// # Errors
    /// Where the handlers cannot be installed.
    pub fn on_signals(&self, exit_code: i32) -> io::Result<()> {
        use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
        // `nohup` has it ignored, and whoever says so means it.
        let hangup = (!is_ignored(SIGHUP)).then_some(SIGHUP);
        for signal in [SIGINT, SIGTERM].into_iter().chain(hangup) {
            // The order matters: the conditional shutdown looks at the flag before this signal has set it.
            let shutdown = signal_hook::flag::register_conditional_shutdown(signal, exit_code, Arc::clone(&self.flag))?;
            self.shutdowns().push(shutdown);
            signal_hook::flag::register(signal, Arc::clone(&self.flag))?;
            signal_hook::low_level::pipe::register(signal, self.writer.try_clone()?)?;
        }
        Ok(())
    }

    /// From now on no number of signals ends the process: whoever says this looks at [`Interrupt::wishes`], and has an exit code to end with that
    /// no signal may replace.
    pub fn outlast(&self) {
        for shutdown in self.shutdowns().drain(..) {
            signal_hook::low_level::unregister(shutdown);
        }
    }

    /// How often the wish was uttered so far.
    #[must_use]
    pub fn wishes(&self) -> u64 {
        // A byte each, which nobody takes out.
        rustix::io::ioctl_fionread(&*self.reader).unwrap_or_else(|_| u64::from(self.is_requested()))
    }

    fn shutdowns(&self) -> MutexGuard<'_, Vec<SigId>> {
        self.shutdowns.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Utters the wish, as a signal would.
    pub fn request(&self) {
        self.flag.store(true, Ordering::SeqCst);
        // A full pipe is as readable as one with a byte: the flag is what counts.
        let _ = io::Write::write(&mut &*self.writer, b"x");
    }

    /// Whether somebody asked to stop.
    #[must_use]
    pub fn is_requested(&self) -> bool {
        self.flag.load(Ordering::SeqCst)
    }

    /// Waits for the wish, `how_long` at most.
    pub fn wait(&self, how_long: Duration) {
        let end = Instant::now() + how_long.min(WAIT_MAX);
        while !self.is_requested() {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            let mut descriptors = [rustix::event::PollFd::new(&*self.reader, rustix::event::PollFlags::IN)];
            let timeout = rustix::event::Timespec::try_from(left).ok();
            // EINTR and early wake-ups lead back to the condition above.
            let _ = rustix::event::poll(&mut descriptors, timeout.as_ref());
        }
    }
}

/// Whether this process was started with the signal ignored; not where Linux's `/proc` cannot say.
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default();
    u32::try_from(signal - 1).ok().and_then(|bit| mask.checked_shr(bit)).is_some_and(|bits| bits & 1 == 1)
}

impl AsFd for Interrupt {
    /// Readable from the first wish on, for ever.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.reader.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_was_put_back_starts_where_the_journal_ended() {
        let future = later(Utc::now(), Duration::from_secs(3600));
        let clock = SystemClock::starting(Some(future));
        assert!(clock.now() >= future);
    }

    #[test]
    fn a_duration_is_spelled_as_a_plan_has_it() {
        let check = |seconds, expected: &str| assert_eq!(spelled(Duration::from_secs(seconds)), expected);
        check(0, "0s");
        check(5400, "1h 30m");
        check(45 * 86_400, "45d");
        check(366 * 86_400 + 61, "366d 1m 1s");
    }

    #[test]
    fn a_wish_to_stop_ends_a_wait() {
        let interrupt = Interrupt::new().unwrap();
        interrupt.request();
        // Would take an hour if the wish were not seen.
        SystemClock::starting(None).wait(Duration::from_secs(3600), &interrupt);
        assert!(interrupt.is_requested() && interrupt.wishes() == 1);
        interrupt.request();
        assert_eq!(interrupt.wishes(), 2);
    }

    #[test]
    fn elapsed_is_never_negative() {
        let now = Utc::now();
        assert_eq!(elapsed(later(now, Duration::from_secs(5)), now), Duration::ZERO);
        assert_eq!(elapsed(earlier(now, Duration::from_secs(5)), now), Duration::from_secs(5));
    }
}
