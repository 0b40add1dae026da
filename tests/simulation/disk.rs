//! The disk: bytes that survive a process, and what is left of a write that a loss of power has cut short.
//!
//! Most seeds keep the state in memory, as the bytes that a file would hold. Some keep it in real files, written by the real store; what a crash
//! leaves of a write is put together from the files before and after it, step for step as the store takes them (which the store's own tests hold
//! it to).

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use jbr::clock::Timestamp;
use jbr::state::State;
use jbr::state::lock::Holder;
use jbr::state::store::{FileStore, GENERATIONS_MAX, MemoryStore, Store, StoreError, Version};
use tempfile::TempDir;

const FILE: &str = "state.json";
/// A name as the store gives it to a temporary file.
const TEMPORARY: &str = ".state.json.aB3dE6gh.tmp";

/// A disk.
#[derive(Clone)]
pub(crate) enum Disk {
    Memory(Rc<RefCell<MemoryStore>>),
    Files(Rc<TempDir>),
}

impl Disk {
    pub(crate) fn in_memory() -> Self {
        Self::Memory(Rc::default())
    }

    pub(crate) fn in_files() -> Self {
        Self::Files(Rc::new(tempfile::tempdir().unwrap()))
    }

    /// The state as any process would find it now.
    pub(crate) fn load(&self) -> Result<Option<State>, StoreError> {
        match self {
            Self::Memory(store) => store.borrow().load(),
            Self::Files(folder) => FileStore::new(&folder.path().join(FILE))?.load(),
        }
    }

    /// The store of a new process, which has the lock.
    pub(crate) fn open(&self, now: Timestamp) -> OpenDisk {
        let store = match self {
            Self::Memory(store) => Kind::Memory(Rc::clone(store)),
            Self::Files(folder) => {
                let mut store = FileStore::new(&folder.path().join(FILE)).unwrap();
                store.lock(&Holder::this_process("apply", now)).unwrap();
                Kind::Files(Box::new(store), Rc::clone(folder))
            }
        };
        OpenDisk(store)
    }
}

/// A disk as one process has it open.
pub(crate) struct OpenDisk(Kind);

enum Kind {
    Memory(Rc<RefCell<MemoryStore>>),
    Files(Box<FileStore>, Rc<TempDir>),
}

impl Store for OpenDisk {
    fn load(&self) -> Result<Option<State>, StoreError> {
        match &self.0 {
            Kind::Memory(store) => store.borrow().load(),
            Kind::Files(store, _) => store.load(),
        }
    }

    fn replace(&mut self, expected: Option<&Version>, next: &State) -> Result<(), StoreError> {
        match &mut self.0 {
            Kind::Memory(store) => store.borrow_mut().replace(expected, next),
            Kind::Files(store, _) => store.replace(expected, next),
        }
    }
}

impl OpenDisk {
    /// Replaces, and loses its power on the way; whether it left a half-written file.
    pub(crate) fn replace_torn(&mut self, expected: Option<&Version>, next: &State, cut: u64) -> bool {
        match &mut self.0 {
            Kind::Memory(store) => {
                let before = store.borrow().clone();
                store.borrow_mut().replace(expected, next).unwrap();
                if cut.is_multiple_of(2) {
                    *store.borrow_mut() = before;
                }
                false
            }
            Kind::Files(store, folder) => {
                let before = Files::of(folder.path());
                store.replace(expected, next).unwrap();
                let after = Files::of(folder.path());
                let crashes = before.crashes_on_the_way_to(&after);
                let left = &crashes[usize::try_from(cut).unwrap_or_default() % crashes.len()];
                left.put_into(folder.path());
                left.0.contains_key(TEMPORARY)
            }
        }
    }
}

/// The state's files, by name.
#[derive(Clone, PartialEq, Debug)]
struct Files(BTreeMap<String, Vec<u8>>);

impl Files {
    fn of(folder: &Path) -> Self {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
        let named = entries.map(|entry| (entry.file_name().into_string().unwrap(), entry.path()));
        let lock = format!("{FILE}.lock");
        let states = named.filter(|(name, _)| *name != lock);
        Self(states.map(|(name, path)| (name, fs::read(path).unwrap())).collect())
    }

    /// What is there after each step of the write that leads from these files to those; parts of the new bytes included.
    fn crashes_on_the_way_to(&self, after: &Self) -> Vec<Self> {
        let new = &after.0[FILE];
        let with = |part: usize| {
            let mut files = self.clone();
            files.0.insert(TEMPORARY.to_owned(), new[..part].to_vec());
            files
        };
        let mut steps = vec![self.clone(), with(0), with(1), with(new.len() / 2), with(new.len() - 1), with(new.len())];
        let mut files = with(new.len());
        if let Some(current) = self.0.get(FILE).cloned() {
            let is_free = |n: &usize| !self.0.contains_key(&generation(*n));
            let free = (1..GENERATIONS_MAX).find(is_free).unwrap_or(GENERATIONS_MAX);
            // A crash after the link has left the newest generation the same as the file: it is not linked again.
            if self.0.get(&generation(1)) != Some(&current) {
                for n in (1..free).rev() {
                    let aged = files.0.remove(&generation(n)).unwrap();
                    files.0.insert(generation(n + 1), aged);
                    steps.push(files.clone());
                }
                files.0.insert(generation(1), current);
                steps.push(files.clone());
            }
        }
        let whole = files.0.remove(TEMPORARY).unwrap();
        files.0.insert(FILE.to_owned(), whole);
        assert_eq!(
            files.0.keys().collect::<Vec<_>>(),
            after.0.keys().collect::<Vec<_>>(),
            "the store's steps are others"
        );
        assert!(files == *after, "the store's steps are others");
        steps.push(files);
        steps
    }

    fn put_into(&self, folder: &Path) {
        let path = |name: &str| -> PathBuf { folder.join(name) };
        for name in Self::of(folder).0.keys() {
            fs::remove_file(path(name)).unwrap();
        }
        for (name, bytes) in &self.0 {
            // The newest generation is a second name of the file until the file is replaced.
            if *name == generation(1) && self.0.get(FILE) == Some(bytes) {
                fs::hard_link(path(FILE), path(name)).unwrap();
            } else {
                fs::write(path(name), bytes).unwrap();
            }
        }
    }
}

fn generation(n: usize) -> String {
    format!("{FILE}.{n}")
}
