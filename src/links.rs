//! The servers as they are reached: one client each, asked at the same time wherever nothing is changed.

use crate::jetbackup::client::Client;
use crate::names::{DestinationId, ServerName};

/// How many servers are asked at the same time.
const PARALLEL_MAX: usize = 16;

/// One server and the client that reaches it.
pub struct Link {
    /// Its name in the plan.
    pub server: ServerName,
    /// The guarded destination, if the plan names one.
    pub guard: Option<DestinationId>,
    /// Who asks it.
    pub client: Client,
}

/// Every server of the plan, in its order.
pub struct Links {
    links: Vec<Link>,
    /// How many of them are asked at the same time; 1 at least.
    at_once: usize,
}

impl Links {
    /// The links in the plan's order.
    #[must_use]
    pub fn new(links: Vec<Link>) -> Self {
        Self { links, at_once: PARALLEL_MAX }
    }

    /// The same, asked one after the other: for a simulation, whose time must not depend on which thread is quicker.
    #[must_use]
    pub fn one_by_one(self) -> Self {
        Self { at_once: 1, ..self }
    }

    /// The link to one server.
    pub fn to(&mut self, server: &ServerName) -> Option<&mut Link> {
        self.links.iter_mut().find(|link| link.server == *server)
    }

    /// Asks every server the same, many at a time; the answers come in the plan's order.
    pub fn ask_all<T: Send>(&mut self, question: impl Fn(&mut Link) -> T + Sync) -> Vec<(ServerName, T)> {
        if self.at_once == 1 {
            return self.links.iter_mut().map(|link| (link.server.clone(), question(link))).collect();
        }
        let mut answers = Vec::with_capacity(self.links.len());
        for links in self.links.chunks_mut(self.at_once) {
            // What is logged on these threads is of the run that asks.
            let span = tracing::Span::current();
            std::thread::scope(|scope| {
                let asked: Vec<_> = links
                    .iter_mut()
                    .map(|link| (link.server.clone(), scope.spawn(|| span.in_scope(|| question(link)))))
                    .collect();
                for (server, thread) in asked {
                    match thread.join() {
                        Ok(answer) => answers.push((server, answer)),
                        Err(panic) => std::panic::resume_unwind(panic),
                    }
                }
            });
        }
        answers
    }

    /// Keeps idle connections alive.
    pub fn keep_alive(&mut self) {
        for link in &mut self.links {
            link.client.keep_alive();
        }
    }
}
