//! Block templates: everything of a block but its seal.

use crate::{
    pow::Blake2Pow,
    service::{FullClient, Pool},
};
use codec::Encode;
use fedchain_pow::{PreDigest, U256};
use fedchain_runtime::{AccountId, Hash, Header, opaque::Block};
use sc_basic_authorship::ProposerFactory;
use sc_consensus_pow::PowAlgorithm;
use sp_consensus::{Environment, Proposal, ProposeArgs, Proposer};
use sp_consensus_pow::POW_ENGINE_ID;
use sp_inherents::InherentDataProvider;
use sp_runtime::{Digest, DigestItem, traits::Block as _};
use std::{error::Error, sync::Arc, time::Duration};

/// How long a proposer may take to fill a block: twice what a full block may take to execute.
const BUILD_TIME_MAX: Duration = Duration::from_millis(500);

/// A block that lacks only its seal.
pub struct Template {
    /// The block to mine on.
    pub parent: Hash,
    /// What the seal is searched for.
    pub pre_hash: Hash,
    /// What the seal must meet.
    pub difficulty: U256,
    /// The block and its changes to the state.
    pub proposal: Proposal<Block>,
}

impl Template {
    /// The block's number.
    pub fn number(&self) -> u32 {
        self.proposal.block.header().number
    }

    /// How many transactions are in the block, the timestamp not counted.
    pub fn transactions(&self) -> usize {
        self.proposal.block.extrinsics().len().saturating_sub(1)
    }
}

/// Builds templates for one author.
pub struct Builder {
    client: Arc<FullClient>,
    algorithm: Blake2Pow,
    proposers: ProposerFactory<Pool, FullClient>,
    author: AccountId,
}

impl Builder {
    /// A builder whose blocks pay `author`.
    pub fn new(
        client: Arc<FullClient>,
        algorithm: Blake2Pow,
        proposers: ProposerFactory<Pool, FullClient>,
        author: AccountId,
    ) -> Self {
        Self {
            client,
            algorithm,
            proposers,
            author,
        }
    }

    /// A template on `parent`, with the transactions of this moment and its time.
    pub async fn build(&mut self, parent: Hash) -> Result<Template, Box<dyn Error + Send + Sync>> {
        let header: Header = self
            .client
            .header(parent)?
            .ok_or_else(|| format!("no header of {parent}"))?;
        let difficulty = self.algorithm.difficulty(parent)?;
        let claim = PreDigest {
            author: self.author.clone().into(),
            difficulty,
        };
        let timestamp = sp_timestamp::InherentDataProvider::from_system_time();
        let args = ProposeArgs {
            inherent_data: timestamp.create_inherent_data().await?,
            inherent_digests: Digest {
                logs: vec![DigestItem::PreRuntime(POW_ENGINE_ID, claim.encode())],
            },
            max_duration: BUILD_TIME_MAX,
            ..Default::default()
        };
        let proposer = self.proposers.init(&header).await?;
        let proposal = proposer.propose(args).await?;
        Ok(Template {
            parent,
            pre_hash: proposal.block.header().hash(),
            difficulty,
            proposal,
        })
    }
}
