//! The plan: the heaviest branch of proven headers, while its blocks are fetched and imported.
//!
//! Any peer may serve any part of it, for each is asked for by hash. A block goes to the import only if
//! its hash is that of a proven header and its transactions are those of the header, so a false one
//! is found before it can discredit the true one.

use super::{
    Head,
    branch::{Branch, SEGMENT_BLOCKS, Segment},
};
use codec::Encode;
use fedchain_pow::{Fault, Header, U256};
use fedchain_runtime::{Hash, opaque::Block};
use sc_network_common::sync::message::BlockData;
use sc_network_types::PeerId;
use sp_runtime::{
    StateVersion,
    traits::{BlakeTwo256, Hash as _},
};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    time::Instant,
};

/// How many blocks are fetched ahead of the import, at most.
const AHEAD_BLOCKS_MAX: u32 = 1_024;
/// How many bytes of blocks wait for the import, at most, beside what is on its way.
const AHEAD_BYTES_MAX: usize = 64 << 20;
/// How many blocks are with the import queue, at most.
const IMPORTING_MAX: usize = 256;

/// What a peer sent is not what was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forged;

/// A block to import.
pub struct Fetched {
    /// Who sent it.
    pub peer: PeerId,
    /// Its hash.
    pub hash: Hash,
    /// The block, with header and body.
    pub data: BlockData<Block>,
    bytes: usize,
}

/// The branch that this node is moving to.
pub struct Plan {
    branch: Branch,
    /// Who showed the branch.
    pub proposer: PeerId,
    /// Whether blocks of the best chain must be taken back for it.
    pub takes_back: bool,
    wanted: BTreeMap<u32, Segment>,
    asked: HashMap<PeerId, Segment>,
    ready: BTreeMap<u32, Vec<Fetched>>,
    ready_bytes: usize,
    next: u32,
    importing: HashSet<Hash>,
    /// Peers that do not have its blocks.
    lacking: HashSet<PeerId>,
    /// When a block of it was last imported; none before the first.
    pub imported_at: Option<Instant>,
    /// When a block of it was last sent or imported, or the plan made.
    pub moved_at: Instant,
}

impl Plan {
    /// A plan for a branch, of which nothing is fetched yet.
    pub fn new(branch: Branch, proposer: PeerId, takes_back: bool, now: Instant) -> Self {
        let segments = branch.segments.iter();
        Self {
            proposer,
            takes_back,
            wanted: segments.map(|it| (it.first, *it)).collect(),
            asked: HashMap::new(),
            ready: BTreeMap::new(),
            ready_bytes: 0,
            next: branch.fork.number.saturating_add(1),
            importing: HashSet::new(),
            lacking: HashSet::new(),
            imported_at: None,
            moved_at: now,
            branch,
        }
    }

    /// The newest block.
    pub fn tip(&self) -> Head {
        self.branch.tip()
    }

    /// The weight of the chain up to its newest block.
    pub fn weight(&self) -> U256 {
        self.branch.chain.weight()
    }

    /// The branch.
    pub fn branch(&self) -> &Branch {
        &self.branch
    }

    /// Blocks that wait for the import, or are with it.
    pub fn queued(&self) -> usize {
        let ready: usize = self.ready.values().map(Vec::len).sum();
        ready.saturating_add(self.importing.len())
    }

    /// Takes a header on its newest block.
    ///
    /// # Errors
    /// What is wrong with the header.
    pub fn extend(&mut self, header: &Header, best: U256) -> Result<(), Fault> {
        self.branch.follow(header, best)?;
        let first = header.number;
        let top = self.branch.chain.hash();
        let blocks = 1;
        self.wanted.insert(first, Segment { first, blocks, top });
        Ok(())
    }

    /// What to ask a peer for next, as the hash of the newest block and how many to send with those
    /// below it, at most `blocks_max`.
    pub fn ask(&mut self, peer: PeerId, blocks_max: u32) -> Option<(Hash, u32)> {
        if self.lacking.contains(&peer) || self.asked.contains_key(&peer) {
            return None;
        }
        let (&first, segment) = self.wanted.first_key_value()?;
        let has_room = self.ready_bytes < AHEAD_BYTES_MAX || first == self.next;
        if first >= self.next.saturating_add(AHEAD_BLOCKS_MAX) || !has_room {
            return None;
        }
        let request = (segment.top, segment.blocks.min(blocks_max));
        let segment = self.wanted.remove(&first)?;
        self.asked.insert(peer, segment);
        Some(request)
    }

    /// Takes what a peer sent, newest block first; answers whether these are blocks that were still to come. An
    /// empty answer says that it does not have them.
    ///
    /// # Errors
    /// [`Forged`]; then as if it had not answered.
    pub fn receive(
        &mut self,
        peer: PeerId,
        blocks: Vec<BlockData<Block>>,
        now: Instant,
    ) -> Result<bool, Forged> {
        let Some(segment) = self.asked.remove(&peer) else {
            return Ok(false);
        };
        if blocks.is_empty() {
            self.lacking.insert(peer);
            self.wanted.insert(segment.first, segment);
            return Ok(false);
        }
        let Some((fetched, below)) = check(peer, &segment, blocks) else {
            self.wanted.insert(segment.first, segment);
            return Err(Forged);
        };
        self.moved_at = now;
        let received = fetched.len() as u32;
        let rest = segment.blocks.saturating_sub(received);
        if rest > 0 {
            let Segment { first, .. } = segment;
            let (blocks, top) = (rest, below);
            self.wanted.insert(first, Segment { first, blocks, top });
        }
        let bytes: usize = fetched.iter().map(|block| block.bytes).sum();
        self.ready_bytes = self.ready_bytes.saturating_add(bytes);
        self.ready
            .insert(segment.first.saturating_add(rest), fetched);
        Ok(true)
    }

    /// Another peer is to send what was asked of this one.
    pub fn give_up_on(&mut self, peer: &PeerId) {
        if let Some(segment) = self.asked.remove(peer) {
            self.wanted.insert(segment.first, segment);
        }
    }

    /// Whether a peer whose best block has this height could still send some of it.
    pub fn may_come_from(&self, peer: &PeerId, best: u32) -> bool {
        let is_able = *peer == self.proposer || best >= self.tip().number;
        is_able && !self.lacking.contains(peer)
    }

    /// Whether a peer has said that it does not have its blocks.
    pub fn is_lacked_by(&self, peer: &PeerId) -> bool {
        self.lacking.contains(peer)
    }

    /// Whether blocks of it are still to be fetched.
    pub fn is_wanting(&self) -> bool {
        !self.wanted.is_empty() || !self.asked.is_empty()
    }

    /// The next blocks for the import, in order.
    pub fn take_ready(&mut self) -> Vec<Fetched> {
        let mut blocks = vec![];
        while self.importing.len() < IMPORTING_MAX
            && let Some(ready) = self.ready.remove(&self.next)
        {
            for block in ready {
                self.next = self.next.saturating_add(1);
                self.ready_bytes = self.ready_bytes.saturating_sub(block.bytes);
                self.importing.insert(block.hash);
                blocks.push(block);
            }
        }
        blocks
    }

    /// Notes that a block is through the import; returns whether it is one of this plan.
    pub fn is_through(&mut self, hash: Hash) -> bool {
        self.importing.remove(&hash)
    }
}

/// Checks blocks against the segment that was asked for; returns them oldest first, and the hash of
/// the block below.
fn check(
    peer: PeerId,
    segment: &Segment,
    blocks: Vec<BlockData<Block>>,
) -> Option<(Vec<Fetched>, Hash)> {
    if blocks.len() > segment.blocks.min(SEGMENT_BLOCKS) as usize {
        return None;
    }
    let mut due = segment.top;
    let mut fetched = vec![];
    for data in blocks {
        let (header, body) = (data.header.as_ref()?, data.body.as_ref()?);
        if header.hash() != due {
            return None;
        }
        let body: Vec<Vec<u8>> = body.iter().map(Encode::encode).collect();
        let bytes = body.iter().map(Vec::len).sum();
        if BlakeTwo256::ordered_trie_root(body, StateVersion::V0) != header.extrinsics_root {
            return None;
        }
        let hash = due;
        due = header.parent_hash;
        fetched.push(Fetched {
            peer,
            hash,
            data,
            bytes,
        });
    }
    fetched.reverse();
    Some((fetched, due))
}
