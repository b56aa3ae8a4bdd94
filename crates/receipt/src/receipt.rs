//! The receipt: one client's update in one server model, with the headers that vouch for it.

use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemLimit, DecodeWithMemTracking, Encode};
use fedchain_commitment::{Accepted, Membership};
use fedchain_fl::{
    H256,
    view::{Outcome, ServerModel},
};
use fedchain_pow::U256;

use crate::{Fault, Header, HeaderChain, Links, chain_from, server_models, upgrades_code};

/// What a file begins with: what it is, and its version.
const TAG: &[u8] = b"fedchain/receipt/1\n";

/// Bytes of a file, at most: a million headers.
pub const RECEIPT_BYTES_MAX: u64 = 256 << 20;

/// Blocks whose work must stand above the round's, unless the checker says otherwise: as deep as a block is
/// final by default.
pub const BLOCKS_ABOVE_DEFAULT: u32 = 100;

/// Memory that a decoded file may take, in bytes: small items take more than their encoding.
const MEMORY_MAX: usize = 1 << 30;

/// That a client's update is in a server model.
///
/// As a file: the tag, then the SCALE encoding.
#[derive(Debug, Clone, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking)]
pub struct Receipt {
    /// Number of the federation.
    pub federation: u32,
    /// Number of the round.
    pub round: u32,
    /// The update: who sent it, with which weight, and the root of its values.
    pub update: Accepted<[u8; 32]>,
    /// That it is one of the round's accepted updates.
    pub membership: Membership,
    /// Trie nodes that prove the difficulty's rules in the genesis state; none unless the headers
    /// begin there.
    pub rules: Vec<Vec<u8>>,
    /// Consecutive headers, oldest first: the one that closed the round is among them.
    pub headers: Vec<Header>,
    /// Hash of the newest of them.
    pub tip: H256,
}

/// What a receipt rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Basis {
    /// A block that the checker trusts, at or above the one that closed the round.
    Checkpoint {
        /// Its height.
        number: u32,
    },
    /// The work of all blocks since the genesis block, which the checker trusts.
    Work {
        /// Hashes that it took at least, on average, to make the chain: the sum of its blocks'
        /// [weights](fedchain_pow::weight).
        total: U256,
        /// The same for the blocks above the one that closed the round. Only that proves anything of it: the
        /// blocks below are there for everybody to build on.
        above: U256,
        /// What a block weighed then: the [median](fedchain_pow::median) before the one that closed the
        /// round.
        block: U256,
    },
    /// Nothing: the checker trusts none of its blocks. Whoever made the file can have made it up.
    Nothing,
}

/// What a receipt says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The server model.
    pub server_model: ServerModel,
    /// The block that made it.
    pub closed_at: u32,
    /// Its hash.
    pub block: H256,
    /// Height of the newest header.
    pub tip: u32,
    /// Blocks, among the headers, that replaced the runtime's code.
    pub upgrades: Vec<u32>,
    /// Why to believe it.
    pub basis: Basis,
}

/// Why a receipt that is whole convinces nobody.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Doubt {
    /// The checker trusts none of its blocks.
    #[error(
        "work not verified: anybody could have made this file. Name a block that you know from elsewhere \
         with --trust: the genesis block, or one at or above the round's"
    )]
    Untrusted,
    /// No block stands above the round's.
    #[error(
        "work not verified: no block stands above the round's, so nothing vouches for it. Get a receipt later"
    )]
    Bare,
    /// Too few blocks stand above the round's.
    #[error(
        "work not verified: {above} hashes stand above the round's block, and {blocks} blocks like it take \
         {least}: anybody can put a few headers on top of others'. Get a receipt later"
    )]
    Shallow {
        /// What stands above.
        above: U256,
        /// How many blocks are asked for.
        blocks: u32,
        /// What these take.
        least: U256,
    },
    /// The checker does not say what the network's work is.
    #[error(
        "work not verified: {above} hashes stand above the round's block. Is that what the network does? \
         Anybody can make a chain of little work: say with --work-min what must stand there"
    )]
    Unjudged {
        /// What stands above.
        above: U256,
    },
    /// Less than the checker asks for.
    #[error(
        "work not verified: {above} hashes stand above the round's block, you ask for {wanted}"
    )]
    TooCheap {
        /// What stands above.
        above: U256,
        /// What should.
        wanted: U256,
    },
}

impl Verdict {
    /// Whether the receipt convinces somebody who wants the work of so many `blocks` above the round's, and
    /// `work_min` hashes at least, if the trusted block is the genesis block.
    ///
    /// # Errors
    /// Why not.
    pub fn convinces(&self, blocks: u32, work_min: Option<U256>) -> Result<(), Doubt> {
        let (above, block) = match self.basis {
            Basis::Nothing => return Err(Doubt::Untrusted),
            Basis::Checkpoint { .. } => return Ok(()),
            Basis::Work { above, block, .. } => (above, block),
        };
        let least = block.saturating_mul(blocks.into());
        let wanted = work_min.ok_or(Doubt::Unjudged { above });
        match wanted {
            _ if above.is_zero() => Err(Doubt::Bare),
            _ if above < least => Err(Doubt::Shallow {
                above,
                blocks,
                least,
            }),
            Ok(wanted) if above < wanted => Err(Doubt::TooCheap { above, wanted }),
            wanted => wanted.map(|_| ()),
        }
    }
}

/// Why a receipt proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The bytes are no receipt.
    #[error("this is no receipt of this version, or it was damaged")]
    Malformed,
    /// The newest header is not the one that the receipt names.
    #[error("the newest header is not the one that the receipt names: it was damaged")]
    Tip,
    /// A header cannot follow the one before it.
    #[error("block {number} cannot follow the one before it: {fault}")]
    Header {
        /// Height of the header.
        number: u32,
        /// What is wrong.
        fault: Fault,
    },
    /// The genesis state's rules are not proven.
    #[error("the rules of the difficulty are not proven by the genesis block's state root")]
    Rules,
    /// There is a proof of rules, but no genesis block.
    #[error("there is a proof of the genesis state, but the headers begin later")]
    NeedlessRules,
    /// No header closes the round.
    #[error("none of the headers closes the round")]
    NoRound,
    /// The round made no new server model.
    #[error("the round was skipped: its updates are in no server model")]
    Skipped,
    /// The round's model was judged worse, and not adopted.
    #[error(
        "the round's model was worse than the one before it: its updates are in no server model"
    )]
    Worse,
    /// The update is not in the accepted set.
    #[error("the update is not among the accepted ones of the round")]
    NotAccepted,
    /// The trusted block is not among the headers that count.
    #[error(
        "the trusted block is neither the receipt's genesis block nor one at or above block \
         {closed_at}, which closed the round"
    )]
    Elsewhere {
        /// The block that closed the round.
        closed_at: u32,
    },
}

impl Receipt {
    /// The file's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        [TAG, &self.encode()].concat()
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`Error::Malformed`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        if bytes.len() as u64 > RECEIPT_BYTES_MAX {
            return Err(Error::Malformed);
        }
        let rest = bytes.strip_prefix(TAG).ok_or(Error::Malformed)?;
        let receipt = Self::decode_with_mem_limit(&mut &*rest, MEMORY_MAX);
        let receipt = receipt.map_err(|_| Error::Malformed)?;
        // Every value has one encoding, and nothing follows it.
        match receipt.encode() == rest {
            true => Ok(receipt),
            false => Err(Error::Malformed),
        }
    }

    /// Checks all of it; `trusted` is the hash of a block that the checker knows from elsewhere: the
    /// genesis block, or any at or above the one that closed the round.
    ///
    /// # Errors
    /// Why it proves nothing. Without a trusted block the rest is checked, and the basis is
    /// [`Basis::Nothing`].
    pub fn check(&self, trusted: Option<H256>) -> Result<Verdict, Error> {
        let [first, rest @ ..] = self.headers.as_slice() else {
            return Err(Error::NoRound);
        };
        let mut links = Links::new(first);
        let first_hash = links.hash();
        let mut work = match (first.number, self.rules.is_empty()) {
            (0, _) => Some(chain_from(first, &self.rules).ok_or(Error::Rules)?),
            (_, true) => None,
            (_, false) => return Err(Error::NeedlessRules),
        };
        // Links are enough below a trusted block, whatever the rules were after an upgrade.
        work = work.filter(|_| trusted.is_none_or(|trusted| trusted == first_hash));
        // Weight up to a block, and the median before it.
        let mut before = U256::zero();
        let total =
            |work: &Option<HeaderChain>| work.as_ref().map_or(U256::zero(), HeaderChain::weight);
        let mut found = self
            .closing(first)
            .map(|model| (model, first.number, first_hash, (total(&work), before)));
        let mut trusted_at = (Some(first_hash) == trusted).then_some(first.number);
        for header in rest {
            let number = header.number;
            let wrong = |fault| Error::Header { number, fault };
            links.follow(header).map_err(wrong)?;
            if let Some(work) = &mut work {
                before = work.median();
                work.follow(header).map_err(wrong)?;
            }
            if found.is_none() {
                found = self
                    .closing(header)
                    .map(|model| (model, number, links.hash(), (total(&work), before)));
            }
            if Some(links.hash()) == trusted {
                trusted_at = Some(number);
            }
        }
        if links.hash() != self.tip {
            return Err(Error::Tip);
        }
        let (server_model, closed_at, block, (work_then, median_then)) =
            found.ok_or(Error::NoRound)?;
        match server_model.outcome {
            Outcome::Adopted | Outcome::Ungated => {}
            Outcome::Skipped | Outcome::Crowded => return Err(Error::Skipped),
            Outcome::Worse => return Err(Error::Worse),
        }
        if self.membership.root(&self.update) != Some(server_model.accepted_root) {
            return Err(Error::NotAccepted);
        }
        let basis = match (trusted, trusted_at, work) {
            (None, _, _) => Basis::Nothing,
            (_, Some(number), _) if number >= closed_at => Basis::Checkpoint { number },
            (_, Some(0), Some(work)) => Basis::Work {
                total: work.weight(),
                above: work.weight().saturating_sub(work_then),
                block: median_then,
            },
            _ => return Err(Error::Elsewhere { closed_at }),
        };
        let headers = self.headers.iter();
        let upgrades = headers.filter(|header| upgrades_code(header));
        Ok(Verdict {
            server_model,
            closed_at,
            block,
            tip: links.number(),
            upgrades: upgrades.map(|header| header.number).collect(),
            basis,
        })
    }

    /// The server model of the receipt's round, in the header that closed it.
    fn closing(&self, header: &Header) -> Option<ServerModel> {
        let models = server_models(header).unwrap_or_default();
        models
            .into_iter()
            .find(|model| (model.federation, model.round) == (self.federation, self.round))
    }
}
