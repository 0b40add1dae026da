//! What one input may cost, and how that is noticed.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, setrlimit};

use crate::engine::Target;
use crate::figure::figure;
use crate::record;

/// No input may take more memory than this at any moment, whatever its size.
const MEMORY_MAX_BYTES: u64 = 64 * 1024 * 1024;

/// The whole process may have this much: an input that takes everything ends the test and not the machine.
const PROCESS_MEMORY_MAX_BYTES: u64 = 4 * 1024 * 1024 * 1024;

/// An input that takes longer hangs: on a slow and busy machine, in a debug build, the worst takes a hundredth of it.
const DEADLINE: Duration = Duration::from_secs(20);

/// What an input came to, and what it cost.
#[derive(Debug, Clone)]
pub(crate) struct Tried {
    /// What kind of outcome it was.
    pub(crate) outcome: String,
    /// The most memory that it held at a time.
    pub(crate) peak_bytes: u64,
    /// How long it took.
    pub(crate) took: Duration,
}

/// Tries one input.
///
/// # Errors
/// What does not hold, in words.
pub(crate) fn attempt(target: &Target, input: &[u8]) -> Result<Tried, String> {
    let started = Instant::now();
    let mut outcome = None;
    PANIC.set(Some(String::new()));
    let cost = allocation_counter::measure(|| {
        outcome = catch_unwind(AssertUnwindSafe(|| (target.check)(input))).ok();
    });
    let panic = PANIC.take().unwrap_or_default();
    let outcome = outcome.ok_or_else(|| format!("it panicked: {panic}"))?;
    let size = u64::try_from(input.len()).unwrap();
    let memory_max = (target.memory_base + target.memory_per_byte * size).min(MEMORY_MAX_BYTES);
    if cost.bytes_max > memory_max {
        return Err(format!("{size} bytes took {} bytes of memory, {memory_max} are allowed", cost.bytes_max));
    }
    let allocations_max = target.allocations_base + target.allocations_per_byte * size;
    if cost.count_total > allocations_max {
        return Err(format!("{size} bytes took {} allocations, {allocations_max} are allowed", cost.count_total));
    }
    Ok(Tried { outcome, peak_bytes: cost.bytes_max, took: started.elapsed() })
}

thread_local! {
    /// While an input is tried: what a panic said, and where.
    static PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Keeps the machine alive, whatever an input does, and the output short, however often one panics.
pub(crate) fn bound_the_process() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let limit = Some(PROCESS_MEMORY_MAX_BYTES);
        setrlimit(Resource::As, Rlimit { current: limit, maximum: limit }).unwrap();
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let is_tried = PANIC.with_borrow_mut(|said| said.as_mut().map(|said| *said = panic.to_string()).is_some());
            if !is_tried {
                usual(panic);
            }
        }));
    });
}

/// Ends the process if an input takes too long: a thread that hangs cannot be ended otherwise.
pub(crate) struct Watch(Sender<()>);

impl Watch {
    /// Watches from now on; `current` is where the input is.
    pub(crate) fn start(target: &'static str, current: PathBuf) -> Self {
        let (sender, receiver) = channel();
        std::thread::spawn(move || watch(&receiver, target, &current));
        Self(sender)
    }

    /// An input is over.
    pub(crate) fn next(&self) {
        self.0.send(()).unwrap();
    }
}

fn watch(done: &Receiver<()>, target: &str, current: &Path) {
    loop {
        match done.recv_timeout(DEADLINE) {
            Ok(()) => {}
            Err(RecvTimeoutError::Disconnected) => return,
            Err(RecvTimeoutError::Timeout) => {
                figure(format_args!(
                    "fuzz: {target} FAILED: an input took longer than {DEADLINE:?}; it is {}\n{}",
                    current.display(),
                    record::replay(target, current)
                ));
                std::process::abort();
            }
        }
    }
}
