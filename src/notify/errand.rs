//! Something that may hang, done on a thread of its own.

use std::collections::BTreeMap;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::failure::{Failure, FailureKind};

/// The threads that did not come back in time, one a door at most: what the other side can make such a thread hold, it holds once.
#[derive(Debug, Default)]
pub(super) struct Errands {
    left_behind: Mutex<BTreeMap<&'static str, JoinHandle<()>>>,
}

/// What a thread says.
enum Word {
    Step(String),
    Ended(Result<(), Failure>),
}

impl Errands {
    /// Does something, and comes back when it is done or `limit` is over; `step` hears how far it is. A thread that is not done by then is left
    /// behind, and until it ends nothing else goes through that door.
    pub(super) fn run(
        &self,
        door: &'static str,
        limit: Duration,
        step: &mut dyn FnMut(String),
        job: impl FnOnce(&mut dyn FnMut(String)) -> Result<(), Failure> + Send + 'static,
    ) -> Result<(), Failure> {
        if self.left_behind().get(door).is_some_and(|thread| !thread.is_finished()) {
            return Err(Failure::channel("an earlier try still hangs"));
        }
        let end = Instant::now().checked_add(limit);
        let (say, said) = mpsc::channel();
        let spawned = std::thread::Builder::new().name("post".to_owned()).spawn(move || {
            // Nobody listens any more once the limit is over, and nothing depends on it.
            let ended = job(&mut |step| drop(say.send(Word::Step(step))));
            let _ = say.send(Word::Ended(ended));
        });
        let thread = spawned.map_err(|error| Failure::channel(format!("no thread to send it: {error}")))?;
        loop {
            let word = match end {
                Some(end) => said.recv_timeout(end.saturating_duration_since(Instant::now())),
                None => said.recv().map_err(RecvTimeoutError::from),
            };
            match word {
                Ok(Word::Step(what)) => step(what),
                Ok(Word::Ended(ended)) => {
                    // It has nothing left to do but to end.
                    let _ = thread.join();
                    return ended;
                }
                Err(RecvTimeoutError::Timeout) => {
                    self.left_behind().insert(door, thread);
                    return Err(Failure::new(FailureKind::Late, "it took too long"));
                }
                Err(RecvTimeoutError::Disconnected) => return Err(Failure::channel("the attempt broke down")),
            }
        }
    }

    fn left_behind(&self) -> MutexGuard<'_, BTreeMap<&'static str, JoinHandle<()>>> {
        self.left_behind.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
