//! What is known of a peer, and how its chain is compared with ours.

use super::{Head, branch::Branch};
use fedchain_pow::Header;
use fedchain_runtime::Hash;
use sc_network_common::sync::message::Direction;
use std::time::{Duration, Instant};

/// Longest pause after a request that was not answered.
const PAUSE_MAX: Duration = Duration::from_secs(8);
/// Blocks that a peer is asked for at once, at most.
const BLOCKS_MAX: u32 = super::branch::SEGMENT_BLOCKS;

/// Where the comparison with a peer's chain stands.
///
/// ```text
///            newest 128 headers                 a block that both have
///  Descend ----------------------> Ascend        ^
///     | none of them on our chain     ^          |
///     +------------------------> Search (by height)
/// ```
#[derive(Debug)]
pub enum Task {
    /// The headers below a block that the peer says it has.
    Descend {
        /// The block.
        tip: Head,
    },
    /// A block that both chains have, by heights: `low` is one, `high` none.
    Search {
        /// Height that both share.
        low: Option<Head>,
        /// Height at which they differ.
        high: u32,
        /// How far down the next look is, as long as there is no `low`.
        step: u32,
        /// Height that is asked for.
        at: u32,
    },
    /// The headers above a branch's newest one.
    Ascend {
        /// The branch so far.
        branch: Box<Branch>,
    },
}

/// A request for headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// From which block on.
    pub from: From,
    /// Towards older or newer ones.
    pub direction: Direction,
    /// How many at most.
    pub max: u32,
}

/// A block by hash or by height.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum From {
    /// By hash.
    Hash(Hash),
    /// By height, on the peer's best chain.
    Number(u32),
}

/// A peer.
pub struct Peer {
    /// The block that it says is its best: unproven.
    pub best: Head,
    /// The newest of its blocks whose comparison has ended.
    pub compared: Option<Hash>,
    /// The block for which the newest comparison began.
    pub aim: Option<Hash>,
    /// The comparison under way.
    pub task: Option<Task>,
    /// When a request for headers was sent that has no answer yet.
    pub headers_asked: Option<Instant>,
    /// The same for blocks.
    pub blocks_asked: Option<Instant>,
    /// The branch that it has shown last.
    pub branch: Option<Branch>,
    /// Headers that it has sent of branches that did not outweigh our chain, since `unproven_since`.
    pub unproven: u32,
    /// When `unproven` was zero.
    pub unproven_since: Instant,
    /// Since when it has been on a branch that leaves our chain below our finality.
    pub apart_since: Option<Instant>,
    /// Blocks that it is asked for at once.
    pub blocks_max: u32,
    /// Requests in a row that it has not answered.
    pub silent: u32,
    /// It is asked for nothing before.
    pub pause_until: Instant,
}

impl Peer {
    /// A peer that has just come.
    pub fn new(best: Head, now: Instant) -> Self {
        Self {
            best,
            compared: None,
            aim: None,
            task: None,
            headers_asked: None,
            blocks_asked: None,
            branch: None,
            unproven: 0,
            unproven_since: now,
            apart_since: None,
            blocks_max: BLOCKS_MAX,
            silent: 0,
            pause_until: now,
        }
    }

    /// Notes that it has answered.
    pub fn has_answered(&mut self) {
        self.silent = 0;
        self.blocks_max = self.blocks_max.saturating_mul(2).min(BLOCKS_MAX);
    }

    /// Notes that it has not answered: it is asked for less, and later.
    pub fn is_silent(&mut self, now: Instant) {
        let pause = Duration::from_secs(1 << self.silent.min(3)).min(PAUSE_MAX);
        self.silent = self.silent.saturating_add(1);
        self.pause_until = now + pause;
        self.blocks_max = (self.blocks_max / 2).max(1);
    }
}

/// Whether headers are the block asked for and those below it, newest first.
pub fn descend_from(tip: Hash, headers: &[Header]) -> bool {
    let mut due = tip;
    headers.iter().all(|header| {
        let is_due = header.hash() == due;
        due = header.parent_hash;
        is_due
    })
}
