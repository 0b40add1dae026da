//! What every store promises, whatever it keeps the state in.

use jbr::clock::Timestamp;
use jbr::execute::drive::Keep as _;
use jbr::execute::journal::Journal;
use jbr::names::RunId;
use jbr::queue::Queue;
use jbr::state::lock::Holder;
use jbr::state::store::{FileStore, MemoryStore, RunKeeper, Store, StoreError, Version, new_lineage};
use jbr::state::{RunEnd, State};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;

use crate::{arbitrary, example};

#[test]
fn a_store_in_memory_conforms() {
    for promise in PROMISES {
        promise(&mut MemoryStore::default());
    }
}

#[test]
fn a_store_in_a_file_conforms() {
    for promise in PROMISES {
        let folder = tempfile::tempdir().unwrap();
        let mut store = FileStore::new(&folder.path().join("state.json")).unwrap();
        store.lock(&Holder::this_process("test", Timestamp::UNIX_EPOCH)).unwrap();
        promise(&mut store);
    }
}

const PROMISES: [fn(&mut dyn Store); 8] = [
    an_empty_store_holds_nothing,
    what_was_stored_is_loaded,
    a_stale_version_is_refused,
    another_lineage_is_refused,
    only_the_next_serial_is_taken,
    what_cannot_be_written_changes_nothing,
    a_journal_is_kept_in_its_run,
    any_state_is_stored,
];

fn serial(store: &dyn Store) -> Option<u64> {
    store.load().unwrap().map(|state| state.serial)
}

fn fresh() -> State {
    State::new(new_lineage().unwrap())
}

fn an_empty_store_holds_nothing(store: &mut dyn Store) {
    assert_eq!(store.load().unwrap(), None);
    let ghost = Version { lineage: "0".repeat(32), serial: 1 };
    let outcome = store.replace(Some(&ghost), &State { serial: 2, ..State::new("0".repeat(32)) });
    assert!(matches!(outcome, Err(StoreError::Conflict { found: None, .. })), "{outcome:?}");
    assert_eq!(store.load().unwrap(), None);
}

fn what_was_stored_is_loaded(store: &mut dyn Store) {
    let mut state = State { serial: 0, ..example::full() };
    for expected in 1..=5 {
        store.commit(&mut state).unwrap();
        assert_eq!(state.serial, expected);
        assert_eq!(store.load().unwrap().as_ref(), Some(&state));
    }
}

fn a_stale_version_is_refused(store: &mut dyn Store) {
    let mut state = fresh();
    store.commit(&mut state).unwrap();
    let mut old = state.clone();
    store.commit(&mut state).unwrap();
    let error = store.commit(&mut old).unwrap_err();
    assert!(error.to_string().contains("expected serial 1 of"), "{error}");
    assert!(error.to_string().contains("found serial 2 of"), "{error}");
    assert_eq!((old.serial, serial(store)), (1, Some(2)));
    let outcome = store.commit(&mut fresh());
    assert!(matches!(outcome, Err(StoreError::Conflict { expected: None, .. })), "a second beginning: {outcome:?}");
}

fn another_lineage_is_refused(store: &mut dyn Store) {
    store.commit(&mut fresh()).unwrap();
    let mut other = State { serial: 1, ..fresh() };
    assert!(matches!(store.commit(&mut other), Err(StoreError::Conflict { .. })));
    let mine = store.load().unwrap().unwrap();
    let disguised = State { serial: 2, ..fresh() };
    let outcome = store.replace(Some(&Version::from(&mine)), &disguised);
    assert!(matches!(outcome, Err(StoreError::NotTheNext { .. })), "{outcome:?}");
    assert_eq!(store.load().unwrap(), Some(mine));
}

fn only_the_next_serial_is_taken(store: &mut dyn Store) {
    let mut state = fresh();
    for wrong in [0, 2, u64::MAX] {
        let outcome = store.replace(None, &State { serial: wrong, ..state.clone() });
        assert!(matches!(outcome, Err(StoreError::NotTheNext { .. })), "{wrong}: {outcome:?}");
    }
    store.commit(&mut state).unwrap();
    for wrong in [0, 1, 3] {
        let outcome = store.replace(Some(&Version::from(&state)), &State { serial: wrong, ..state.clone() });
        assert!(matches!(outcome, Err(StoreError::NotTheNext { .. })), "{wrong}: {outcome:?}");
    }
    assert_eq!(serial(store), Some(1));
}

fn what_cannot_be_written_changes_nothing(store: &mut dyn Store) {
    let mut state = fresh();
    store.commit(&mut state).unwrap();
    let mut bad = state.clone();
    bad.begin(example::begun(RunId::new(Timestamp::MAX_UTC, 1), queue()));
    assert!(matches!(store.commit(&mut bad), Err(StoreError::Unwritable { .. })));
    assert_eq!(store.load().unwrap(), Some(state));
}

fn queue() -> Queue {
    example::full().run.unwrap().queue
}

fn a_journal_is_kept_in_its_run(store: &mut dyn Store) {
    let mut state = fresh();
    let journal = Journal::new(example::at(7));
    let outcome = RunKeeper::new(store, state.clone()).keep(&journal);
    assert!(matches!(outcome, Err(StoreError::NoRun)), "{outcome:?}");
    state.begin(example::begun(RunId::new(example::at(0), 0), queue()));
    store.commit(&mut state).unwrap();

    let mut keeper = RunKeeper::new(store, state.clone());
    keeper.keep(&journal).unwrap();
    let mut kept = keeper.into_state();
    assert_eq!((kept.serial, &kept.run.as_ref().unwrap().journal), (2, &journal));
    assert_eq!(store.load().unwrap().as_ref(), Some(&kept));

    // The first state is stale now: its keeper stores nothing and stays what it is.
    let mut old = RunKeeper::new(store, state.clone());
    assert!(matches!(old.keep(&journal), Err(StoreError::Conflict { .. })));
    assert_eq!(old.into_state(), state);

    kept.end(example::at(9), RunEnd::Complete);
    store.commit(&mut kept).unwrap();
    assert_eq!((serial(store), kept.history.len()), (Some(3), 1));
}

fn any_state_is_stored(store: &mut dyn Store) {
    let lineage = new_lineage().unwrap();
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for serial in 0..30 {
        let state = arbitrary::state().new_tree(&mut runner).unwrap().current();
        let mut state = State { lineage: lineage.clone(), serial, ..state };
        store.commit(&mut state).unwrap();
        assert_eq!(store.load().unwrap(), Some(state));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(16) })]

    /// Two processes that take turns at one store, each with what it read last: whoever is stale is refused, the other is not.
    #[test]
    fn two_writers_never_overwrite_each_other(turns in proptest::collection::vec((any::<bool>(), any::<bool>()), 1..40)) {
        let mut store = MemoryStore::default();
        let first = fresh();
        let mut states = [first.clone(), State { lineage: first.lineage.clone(), ..first }];
        let mut stored = 0;
        for (who, reads) in turns {
            let state = &mut states[usize::from(who)];
            if reads && let Some(there) = store.load().unwrap() {
                *state = there;
            }
            let is_current = state.serial == stored;
            prop_assert_eq!(store.commit(state).is_ok(), is_current);
            stored += u64::from(is_current);
            prop_assert_eq!(serial(&store).unwrap_or(0), stored);
        }
    }
}

#[test]
fn no_two_lineages_are_the_same() {
    let (one, other) = (new_lineage().unwrap(), new_lineage().unwrap());
    assert_ne!(one, other);
    assert!(one.len() == 32 && one.bytes().all(|b| b.is_ascii_hexdigit() && !b.is_ascii_uppercase()), "{one}");
}
