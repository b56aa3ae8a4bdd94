//! The state machine: events in, actions out.
//!
//! [`compare`] weighs what peers show, [`choose`] decides what to do about it, [`fetch`] gets the blocks.

mod choose;
mod compare;
mod fetch;

use super::{
    Demands, Head, LOG_TARGET,
    branch::Branch,
    budget::{Cheap, Tokens},
    held::Held,
    ledger::Ledger,
    peer::{Peer, Wanted},
    plan::{Fetched, Plan},
    start_over::Needed,
};
use fedchain_pow::U256;
use fedchain_runtime::Hash;
use log::debug;
use sc_network_types::PeerId;
use std::{
    collections::{BTreeMap, HashSet, VecDeque},
    fmt::Display,
    time::{Duration, Instant},
};

/// How long a peer may take to send headers.
const HEADERS_WITHIN: Duration = Duration::from_secs(5);

/// How long a peer may take to send blocks.
const BLOCKS_WITHIN: Duration = Duration::from_secs(10);

/// A peer is dropped after so many requests in a row that it did not answer.
const SILENT_MAX: u32 = 6;
/// A peer on the other side of finality keeps its place for so long: neither can follow the other.
const APART_MAX: Duration = Duration::from_secs(60);
/// Hashes of blocks that are remembered for one purpose, at most.
const REMEMBERED_MAX: usize = 1_024;

/// The time.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// By a clock that only goes forward.
    pub instant: Instant,
    /// In milliseconds since the Unix epoch.
    pub unix_ms: u64,
}

/// Why a peer is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It sent what no honest node sends.
    Invalid,
    /// Its branch has little weight for its length, or no blocks; or it does not answer.
    Cheap,
    /// Its chain leaves ours below finality, so its place is better given to another. It may be right.
    Apart,
}

/// What is to be done.
pub enum Action {
    /// Ask a peer for headers.
    AskHeaders(PeerId, Wanted),
    /// Ask a peer for a block and those below it.
    AskBlocks(PeerId, Wanted),
    /// Forget a request for headers.
    CancelHeaders(PeerId),
    /// Forget a request for blocks.
    CancelBlocks(PeerId),
    /// Disconnect a peer and lower its reputation.
    Drop(PeerId, Why),
    /// Import blocks; the flag says that many more follow.
    Import(Vec<Fetched>, bool),
    /// Delete the chain and fetch a heavier one.
    StartOver(Needed),
}

/// What was seen, for Prometheus.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Headers checked.
    pub headers: u64,
    /// Headers held until they are due.
    pub held: u64,
    /// Branches given up as cheap.
    pub cheap: u64,
    /// Heavier chains below finality.
    pub below_finality: u64,
    /// The newest such chain's weight above the fork: ours, then its.
    pub fork_weight: Option<(U256, U256)>,
}

/// The strategy, without network and clock.
pub struct Machine<L> {
    ledger: L,
    demands: Demands,
    needed: Option<(Needed, Instant)>,
    peers: BTreeMap<PeerId, Peer>,
    cheap: Cheap,
    tokens: Tokens,
    held: Held,
    bad: VecDeque<Hash>,
    /// Newest blocks of branches whose blocks did not come: they keep no other branch waiting.
    stalled: VecDeque<Hash>,
    alarmed: HashSet<Hash>,
    ordered_at: Option<Instant>,
    plan: Option<Plan>,
    started: Instant,
    compared: bool,
    actions: Vec<Action>,
    seen: Seen,
}

impl<L: Ledger> Machine<L> {
    /// A node that knows nobody. `needed` is the weight for which it has deleted its chain.
    pub fn new(ledger: L, demands: Demands, needed: Option<Needed>, now: Instant) -> Self {
        Self {
            ledger,
            demands,
            needed: needed.map(|needed| (needed, now)),
            peers: BTreeMap::new(),
            cheap: Cheap::default(),
            tokens: Tokens::new(now),
            held: Held::default(),
            bad: VecDeque::new(),
            stalled: VecDeque::new(),
            alarmed: HashSet::new(),
            ordered_at: None,
            plan: None,
            started: now,
            compared: false,
            actions: vec![],
            seen: Seen::default(),
        }
    }

    /// The plan under way.
    pub fn plan(&self) -> Option<&Plan> {
        self.plan.as_ref()
    }

    /// How many peers there are.
    pub fn peers(&self) -> usize {
        self.peers.len()
    }

    /// What was seen since the last call.
    pub fn take_seen(&mut self) -> Seen {
        std::mem::take(&mut self.seen)
    }

    /// Whether peers are still compared for the first time since the start.
    pub fn is_comparing(&self) -> bool {
        !self.compared && !self.peers.is_empty()
    }

    /// Whether blocks of a chain that is heavier by more than two blocks are arriving. A peer that has
    /// shown headers and sends no blocks changes nothing.
    pub fn is_adopting(&self, now: Now) -> bool {
        let Some(plan) = &self.plan else {
            return false;
        };
        let Some(imported_at) = plan.imported_at else {
            return false;
        };
        let block_time = plan.branch().chain.rules().block_time_ms.max(1_000);
        let margin = plan.branch().chain.median().saturating_mul(2.into());
        let is_behind = plan.weight() > self.best_weight().saturating_add(margin);
        let since = now.instant.saturating_duration_since(imported_at);
        is_behind && since < Duration::from_millis(block_time)
    }

    fn best_weight(&self) -> U256 {
        let best = self.ledger.best();
        self.ledger.weight(best.hash).unwrap_or_default()
    }

    /// A peer has come, and says what its best block is.
    pub fn add_peer(&mut self, id: PeerId, best: Head, now: Now) {
        if self.ledger.number(best.hash).is_some() {
            self.cheap.remove(&id);
        }
        self.peers.insert(id, Peer::new(best, now.instant));
    }

    /// A peer has left.
    pub fn remove_peer(&mut self, id: &PeerId) {
        self.peers.remove(id);
        if let Some(plan) = &mut self.plan {
            plan.give_up_on(id);
        }
    }

    /// A peer has sent what cannot be read.
    pub fn nonsense(&mut self, id: PeerId) {
        self.drop_peer(id, Why::Invalid, &"an answer that cannot be read");
    }

    fn drop_peer(&mut self, id: PeerId, why: Why, what: &dyn Display) {
        debug!(target: LOG_TARGET, "{id} is dropped ({why:?}): {what}");
        self.remove_peer(&id);
        self.actions.push(Action::Drop(id, why));
    }

    /// What is to be done now. To be called after every event, and every second or so.
    pub fn actions(&mut self, now: Now) -> Vec<Action> {
        for (id, header) in self.held.take_due(now.unix_ms) {
            self.announce(id, &header, false, now);
            // What stands on it could not be compared before.
            if let Some(peer) = self.peers.get_mut(&id) {
                peer.compared = None;
            }
        }
        self.give_up_on_silent(now);
        self.drop_cheap(now);
        self.drop_apart(now);
        self.compare(now);
        self.look_for_end(now);
        self.fetch(now);
        std::mem::take(&mut self.actions)
    }

    /// Asks no longer for what was not sent in time.
    fn give_up_on_silent(&mut self, now: Now) {
        let mut silent = vec![];
        for (id, peer) in &mut self.peers {
            let is_late = |asked: Option<Instant>, within| {
                asked.is_some_and(|at| now.instant.saturating_duration_since(at) >= within)
            };
            if is_late(peer.headers_asked, HEADERS_WITHIN) {
                peer.headers_asked = None;
                peer.is_silent(now.instant);
                self.actions.push(Action::CancelHeaders(*id));
            }
            if is_late(peer.blocks_asked, BLOCKS_WITHIN) {
                peer.blocks_asked = None;
                peer.is_silent(now.instant);
                self.actions.push(Action::CancelBlocks(*id));
                if let Some(plan) = &mut self.plan {
                    plan.give_up_on(id);
                }
            }
            if peer.silent >= SILENT_MAX {
                silent.push(*id);
            }
        }
        for id in silent {
            self.drop_peer(id, Why::Cheap, &"it does not answer");
        }
    }

    fn drop_cheap(&mut self, now: Now) {
        let ids = self.peers.keys().copied();
        let over: Vec<_> = ids
            .filter(|id| self.cheap.is_over(id, now.instant))
            .collect();
        for id in over {
            self.drop_peer(id, Why::Cheap, &"it stayed on a cheap branch");
        }
    }

    fn drop_apart(&mut self, now: Now) {
        let finalised = self.ledger.finalised().number;
        let mut over = vec![];
        for (id, peer) in &mut self.peers {
            let leaves_below = |branch: &Branch| branch.common.number < finalised;
            let is_apart = peer.branch.as_ref().is_some_and(leaves_below)
                && self.ledger.number(peer.best.hash).is_none();
            peer.apart_since = match is_apart {
                true => peer.apart_since.or(Some(now.instant)),
                false => None,
            };
            let is_over =
                |since: Instant| now.instant.saturating_duration_since(since) >= APART_MAX;
            if peer.apart_since.is_some_and(is_over) {
                over.push(*id);
            }
        }
        for id in over {
            self.drop_peer(id, Why::Apart, &"its chain leaves ours below finality");
        }
    }
}
