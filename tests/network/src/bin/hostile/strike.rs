//! Announces blocks that are not valid or not due. It imports them itself without looking, so that it
//! can hand them to peers who ask.

use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use fedchain_node::service::{self, Running};
use fedchain_pow::{Seal, U256};
use fedchain_runtime::{Hash, Header, opaque::Block};
use sc_basic_authorship::ProposerFactory;
use sc_consensus::{BlockImport, BlockImportParams, ForkChoiceStrategy, StateAction};
use sc_network::NetworkBlock;
use sp_api::ProvideRuntimeApi;
use sp_blockchain::HeaderBackend;
use sp_consensus::{BlockOrigin, Environment, ProposeArgs, Proposer};
use sp_consensus_pow::DifficultyApi;
use sp_inherents::InherentDataProvider as _;
use sp_runtime::{Digest, DigestItem, OpaqueExtrinsic, traits::Block as _};
use sp_timestamp::{InherentDataProvider, Timestamp};

use crate::{
    PAUSE,
    attack::Strike,
    seal::{HOSTILE, claim, item, seal},
};

/// A node that strikes again and again.
pub struct Striker {
    client: Arc<service::FullClient>,
    announcer: Arc<dyn NetworkBlock<Hash, u32> + Send + Sync>,
    proposers: ProposerFactory<service::Pool, service::FullClient>,
    strike: Strike,
}

impl Striker {
    /// What strikes by a running node.
    pub fn new(running: &Running, strike: Strike) -> Self {
        let proposers = ProposerFactory::new(
            running.task_manager.spawn_handle(),
            running.client.clone(),
            running.pool.clone(),
            None,
            None,
        );
        Self {
            client: running.client.clone(),
            announcer: running.announcer.clone(),
            proposers,
            strike,
        }
    }

    /// Strikes until the node ends.
    pub async fn run(mut self) {
        loop {
            tokio::time::sleep(PAUSE).await;
            if let Err(error) = self.strike().await {
                log::warn!(target: "hostile", "{error:#}");
            }
        }
    }

    /// Makes and announces one block on the best one.
    async fn strike(&mut self) -> Result<()> {
        let best = self.client.info().best_hash;
        let header = self.client.header(best)?.context("no best block")?;
        if self.strike == Strike::InvalidParent {
            let parent = self.make(&header, Strike::BadSeal).await?;
            let header = self.client.header(parent)?.context("just imported")?;
            // On the state of the grandparent: nobody will come so far as to execute it.
            let mut child = header.clone();
            (child.number, child.parent_hash) = (header.number + 1, parent);
            child.digest.pop();
            let difficulty = self.client.runtime_api().difficulty(best)?;
            let seal = seal(&child, difficulty)?;
            return self.announce(child, seal, vec![]).await.map(drop);
        }
        self.make(&header, self.strike).await.map(drop)
    }

    async fn make(&mut self, parent: &Header, strike: Strike) -> Result<Hash> {
        let difficulty = self.client.runtime_api().difficulty(parent.hash())?;
        let ahead_ms = match strike {
            Strike::Clock(seconds) => seconds * 1_000,
            _ => 0,
        };
        let now = InherentDataProvider::from_system_time()
            .timestamp()
            .as_millis();
        let stamp = Timestamp::new(now.saturating_add_signed(ahead_ms));
        let args = ProposeArgs {
            inherent_data: InherentDataProvider::new(stamp)
                .create_inherent_data()
                .await?,
            inherent_digests: Digest {
                logs: vec![claim(HOSTILE, difficulty)],
            },
            max_duration: PAUSE,
            ..Default::default()
        };
        let proposer = self.proposers.init(parent).await?;
        let proposal = proposer.propose(args).await?;
        let (mut header, body) = proposal.block.deconstruct();
        let mut demanded = difficulty;
        match strike {
            Strike::WrongDifficulty => {
                demanded = difficulty / 2;
                header.digest.logs[0] = claim(HOSTILE, demanded);
            }
            Strike::TwoAuthors => header.digest.logs.insert(0, claim(HOSTILE, difficulty)),
            _ => {}
        }
        let seal = match strike {
            Strike::BadSeal => unmet(&header, difficulty)?,
            _ => seal(&header, demanded)?,
        };
        let seal = match (strike, seal) {
            (Strike::TrailingByte, DigestItem::Seal(engine, mut bytes)) => {
                bytes.push(0);
                DigestItem::Seal(engine, bytes)
            }
            (_, seal) => seal,
        };
        self.announce(header, seal, body).await
    }

    /// Keeps a block and announces it.
    async fn announce(
        &self,
        header: Header,
        seal: DigestItem,
        body: Vec<OpaqueExtrinsic>,
    ) -> Result<Hash> {
        let number = header.number;
        let mut params = BlockImportParams::<Block>::new(BlockOrigin::Own, header);
        params.post_digests.push(seal);
        params.body = Some(body);
        params.fork_choice = Some(ForkChoiceStrategy::Custom(false));
        params.state_action = StateAction::Skip;
        let hash = params.post_header().hash();
        self.client
            .import_block(params)
            .await
            .map_err(|error| anyhow!("block #{number}: {error}"))?;
        self.announcer.announce_block(hash, None);
        log::info!(target: "hostile", "announced #{number} ({hash})");
        Ok(hash)
    }
}

/// A seal that does not meet the difficulty.
fn unmet(header: &Header, difficulty: U256) -> Result<DigestItem> {
    let pre_hash = header.hash();
    let seal = (0..)
        .map(|nonce| Seal { nonce })
        .find(|seal| !seal.is_valid(pre_hash.as_fixed_bytes(), difficulty));
    Ok(item(seal.context("every seal meets it")?))
}
