//! A node and its peers, in memory.

use crate::sync::{
    Demands, Head,
    ledger::Ledger,
    machine::{Action, Machine, Now, Why},
    peer::{From, Wanted},
    start_over::Needed,
};
use codec::Encode;
use fedchain_pow::{
    Bounds, ENGINE_ID, HeaderChain, PostDigest, PreDigest, Rules, U256, search, target,
};
use fedchain_runtime::{Hash, Header, opaque::Block};
use parking_lot::Mutex;
use sc_consensus::BlockImportError;
use sc_network_common::sync::message::{BlockData, Direction};
use sc_network_types::PeerId;
use sp_runtime::{
    Digest, DigestItem, StateVersion,
    traits::{BlakeTwo256, Hash as _},
};
use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, LazyLock},
    time::{Duration, Instant},
};

pub const BLOCK_TIME_MS: u64 = 1_000;
pub const GENESIS_MS: u64 = 1_000_000_000;
pub const FLOOR: u64 = 2;
const GENESIS: Hash = Hash::repeat_byte(7);
/// Extrinsics' root of a block without any.
static NO_EXTRINSICS: LazyLock<Hash> =
    LazyLock::new(|| BlakeTwo256::ordered_trie_root(vec![], StateVersion::V0));

pub fn rules() -> Rules {
    Rules {
        initial_difficulty: 64.into(),
        block_time_ms: BLOCK_TIME_MS,
        bounds: Bounds {
            floor: FLOOR.into(),
            ceiling: 4_096.into(),
        },
        genesis_time_ms: GENESIS_MS,
        min_spacing_ms: 50,
    }
}

/// A chain of blocks, mined here.
#[derive(Clone)]
pub struct Chain {
    tip: HeaderChain,
    pub headers: Vec<Header>,
}

impl Chain {
    pub fn new() -> Self {
        Self {
            tip: HeaderChain::new(rules(), GENESIS),
            headers: vec![],
        }
    }

    /// Mines so many blocks, so far apart. `mark` tells branches apart.
    pub fn mine(mut self, blocks: u32, spacing_ms: u64, mark: u8) -> Self {
        for _ in 0..blocks {
            let header = self.next(spacing_ms, mark);
            self.tip.follow(&header).unwrap();
            self.headers.push(header);
        }
        self
    }

    /// The next block, not yet part of the chain.
    pub fn next(&self, spacing_ms: u64, mark: u8) -> Header {
        let difficulty = self.tip.difficulty();
        let timestamp_ms = self.tip.timestamp_ms() + spacing_ms;
        let claim = PreDigest {
            author: [mark; 32],
            difficulty,
        };
        let logs = vec![
            DigestItem::PreRuntime(ENGINE_ID, claim.encode()),
            DigestItem::Consensus(ENGINE_ID, PostDigest { timestamp_ms }.encode()),
        ];
        let mut header = Header {
            parent_hash: self.tip.hash(),
            number: self.tip.number() + 1,
            state_root: Hash::repeat_byte(mark),
            extrinsics_root: *NO_EXTRINSICS,
            digest: Digest { logs },
        };
        let goal = target(difficulty).unwrap();
        let seal = search(header.hash().as_fixed_bytes(), goal, 0..u64::MAX).unwrap();
        let item = DigestItem::Seal(ENGINE_ID, seal.encode());
        header.digest.push(item);
        header
    }

    /// Only its first blocks.
    pub fn cut(&self, blocks: u32) -> Self {
        let mut chain = Self::new();
        for header in &self.headers[..blocks as usize] {
            chain.tip.follow(header).unwrap();
            chain.headers.push(header.clone());
        }
        chain
    }

    pub fn head(&self) -> Head {
        Head {
            number: self.tip.number(),
            hash: self.tip.hash(),
        }
    }

    pub fn weight(&self) -> U256 {
        self.tip.weight()
    }

    fn answer(&self, wanted: Wanted) -> Vec<Header> {
        let at = match wanted.from {
            From::Number(number) => Some(number),
            From::Hash(hash) => {
                let position = self.headers.iter().position(|it| it.hash() == hash);
                position.map(|position| position as u32 + 1)
            }
        };
        let Some(at) = at.filter(|at| (1..=self.headers.len() as u32).contains(at)) else {
            return vec![];
        };
        let (at, max) = (at as usize, wanted.max as usize);
        match wanted.direction {
            Direction::Ascending => self.headers[at - 1..].iter().take(max).cloned().collect(),
            Direction::Descending => self.headers[..at].iter().rev().take(max).cloned().collect(),
        }
    }
}

#[derive(Default)]
struct Executed {
    blocks: HashMap<Hash, (HeaderChain, Header)>,
    canonical: Vec<Hash>,
    finalised: u32,
    witness: Option<u32>,
}

/// What the node has executed.
#[derive(Clone, Default)]
pub struct Memory(Arc<Mutex<Executed>>);

impl Memory {
    fn execute(&self, header: &Header) {
        let mut chain = self.chain_at(header.parent_hash).unwrap();
        chain.follow(header).unwrap();
        let (hash, weight) = (chain.hash(), chain.weight());
        let best = self.weight(self.best().hash).unwrap();
        self.0.lock().blocks.insert(hash, (chain, header.clone()));
        if weight > best {
            let mut canonical = vec![];
            let mut at = hash;
            while at != GENESIS {
                canonical.push(at);
                at = self.0.lock().blocks[&at].1.parent_hash;
            }
            canonical.reverse();
            self.0.lock().canonical = canonical;
        }
    }
}

impl Ledger for Memory {
    fn best(&self) -> Head {
        let executed = self.0.lock();
        Head {
            number: executed.canonical.len() as u32,
            hash: executed.canonical.last().copied().unwrap_or(GENESIS),
        }
    }

    fn finalised(&self) -> Head {
        let number = self.0.lock().finalised;
        Head {
            number,
            hash: self.canonical(number).unwrap(),
        }
    }

    fn canonical(&self, number: u32) -> Option<Hash> {
        match number {
            0 => Some(GENESIS),
            _ => self.0.lock().canonical.get(number as usize - 1).copied(),
        }
    }

    fn number(&self, hash: Hash) -> Option<u32> {
        self.chain_at(hash).map(|chain| chain.number())
    }

    fn weight(&self, hash: Hash) -> Option<U256> {
        self.chain_at(hash).map(|chain| chain.weight())
    }

    fn chain_at(&self, hash: Hash) -> Option<HeaderChain> {
        if hash == GENESIS {
            return Some(HeaderChain::new(rules(), GENESIS));
        }
        Some(self.0.lock().blocks.get(&hash)?.0.clone())
    }

    fn common(&self, mut hash: Hash) -> Option<Head> {
        loop {
            let number = self.number(hash)?;
            if self.canonical(number) == Some(hash) {
                return Some(Head { number, hash });
            }
            hash = self.0.lock().blocks.get(&hash)?.1.parent_hash;
        }
    }

    fn witness(&self) -> Option<u32> {
        self.0.lock().witness
    }
}

/// What a peer does when it is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// It sends what it has.
    Honest,
    /// It does not answer.
    Silent,
    /// It sends headers, and no blocks.
    NoBlocks,
    /// It sends headers, and never answers for blocks.
    SilentBlocks,
    /// It sends blocks with other transactions.
    OtherBlocks,
}

struct Remote {
    chain: Chain,
    manner: Manner,
}

/// What has happened to the node.
#[derive(Debug, Default)]
pub struct Log {
    pub headers: usize,
    pub requests: usize,
    pub executed: usize,
    pub dropped: Vec<(PeerId, Why)>,
    pub start_over: Vec<Needed>,
}

/// The node, its peers, and the time.
pub struct World {
    pub machine: Machine<Memory>,
    pub memory: Memory,
    pub now: Now,
    pub log: Log,
    pub invalid: HashSet<Hash>,
    remotes: HashMap<PeerId, Remote>,
}

impl World {
    /// Time goes back: as long after genesis as so many blocks take.
    pub fn begin_after(&mut self, blocks: u64) {
        self.now.unix_ms = GENESIS_MS + blocks * BLOCK_TIME_MS;
    }

    /// A node that has executed a chain, at the time of its newest block or later.
    pub fn new(chain: &Chain) -> Self {
        Self::with(chain, Demands::default(), None)
    }

    pub fn with(chain: &Chain, demands: Demands, needed: Option<Needed>) -> Self {
        let memory = Memory::default();
        for header in &chain.headers {
            memory.execute(header);
        }
        let now = Now {
            instant: Instant::now(),
            // A year after genesis.
            unix_ms: GENESIS_MS + 365 * 86_400_000,
        };
        Self {
            machine: Machine::new(memory.clone(), demands, needed, now.instant),
            memory,
            now,
            log: Log::default(),
            invalid: HashSet::new(),
            remotes: HashMap::new(),
        }
    }

    pub fn finalise(&self, number: u32) {
        self.memory.0.lock().finalised = number;
    }

    pub fn bear_witness(&self, number: u32) {
        self.memory.0.lock().witness = Some(number);
    }

    /// The node mines a block itself.
    pub fn execute(&mut self, header: &Header) {
        self.memory.execute(header);
    }

    /// A peer comes that has a chain, and says so.
    pub fn connect(&mut self, chain: &Chain, manner: Manner) -> PeerId {
        self.connect_claiming(chain, manner, chain.head())
    }

    /// A peer comes that claims another best block than it has.
    pub fn connect_claiming(&mut self, chain: &Chain, manner: Manner, claim: Head) -> PeerId {
        let id = PeerId::random();
        let chain = chain.clone();
        self.remotes.insert(id, Remote { chain, manner });
        self.machine.add_peer(id, claim, self.now);
        id
    }

    pub fn reconnect(&mut self, id: PeerId) {
        let head = self.remotes[&id].chain.head();
        self.machine.add_peer(id, head, self.now);
    }

    pub fn disconnect(&mut self, id: PeerId) {
        self.machine.remove_peer(&id);
    }

    pub fn set_manner(&mut self, id: PeerId, manner: Manner) {
        self.remotes.get_mut(&id).unwrap().manner = manner;
    }

    /// A peer's chain becomes another one, and it announces its newest block.
    pub fn announce(&mut self, id: PeerId, chain: &Chain) {
        self.remotes.get_mut(&id).unwrap().chain = chain.clone();
        let header = chain.headers.last().unwrap();
        self.machine.announce(id, header, true, self.now);
    }

    pub fn pass(&mut self, time: Duration) {
        self.now.instant += time;
        self.now.unix_ms += time.as_millis() as u64;
    }

    /// Lets a second pass at a time until nothing happens any more, at most so many.
    pub fn settle(&mut self, seconds: u32) {
        for _ in 0..seconds {
            while self.step() {}
            self.pass(Duration::from_secs(1));
        }
        while self.step() {}
    }

    /// Carries all actions out that are due; returns whether there were any.
    pub fn step(&mut self) -> bool {
        let actions = self.machine.actions(self.now);
        let is_busy = !actions.is_empty();
        for action in actions {
            self.perform(action);
        }
        is_busy
    }

    fn perform(&mut self, action: Action) {
        match action {
            Action::AskHeaders(id, wanted) => {
                self.log.requests += 1;
                let remote = &self.remotes[&id];
                if remote.manner == Manner::Silent {
                    return;
                }
                let headers = remote.chain.answer(wanted);
                self.log.headers += headers.len();
                self.machine.headers(id, headers, self.now);
            }
            Action::AskBlocks(id, wanted) => {
                let remote = &self.remotes[&id];
                let headers = match remote.manner {
                    Manner::Silent | Manner::SilentBlocks => return,
                    Manner::NoBlocks => vec![],
                    Manner::Honest | Manner::OtherBlocks => remote.chain.answer(wanted),
                };
                let body = match remote.manner {
                    Manner::OtherBlocks => {
                        vec![sp_runtime::OpaqueExtrinsic::from_blob(vec![1])]
                    }
                    _ => vec![],
                };
                let blocks = headers.into_iter().map(|header| BlockData::<Block> {
                    hash: header.hash(),
                    header: Some(header),
                    body: Some(body.clone()),
                    indexed_body: None,
                    receipt: None,
                    message_queue: None,
                    justification: None,
                    justifications: None,
                });
                self.machine.blocks(id, blocks.collect(), self.now);
            }
            Action::Import(blocks, _) => {
                let mut failed = false;
                for block in blocks {
                    let header = block.data.header.unwrap();
                    let result = if failed {
                        Err(BlockImportError::Cancelled)
                    } else if self.invalid.contains(&block.hash) {
                        failed = true;
                        Err(BlockImportError::BadBlock(None))
                    } else {
                        self.log.executed += 1;
                        self.memory.execute(&header);
                        Ok(())
                    };
                    self.machine
                        .imported(block.hash, result.as_ref().copied(), self.now);
                }
            }
            Action::Drop(id, why) => self.log.dropped.push((id, why)),
            Action::StartOver(needed) => self.log.start_over.push(needed),
            Action::CancelHeaders(_) | Action::CancelBlocks(_) => {}
        }
    }

    pub fn best(&self) -> Head {
        self.memory.best()
    }

    pub fn is_held_up(&self) -> bool {
        self.machine.is_comparing() || self.machine.is_adopting(self.now)
    }
}
