//! Any sequence of calls by five accounts, with time passing in between.

use arbitrary::{Arbitrary, Unstructured};
use pallet_federation::mock::build_and_execute;

use crate::world::World;

/// Actions per input, at most.
const ACTIONS_MAX: usize = 256;

/// One of the accounts, or of the federations created so far, by a number that is taken modulo.
pub(crate) type Choice = u8;

/// What happens next.
#[derive(Debug, Clone, Arbitrary)]
pub(crate) enum Action {
    /// Create a federation.
    Create(Choice, Shape),
    /// Invite or appoint, join or leave.
    Invite(Choice, Choice, Choice),
    Join(Choice, Choice),
    Leave(Choice, Choice),
    /// Commit to an update or a holdout, honestly or not.
    Commit(Choice, Choice, Values, Trick),
    /// Reveal some parts of what was committed, changed by a trick.
    Reveal(Choice, Choice, Cut, Trick),
    /// Upload some parts of the initial model.
    Upload(Choice, Choice, Cut, Trick),
    /// Move an overdue phase on, or hand a solution in where one is waited for.
    Advance(Choice, Choice),
    Cancel(Choice, Choice),
    Remove(Choice, Choice),
    /// Blocks pass, so many tenths of the block time apart.
    Blocks(u8, u8),
    /// A block passes whose share for aggregation is the square of this number.
    Poll(u8),
}

/// A federation's spec, as far as it differs from the mock's.
#[derive(Debug, Clone, Arbitrary)]
pub(crate) struct Shape {
    pub strategy: u8,
    pub norm: u8,
    pub optimiser: u8,
    pub size: u8,
    pub is_narrow: bool,
    pub is_open: bool,
    pub is_uploaded: bool,
    pub clients_min: u8,
    pub more_clients: u8,
    pub rounds_max: u8,
}

/// An update's values.
#[derive(Debug, Clone, Copy, Arbitrary)]
pub(crate) enum Values {
    Small(i8),
    Any(i32),
    Smallest,
    Largest,
}

/// How a whole is cut into parts, and which of them are sent.
#[derive(Debug, Clone, Copy, Arbitrary)]
pub(crate) struct Cut {
    /// Parts of one chunk, where there are two chunks.
    pub is_fine: bool,
    pub skip: u8,
    pub take: u8,
}

/// What is wrong with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Arbitrary)]
pub(crate) enum Trick {
    None,
    Foreign,
    Stale,
    Count(u32),
    Byte(u16),
    Cut(u16),
    Proof,
    Wrapped,
}

/// Plays the actions that `data` encodes, then ends all federations; panics when an invariant does
/// not hold. Answers which of the pallet's events occurred, by their index.
pub fn calls(data: &[u8]) -> std::collections::BTreeSet<u8> {
    let mut input = Unstructured::new(data);
    let mut seen = Default::default();
    build_and_execute(|| {
        let mut world = World::new(input.arbitrary().unwrap_or(false));
        for _ in 0..ACTIONS_MAX {
            if input.is_empty() {
                break;
            }
            let Ok(action) = Action::arbitrary(&mut input) else {
                break;
            };
            world.act(&action);
            world.check();
        }
        world.wind_up();
        seen = world.seen;
    });
    seen
}
