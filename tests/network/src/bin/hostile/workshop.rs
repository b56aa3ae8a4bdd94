//! Makes valid blocks without waiting for their time, and puts them into a database by no rules but
//! those of their headers.

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, Result, anyhow};
use codec::Encode;
use fedchain_node::{
    headers::{Headers, weight_entry},
    service::FullClient,
};
use fedchain_pow::{HeaderChain, Rules, U256};
use fedchain_runtime::{Hash, apis::RuntimeApi, opaque::Block};
use sc_block_builder::{BlockBuilderBuilder, BuiltBlock};
use sc_consensus::{
    BlockImport, BlockImportParams, ForkChoiceStrategy, StateAction, StorageChanges,
};
use sc_consensus_pow::{POW_AUX_PREFIX, PowAux};
use sc_service::{Configuration, TaskManager};
use sp_blockchain::HeaderBackend;
use sp_consensus::BlockOrigin;
use sp_inherents::{InherentData, InherentDataProvider as _};
use sp_keyring::Sr25519Keyring;
use sp_runtime::{Digest, traits::Block as _};
use sp_timestamp::{InherentDataProvider, Timestamp};

use crate::{
    attack::Work,
    seal::{HONEST, HOSTILE, claim, seal},
};

/// Block times between the blocks of a cheap chain: the difficulty falls to the floor and stays there.
pub const SLOW: u64 = 4;
/// Blocks of a dear chain in a block time: the difficulty does not fall.
const QUICK: u64 = 2;

/// Makes blocks for a client.
pub struct Workshop {
    client: Arc<FullClient>,
    headers: Headers,
}

/// The newest block of a chain.
pub struct Tip {
    /// The headers up to it.
    pub chain: HeaderChain,
    /// The sum of their difficulties.
    work: U256,
}

/// What a block is to be.
pub struct Next {
    /// Its timestamp, in milliseconds since the Unix epoch.
    pub stamp_ms: u64,
    /// Who takes its reward.
    pub author: Sr25519Keyring,
    /// Whether it becomes the client's best one.
    pub is_best: bool,
}

/// Opens the database of a node without the node. Returns what writes to it.
///
/// # Errors
/// When it cannot be opened.
pub fn open(
    config: &Configuration,
    work: Work,
) -> sc_cli::Result<(
    impl Future<Output = sc_cli::Result<()>> + use<>,
    TaskManager,
)> {
    let executor = sc_service::new_wasm_executor(&config.executor);
    let (client, _, _, task_manager) =
        sc_service::new_full_parts::<Block, RuntimeApi, _>(config, None, executor, vec![])?;
    let writing = write(Arc::new(client), work);
    let writing = async move {
        writing
            .await
            .map_err(|error| sc_cli::Error::Application(error.into()))
    };
    Ok((writing, task_manager))
}

async fn write(client: Arc<FullClient>, work: Work) -> Result<()> {
    let workshop = Workshop::new(client)?;
    match work {
        Work::Cheap(blocks) => workshop.cheap(blocks, true).await,
        Work::Dear(blocks) => workshop.dear(blocks).await,
        Work::Both { dear, cheap } => {
            workshop.dear(dear).await?;
            workshop.cheap(cheap, false).await
        }
    }
}

impl Workshop {
    /// A workshop for a client.
    ///
    /// # Errors
    /// When the client's chain has rules that it does not know.
    pub fn new(client: Arc<FullClient>) -> Result<Self> {
        let headers = Headers::new(client.clone())?;
        Ok(Self { client, headers })
    }

    /// What the chain fixed at genesis.
    pub fn rules(&self) -> &Rules {
        self.headers.rules()
    }

    /// The chain of the genesis block alone.
    pub fn genesis(&self) -> HeaderChain {
        HeaderChain::new(*self.rules(), self.client.info().genesis_hash)
    }

    /// The chain up to a block.
    ///
    /// # Errors
    /// When the block was not executed here.
    pub fn tip(&self, hash: Hash) -> Result<Tip> {
        let chain = self.headers.chain_at(hash)?.context("no such block")?;
        let aux = PowAux::<U256>::read::<_, Block>(self.client.as_ref(), &hash)?;
        let work = aux.total_difficulty;
        Ok(Tip { chain, work })
    }

    async fn cheap(&self, blocks: u32, is_best: bool) -> Result<()> {
        let spacing_ms = SLOW * self.rules().block_time_ms;
        let mut tip = self.foundation();
        for _ in 0..blocks {
            let next = Next {
                stamp_ms: tip.chain.timestamp_ms() + spacing_ms,
                author: HOSTILE,
                is_best,
            };
            tip = self.extend(&tip, next).await?;
        }
        let weight = tip.chain.weight();
        log::info!(target: "hostile", "cheap chain of {blocks} blocks, weight {weight}");
        Ok(())
    }

    async fn dear(&self, blocks: u32) -> Result<()> {
        let spacing_ms = self.rules().block_time_ms / QUICK;
        let mut stamp_ms = now_ms()? - u64::from(blocks) * spacing_ms;
        let mut tip = self.foundation();
        for _ in 0..blocks {
            stamp_ms += spacing_ms;
            let next = Next {
                stamp_ms,
                author: HONEST,
                is_best: true,
            };
            tip = self.extend(&tip, next).await?;
        }
        let weight = tip.chain.weight();
        log::info!(target: "hostile", "dear chain of {blocks} blocks, weight {weight}");
        Ok(())
    }

    fn foundation(&self) -> Tip {
        Tip {
            chain: self.genesis(),
            work: U256::zero(),
        }
    }

    /// Adds a block.
    ///
    /// # Errors
    /// When its timestamp is too early, or the database fails.
    pub async fn extend(&self, parent: &Tip, next: Next) -> Result<Tip> {
        let difficulty = parent.chain.difficulty();
        let stamp = InherentDataProvider::new(Timestamp::new(next.stamp_ms));
        let inherents = stamp.create_inherent_data().await?;
        let built = self.build(&parent.chain, next.author, inherents)?;
        let (header, body) = built.block.deconstruct();
        let mut params = BlockImportParams::<Block>::new(BlockOrigin::File, header);
        params.post_digests.push(seal(&params.header, difficulty)?);
        let header = params.post_header();
        let mut chain = parent.chain.clone();
        chain.follow(&header)?;
        let total_difficulty = parent.work + difficulty;
        let aux = PowAux {
            difficulty,
            total_difficulty,
        };
        let aux_key = [POW_AUX_PREFIX.as_slice(), header.hash().as_bytes()].concat();
        params.auxiliary.push((aux_key, Some(aux.encode())));
        params.auxiliary.push(weight_entry(&chain));
        params.body = Some(body);
        params.state_action =
            StateAction::ApplyChanges(StorageChanges::Changes(built.storage_changes));
        params.fork_choice = Some(ForkChoiceStrategy::Custom(next.is_best));
        self.client
            .import_block(params)
            .await
            .map_err(|error| anyhow!("block #{}: {error}", header.number))?;
        self.headers.remember(chain.clone());
        let work = total_difficulty;
        Ok(Tip { chain, work })
    }

    /// Executes a block without transactions.
    fn build(
        &self,
        parent: &HeaderChain,
        author: Sr25519Keyring,
        inherents: InherentData,
    ) -> Result<BuiltBlock<Block>> {
        let mut builder = BlockBuilderBuilder::new(self.client.as_ref())
            .on_parent_block(parent.hash())
            .with_parent_block_number(parent.number())
            .with_inherent_digests(Digest {
                logs: vec![claim(author, parent.difficulty())],
            })
            .build()?;
        for inherent in builder.create_inherents(inherents)? {
            builder.push(inherent)?;
        }
        Ok(builder.build()?)
    }
}

/// The time in milliseconds since the Unix epoch.
///
/// # Errors
/// When the clock says that it is earlier.
pub fn now_ms() -> Result<u64> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis() as u64)
}
