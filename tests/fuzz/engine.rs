//! One target's run: its corpus, then mutations of it, until the budget is spent.

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::dice::Dice;
use crate::figure::figure;
use crate::limits::{Tried, Watch, attempt, bound_the_process};
use crate::mutate::{LENGTH_MAX, mutate};
use crate::record::{self, Current};
use crate::setting::number;

/// Bytes, for the limits of memory.
pub(crate) const MIB: u64 = 1024 * 1024;

/// The seed if nobody names another.
const SEED: u64 = 1;

/// So many inputs with an outcome of their own are kept for further mutations.
const POOL_MAX: usize = 2000;

/// So many kinds of outcome are told from each other: a long run must not take all memory itself.
const OUTCOMES_MAX: usize = 100_000;

/// How often a failing input is tried to be made smaller, and for how long.
const SHRINKS_MAX: usize = 400;
const SHRINKING_MAX: Duration = Duration::from_secs(10);

/// Something that reads what strangers write.
pub(crate) struct Target {
    /// Its name, which is also the folder of its corpus and the module of its test.
    pub(crate) name: &'static str,
    /// Words of its format.
    pub(crate) dictionary: &'static [&'static str],
    /// How many mutations the ordinary run tries.
    pub(crate) executions: u64,
    /// How many bytes of memory an empty input may take.
    pub(crate) memory_base: u64,
    /// How many bytes of memory a byte of input may take, beyond that.
    pub(crate) memory_per_byte: u64,
    /// How many allocations an empty input may take: a count of the work done, which is the same on every machine.
    pub(crate) allocations_base: u64,
    /// How many allocations a byte of input may take, beyond that.
    pub(crate) allocations_per_byte: u64,
    /// Reads an input, panics where something does not hold, and says what kind of outcome it was.
    pub(crate) check: fn(&[u8]) -> String,
}

/// What a run came to.
#[derive(Default)]
pub(crate) struct Figures {
    executions: u64,
    outcomes: HashSet<String>,
    peak_bytes: u64,
    slowest: Duration,
}

impl Figures {
    /// Takes in one more; whether its outcome is new.
    fn add(&mut self, tried: Tried) -> bool {
        self.executions += 1;
        self.peak_bytes = self.peak_bytes.max(tried.peak_bytes);
        self.slowest = self.slowest.max(tried.took);
        self.outcomes.len() < OUTCOMES_MAX && self.outcomes.insert(tried.outcome)
    }
}

/// How long a run goes on.
pub(crate) enum Budget {
    /// So many inputs.
    Executions(u64),
    /// So long.
    Time(Duration),
}

impl Budget {
    fn of(target: &Target) -> Self {
        match number("JBR_FUZZ_SECONDS") {
            Some(seconds) => Self::Time(Duration::from_secs(seconds)),
            None => Self::Executions(number("JBR_FUZZ_EXECUTIONS").unwrap_or(target.executions)),
        }
    }

    fn is_left(&self, executions: u64, since: Instant) -> bool {
        match self {
            Self::Executions(most) => executions < *most,
            Self::Time(most) => since.elapsed() < *most,
        }
    }
}

/// Runs a target. Panics at the first input that fails, and says where it is.
pub(crate) fn run(target: &Target) {
    bound_the_process();
    if let Some(path) = std::env::var_os("JBR_FUZZ_INPUT") {
        let input = fs::read(&path).unwrap();
        let tried = attempt(target, &input).unwrap_or_else(|what| panic!("{what}"));
        figure(format_args!("fuzz: {} {tried:?}", target.name));
        return;
    }
    let (seed, started) = (number("JBR_SEED").unwrap_or(SEED), Instant::now());
    let figures = search(target, corpus(target.name), seed, &Budget::of(target))
        .unwrap_or_else(|(input, what)| panic!("{}", record::failed(target.name, seed, &input, &what)));
    figure(format_args!(
        "fuzz: {} {} executions, {} outcomes, seed {seed}, peak {} KiB, slowest {} ms, {} s",
        target.name,
        figures.executions,
        figures.outcomes.len(),
        figures.peak_bytes / 1024,
        figures.slowest.as_millis(),
        started.elapsed().as_secs()
    ));
}

/// Tries the corpus and its mutations.
///
/// # Errors
/// The first input that fails, made smaller, and how.
pub(crate) fn search(
    target: &Target,
    corpus: Vec<Vec<u8>>,
    seed: u64,
    budget: &Budget,
) -> Result<Figures, (Vec<u8>, String)> {
    bound_the_process();
    let current = Current::new(target.name);
    let watch = Watch::start(target.name, current.path().to_owned());
    let mut figures = Figures::default();
    let mut attempt_next = |input: &[u8]| {
        current.set(input);
        let tried = attempt(target, input).map_err(|_| smaller(target, input, &watch));
        watch.next();
        tried.map(|tried| (figures.add(tried), figures.executions))
    };
    let mut pool = Vec::new();
    for input in corpus {
        attempt_next(&input)?;
        if input.len() <= LENGTH_MAX {
            pool.push(input);
        }
    }
    let (mut dice, started) = (Dice::new(seed), Instant::now());
    let mut executions = 0;
    while budget.is_left(executions, started) {
        let input = mutate(&pool, target.dictionary, &mut dice);
        let (is_new, so_far) = attempt_next(&input)?;
        executions = so_far;
        if is_new && pool.len() < POOL_MAX {
            pool.push(input);
        }
    }
    current.remove();
    Ok(figures)
}

/// The corpus, and before it what ended the last process.
fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(target);
    let mut files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() > 5, "the corpus is gone: {}", folder.display());
    record::killer(target).into_iter().chain(files.iter().map(|file| fs::read(file).unwrap())).collect()
}

/// A smaller input that fails, and how: pieces are left out as long as it still does.
fn smaller(target: &Target, input: &[u8], watch: &Watch) -> (Vec<u8>, String) {
    let mut least = (input.to_vec(), attempt(target, input).err().unwrap_or("only once".to_owned()));
    let (mut piece, mut at, started) = (input.len().div_ceil(2), 0, Instant::now());
    for _ in 0..SHRINKS_MAX {
        if at >= least.0.len() {
            if piece <= 1 || started.elapsed() > SHRINKING_MAX {
                break;
            }
            (piece, at) = (piece / 2, 0);
        }
        let mut candidate = least.0.clone();
        candidate.drain(at..(at + piece).min(candidate.len()));
        watch.next();
        match attempt(target, &candidate) {
            Err(what) => least = (candidate, what),
            Ok(_) => at += piece,
        }
    }
    least
}
