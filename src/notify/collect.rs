//! Asks the servers for the logs that a mail quotes, all servers at the same time. Only calls that read.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::excerpt::Excerpt;
use super::quotes::{Quotes, Wanted, Wish};
use crate::jetbackup::call_error::{CallError, seen};
use crate::links::{Link, Links};
use crate::names::{GroupId, JobAddress};
use crate::seen::{Seen, Why};

/// How long one answer may take: the run is over, and whoever waits for its end waits for this.
const ANSWER_LIMIT: Duration = Duration::from_secs(15);
/// After this no server is asked for another log.
const SERVER_LIMIT: Duration = Duration::from_secs(30);

/// What the wanted logs say, or why that is not known. From now on the links are in a hurry.
pub fn collect(links: &mut Links, wish: &Wish) -> Quotes {
    let answers = links.ask_all(|link| ask(link, &wish.wanted));
    let mut answers: BTreeMap<JobAddress, Seen<Excerpt>> = answers.into_iter().flat_map(|(_, quotes)| quotes).collect();
    let quote = |wanted: &Wanted| Some((wanted.job.clone(), answers.remove(&wanted.job)?));
    Quotes { quotes: wish.wanted.iter().filter_map(quote).collect(), left_out: wish.left_out }
}

fn ask(link: &mut Link, wanted: &[Wanted]) -> Vec<(JobAddress, Seen<Excerpt>)> {
    let began = Instant::now();
    link.client.hurry(ANSWER_LIMIT);
    let server = link.server.clone();
    let mut silence: Option<Why> = None;
    let mut quotes = Vec::new();
    for wanted in wanted.iter().filter(|wanted| wanted.job.server == server) {
        let quote = match &silence {
            // A server that has stopped answering is not waited for once a log.
            Some(why) => Seen::Unknown(why.clone()),
            None if began.elapsed() > SERVER_LIMIT => Seen::Unknown(Why::new("the server takes too long to answer")),
            None => quote(link, &wanted.group, &mut silence),
        };
        quotes.push((wanted.job.clone(), quote));
    }
    quotes
}

fn quote(link: &mut Link, group: &GroupId, silence: &mut Option<Why>) -> Seen<Excerpt> {
    let answer = link.client.log_text(group);
    let is_silent = answer.as_ref().is_err_and(CallError::is_silence);
    let quote = seen(answer).map(|log| Excerpt::of(&log.text));
    if let (true, Seen::Unknown(why)) = (is_silent, &quote) {
        *silence = Some(why.clone());
    }
    quote
}
