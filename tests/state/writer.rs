//! One write of the state and nothing else, in a process of its own with a single thread: what the tests kill, and fail, at each of its
//! system calls.

use std::error::Error;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use jbr::clock::Timestamp;
use jbr::state::State;
use jbr::state::lock::Holder;
use jbr::state::store::{FileStore, Store as _};

/// Says how it ended in as many system calls each time, whatever the time or a path is: they are counted.
fn main() -> ExitCode {
    match write() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let said = format!("Error: {error:?}\n");
            // There is nobody else to tell.
            let _ = std::io::stderr().write_all(said.as_bytes());
            ExitCode::FAILURE
        }
    }
}

/// Takes the lock of the state that is named, loads it and stores its successor; says `stored` and its serial.
fn write() -> Result<(), Box<dyn Error>> {
    let path = PathBuf::from(std::env::args_os().nth(1).ok_or("name a state file")?);
    let mut store = FileStore::new(&path)?;
    store.lock(&Holder::this_process("test", Timestamp::UNIX_EPOCH))?;
    let mut state = store.load()?.unwrap_or_else(|| State::new("00112233445566778899aabbccddeeff".to_owned()));
    store.commit(&mut state)?;
    writeln!(std::io::stdout(), "stored {}", state.serial)?;
    Ok(())
}
