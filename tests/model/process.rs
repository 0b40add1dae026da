//! How a process begins, in all seriousness: the plan, the inventory and the state make the proposal that `jbr apply` would make.

use jbr::clock::Timestamp;
use jbr::desired::Desired;
use jbr::execute::Journal;
use jbr::names::RunId;
use jbr::proposal::{Request, propose};
use jbr::queue::Queue;
use jbr::state::{Run, State};

use super::mutants::Mutant;
use super::world::{EXPECTED, World};

/// Where processes begin.
pub(crate) struct Process {
    /// What the plan says.
    pub(crate) desired: Desired,
    /// The one moment of the model: every time is an age from here.
    pub(crate) base: Timestamp,
    /// Whether it waits for windows (`--wait`).
    pub(crate) stays: bool,
}

impl Process {
    /// The queue of this plan, on servers that answer.
    pub(crate) fn queue(&self, world: &World) -> Queue {
        let request = Request { is_asked_for: &|_| true, fresh: false };
        self.as_modelled(propose(&self.desired, &world.inventory(), &State::unwritten(), &request, self.base).queue)
    }

    /// How long something took decides only how often it is looked at, and here every look is as good as another; and whether it fits, which is
    /// expected of all alike.
    fn as_modelled(&self, mut queue: Queue) -> Queue {
        queue.stays = self.stays;
        for item in &mut queue.items {
            item.usual = None;
            item.fits = self.desired.job(&item.address).filter(|job| job.fits).map(|_| EXPECTED);
        }
        queue
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
        assert_eq!(self.as_modelled(proposal.queue), *queue, "the plan did not change");
        proposal.journal
    }
}
