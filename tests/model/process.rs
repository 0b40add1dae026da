//! How a process begins, in all seriousness: the plan, the inventory and the state make the proposal that `jbr apply` would make.

use jbr::clock::Timestamp;
use jbr::desired::Desired;
use jbr::execute::Journal;
use jbr::names::RunId;
use jbr::proposal::{Request, propose};
use jbr::queue::Queue;
use jbr::state::{Run, State};

use super::mutants::Mutant;
use super::world::World;

/// Where processes begin.
pub(crate) struct Process {
    /// What the plan says.
    pub(crate) desired: Desired,
    /// The one moment of the model: every time is an age from here.
    pub(crate) base: Timestamp,
}

impl Process {
    /// The queue of this plan, on servers that answer.
    pub(crate) fn queue(&self, world: &World) -> Queue {
        let request = Request { is_asked_for: &|_| true, fresh: false };
        propose(&self.desired, &world.inventory(), &State::unwritten(), &request, self.base).queue
    }

    /// The journal that a process begins with.
    pub(crate) fn begin(&self, queue: &Queue, world: &World, stored: &Journal, fresh: bool, mutant: Mutant) -> Journal {
        let run =
            Run { id: RunId::new(self.base, 0), started: self.base, queue: queue.clone(), journal: stored.clone() };
        let mut state = State::unwritten();
        state.begin(run);
        let request = Request { is_asked_for: &|_| true, fresh };
        mutant.begins(&mut state, fresh);
        let proposal = propose(&self.desired, &world.inventory(), &state, &request, self.base);
        // How long something took decides only how often it is looked at, and here every look is as good as another.
        let mut today = proposal.queue;
        today.items.iter_mut().for_each(|item| item.usual = None);
        assert_eq!(today, *queue, "the plan did not change");
        proposal.journal
    }
}
