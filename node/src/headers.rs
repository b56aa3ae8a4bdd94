//! The headers of the blocks that this node has executed, as [`HeaderChain`]s, and their weights.

use crate::{service::FullClient, sync::Head};
use codec::{DecodeAll, Encode};
use fedchain_pow::{HeaderChain, Rules, U256, WINDOW_ENTRIES_MAX};
use fedchain_runtime::Hash;
use parking_lot::Mutex;
use sc_client_api::{StorageKey, StorageProvider, backend::AuxStore};
use sp_blockchain::{Error, HeaderBackend, Result};
use std::{collections::VecDeque, sync::Arc};

/// Where the rules of the chain are kept: its genesis state may be pruned one day.
const RULES_KEY: &[u8] = b"fedchain:rules";
/// Before the hash of each block: the weight of the chain up to it.
const WEIGHT_PREFIX: &[u8] = b"fedchain:weight:";
/// The height from which on this node has watched the chain grow.
const WITNESS_KEY: &[u8] = b"fedchain:witness";
/// Chains kept in memory, so that a block on a recent one needs no look at its ancestors.
const CACHED_MAX: usize = 64;

/// Headers by hash, and what they add up to.
#[derive(Clone)]
pub struct Headers {
    client: Arc<FullClient>,
    rules: Rules,
    cache: Arc<Mutex<VecDeque<HeaderChain>>>,
}

impl Headers {
    /// The headers of a client's database.
    ///
    /// # Errors
    /// If the database fails, or the genesis state holds rules that this program does not know.
    pub fn new(client: Arc<FullClient>) -> Result<Self> {
        let rules = read_rules(&client)?;
        let cache = Arc::default();
        Ok(Self {
            client,
            rules,
            cache,
        })
    }

    /// What the chain fixed at genesis.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// The best block.
    pub fn best(&self) -> Head {
        let info = self.client.info();
        Head {
            number: info.best_number,
            hash: info.best_hash,
        }
    }

    /// The newest final block.
    pub fn finalised(&self) -> Head {
        let info = self.client.info();
        Head {
            number: info.finalized_number,
            hash: info.finalized_hash,
        }
    }

    /// The block of a height on the best chain, if it is that long.
    pub fn canonical(&self, number: u32) -> Result<Option<Hash>> {
        self.client.hash(number)
    }

    /// The height of a block, if this node has executed it.
    pub fn number(&self, hash: Hash) -> Result<Option<u32>> {
        self.client.number(hash)
    }

    /// The weight of the chain up to a block, if this node has executed it.
    pub fn weight(&self, hash: Hash) -> Result<Option<U256>> {
        if hash == self.client.info().genesis_hash {
            return Ok(Some(U256::zero()));
        }
        let bytes = self.client.get_aux(&weight_key(hash))?;
        bytes
            .map(|bytes| U256::decode_all(&mut bytes.as_slice()).map_err(corrupt))
            .transpose()
    }

    /// The chain up to a block, if this node has executed it.
    pub fn chain_at(&self, hash: Hash) -> Result<Option<HeaderChain>> {
        let is_it = |chain: &&HeaderChain| chain.hash() == hash;
        if let Some(chain) = self.cache.lock().iter().find(is_it) {
            return Ok(Some(chain.clone()));
        }
        let Some(weight) = self.weight(hash)? else {
            return Ok(None);
        };
        let mut newest = Vec::new();
        let mut next = hash;
        while newest.len() < WINDOW_ENTRIES_MAX as usize {
            match self.client.header(next)? {
                Some(header) if header.number > 0 => {
                    next = header.parent_hash;
                    newest.push(header);
                }
                Some(_) => break,
                None => return Ok(None),
            }
        }
        newest.reverse();
        let genesis = self.client.info().genesis_hash;
        let chain = HeaderChain::resume(self.rules, genesis, &newest, weight);
        let chain = chain.map_err(|fault| Error::Application(Box::new(fault)))?;
        self.remember(chain.clone());
        Ok(Some(chain))
    }

    /// The height from which on this node has watched the chain grow, if it has.
    pub fn witness(&self) -> Result<Option<u32>> {
        let bytes = self.client.get_aux(WITNESS_KEY)?;
        bytes
            .map(|bytes| u32::decode_all(&mut bytes.as_slice()).map_err(corrupt))
            .transpose()
    }

    /// Notes that this node watches the chain grow from a height on.
    pub fn set_witness(&self, number: u32) -> Result<()> {
        self.client
            .insert_aux(&[(WITNESS_KEY, number.encode().as_slice())], &[])
    }

    /// Keeps a chain in memory.
    pub fn remember(&self, chain: HeaderChain) {
        let mut cache = self.cache.lock();
        cache.truncate(CACHED_MAX - 1);
        cache.push_front(chain);
    }

    /// The newest block of the best chain among a block and its ancestors; none if the block is
    /// unknown.
    pub fn common(&self, mut hash: Hash) -> Result<Option<Head>> {
        while let Some(header) = self.client.header(hash)? {
            if self.canonical(header.number)? == Some(hash) {
                let number = header.number;
                return Ok(Some(Head { number, hash }));
            }
            hash = header.parent_hash;
        }
        Ok(None)
    }
}

/// What is stored beside a block: the weight of the chain up to it.
pub fn weight_entry(chain: &HeaderChain) -> (Vec<u8>, Option<Vec<u8>>) {
    (weight_key(chain.hash()), Some(chain.weight().encode()))
}

fn weight_key(hash: Hash) -> Vec<u8> {
    [WEIGHT_PREFIX, hash.as_bytes()].concat()
}

fn read_rules(client: &FullClient) -> Result<Rules> {
    if let Some(bytes) = client.get_aux(RULES_KEY)? {
        return Rules::decode_all(&mut bytes.as_slice()).map_err(corrupt);
    }
    let key = frame_support::storage::storage_prefix(b"Difficulty", b"Rules");
    let genesis = client.info().genesis_hash;
    let value = client.storage(genesis, &StorageKey(key.to_vec()))?;
    let rules = value.and_then(|value| Rules::decode_all(&mut value.0.as_slice()).ok());
    let rules = rules.ok_or_else(|| {
        Error::Storage(
            "the genesis state of this chain holds no difficulty rules that this version knows: its \
             specification was made by another version, and a chain is run by the version that made it"
                .into(),
        )
    })?;
    client.insert_aux(&[(RULES_KEY, rules.encode().as_slice())], &[])?;
    Ok(rules)
}

fn corrupt(error: codec::Error) -> Error {
    Error::Backend(format!("the database is damaged: {error}"))
}
