//! fedchain-hostile: a node that announces blocks which no honest node makes.
//!
//! It takes the flags of `fedchain-node`; its `--name` says what is wrong with its blocks. It imports
//! them itself without looking, so that it can hand them to peers who ask.

use std::{process::ExitCode, str::FromStr, sync::Arc, time::Duration};

use anyhow::{Context, Result, anyhow, bail};
use codec::Encode;
use fedchain_node::{
    cli::Cli,
    service::{self, Running},
};
use fedchain_pow::{ENGINE_ID, PreDigest, Seal, U256, search, target};
use fedchain_runtime::{Hash, Header, opaque::Block};
use sc_basic_authorship::ProposerFactory;
use sc_cli::SubstrateCli;
use sc_consensus::{
    BlockImport, BlockImportParams, ForkChoiceStrategy, StateAction, StorageChanges,
};
use sp_api::ProvideRuntimeApi;
use sp_blockchain::HeaderBackend;
use sp_consensus::{BlockOrigin, Environment, ProposeArgs, Proposer};
use sp_consensus_pow::DifficultyApi;
use sp_inherents::InherentDataProvider as _;
use sp_keyring::Sr25519Keyring;
use sp_runtime::{Digest, DigestItem, traits::Block as _};
use sp_timestamp::{InherentDataProvider, Timestamp};

/// How often it attacks.
const PAUSE: Duration = Duration::from_millis(500);

/// What is wrong with its blocks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Attack {
    /// The seal does not meet the difficulty.
    BadSeal,
    /// The header claims another difficulty, and the seal meets that.
    WrongDifficulty,
    /// The seal has a byte too many.
    TrailingByte,
    /// There are two author digests.
    TwoAuthors,
    /// The parent is invalid.
    InvalidParent,
    /// The timestamp is so many seconds off the clock.
    Clock(i64),
    /// A long chain that cost little: so many valid blocks, stamped as if they had taken their time.
    Cheap(i64),
}

impl FromStr for Attack {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        Ok(match text {
            "bad_seal" => Self::BadSeal,
            "wrong_difficulty" => Self::WrongDifficulty,
            "trailing_byte" => Self::TrailingByte,
            "two_authors" => Self::TwoAuthors,
            "invalid_parent" => Self::InvalidParent,
            _ => match text.split_once(':') {
                Some(("clock", seconds)) => Self::Clock(seconds.parse()?),
                Some(("cheap", blocks)) => Self::Cheap(blocks.parse()?),
                _ => bail!("there is no attack {text}"),
            },
        })
    }
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("Error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let cli = Cli::read();
    let runner = cli.create_runner(&cli.run)?;
    let attack: Attack = runner.config().network.node_name.parse()?;
    runner.run_node_until_exit(|config| async move {
        let running = service::start(config, None)?;
        let hostile = Hostile::new(&running, attack);
        running
            .task_manager
            .spawn_essential_handle()
            .spawn_blocking("attack", None, hostile.run());
        Ok::<_, sc_cli::Error>(running.task_manager)
    })?;
    Ok(())
}

struct Hostile {
    client: Arc<service::FullClient>,
    announcer: Arc<dyn sc_network::NetworkBlock<Hash, u32> + Send + Sync>,
    proposers: ProposerFactory<service::Pool, service::FullClient>,
    attack: Attack,
}

impl Hostile {
    fn new(running: &Running, attack: Attack) -> Self {
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
            attack,
        }
    }

    async fn run(mut self) {
        if let Attack::Cheap(blocks) = self.attack {
            // One stamp per second up to now: the difficulty stays where it began.
            for block in 0..blocks {
                if let Err(error) = self.extend(block - blocks).await {
                    log::warn!(target: "hostile", "{error:#}");
                }
            }
            return std::future::pending().await;
        }
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
        if self.attack == Attack::InvalidParent {
            let parent = self.make(&header, Attack::BadSeal).await?;
            let header = self.client.header(parent)?.context("just imported")?;
            // On the state of the grandparent: nobody will come so far as to execute it.
            let mut child = header.clone();
            (child.number, child.parent_hash) = (header.number + 1, parent);
            child.digest.pop();
            let difficulty = self.client.runtime_api().difficulty(best)?;
            let sealed = self.seal(
                child,
                vec![],
                StateAction::Skip,
                difficulty,
                Attack::Clock(0),
            );
            return sealed.await.map(drop);
        }
        self.make(&header, self.attack).await.map(drop)
    }

    /// Adds a valid block to its own best one, stamped so many seconds off the clock.
    async fn extend(&mut self, seconds: i64) -> Result<()> {
        let best = self.client.info().best_hash;
        let header = self.client.header(best)?.context("no best block")?;
        self.make(&header, Attack::Cheap(seconds)).await.map(drop)
    }

    async fn make(&mut self, parent: &Header, attack: Attack) -> Result<Hash> {
        let difficulty = self.client.runtime_api().difficulty(parent.hash())?;
        let claim = |difficulty| {
            let author = Sr25519Keyring::Eve.to_raw_public();
            DigestItem::PreRuntime(ENGINE_ID, PreDigest { author, difficulty }.encode())
        };
        let ahead_ms = match attack {
            Attack::Clock(seconds) | Attack::Cheap(seconds) => seconds * 1_000,
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
                logs: vec![claim(difficulty)],
            },
            max_duration: PAUSE,
            ..Default::default()
        };
        let proposer = self.proposers.init(parent).await?;
        let proposal = proposer.propose(args).await?;
        let (mut header, body) = proposal.block.deconstruct();
        let state = match attack {
            Attack::Cheap(_) => {
                StateAction::ApplyChanges(StorageChanges::Changes(proposal.storage_changes))
            }
            _ => StateAction::Skip,
        };
        let mut demanded = difficulty;
        match attack {
            Attack::WrongDifficulty => {
                demanded = difficulty / 2;
                header.digest.logs[0] = claim(demanded);
            }
            Attack::TwoAuthors => header.digest.logs.insert(0, claim(difficulty)),
            _ => {}
        }
        self.seal(header, body, state, demanded, attack).await
    }

    /// Seals a header, keeps the block and announces it.
    async fn seal(
        &self,
        header: Header,
        body: Vec<<Block as sp_runtime::traits::Block>::Extrinsic>,
        state: StateAction<Block>,
        difficulty: U256,
        attack: Attack,
    ) -> Result<Hash> {
        let pre_hash = header.hash();
        let mut seal = match attack {
            Attack::BadSeal => (0..)
                .map(|nonce| Seal { nonce })
                .find(|seal| !seal.is_valid(pre_hash.as_fixed_bytes(), difficulty)),
            _ => target(difficulty)
                .and_then(|target| search(pre_hash.as_fixed_bytes(), target, 0..u64::MAX)),
        }
        .context("no seal")?
        .encode();
        if attack == Attack::TrailingByte {
            seal.push(0);
        }
        let number = header.number;
        let mut params = BlockImportParams::<Block>::new(BlockOrigin::Own, header);
        params.post_digests.push(DigestItem::Seal(ENGINE_ID, seal));
        params.body = Some(body);
        params.fork_choice = Some(ForkChoiceStrategy::Custom(!state.skip_execution_checks()));
        params.state_action = state;
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
