//! Claims a chain that others would want, and does not hand it out.

use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use fedchain_node::service::{self, FullClient};
use fedchain_runtime::{Hash, Header, opaque::Block};
use parking_lot::Mutex;
use sc_consensus::{BlockImport, BlockImportParams, ForkChoiceStrategy, StateAction};
use sc_network::NetworkBlock;
use sc_service::{Configuration, TaskManager};
use sp_blockchain::HeaderBackend;
use sp_consensus::BlockOrigin;

use crate::{
    PAUSE,
    attack::{Kind, Lie},
    deaf::deafen,
    forgery::{Forgery, forge},
    relay,
    seal::{HOSTILE, is_hostile},
    workshop::{Next, Workshop, now_ms},
};

/// Starts a node that lies.
///
/// # Errors
/// When the node does not start.
pub fn start(config: Configuration, lie: Lie) -> Result<TaskManager, sc_service::Error> {
    let failed = |error: anyhow::Error| sc_service::Error::Application(error.into());
    let mut shared = None;
    let running = service::start_with_relay(config, |client, relay| {
        let genesis = Workshop::new(client.clone()).map_err(failed)?.genesis();
        let forgery = Arc::new(Mutex::new(Forgery::new(genesis)));
        shared = Some(forgery.clone());
        let relay = relay::replace(relay, client.clone(), lie.kind, forgery);
        Ok(match lie.kind {
            // Its own node would not make sense of the claim either.
            Kind::Nothing | Kind::Endless => deafen(relay),
            Kind::Headers | Kind::Bodies => relay,
        })
    })?;
    let forgery = shared.ok_or_else(|| failed(anyhow!("the node serves its own blocks")))?;
    let liar = Liar {
        client: running.client.clone(),
        announcer: running.announcer.clone(),
        workshop: Workshop::new(running.client.clone()).map_err(failed)?,
        forgery,
        lie,
        told: 0,
    };
    running
        .task_manager
        .spawn_essential_handle()
        .spawn_blocking("attack", None, liar.run());
    Ok(running.task_manager)
}

struct Liar {
    client: Arc<FullClient>,
    announcer: Arc<dyn NetworkBlock<Hash, u32> + Send + Sync>,
    workshop: Workshop,
    forgery: Arc<Mutex<Forgery>>,
    lie: Lie,
    /// How often it has lied.
    told: u32,
}

impl Liar {
    async fn run(mut self) {
        loop {
            if let Err(error) = self.lie().await {
                log::warn!(target: "hostile", "{error:#}");
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    async fn lie(&mut self) -> Result<()> {
        match self.lie.kind {
            Kind::Nothing => {
                let parent = Hash::from_low_u64_be(u64::from(self.told) + 1);
                let floor = self.workshop.rules().bounds.floor;
                let header = forge(self.lie.height, parent, floor, now_ms()?)?;
                self.claim(header).await
            }
            Kind::Endless => {
                let number = self.lie.height + self.told;
                let header = self.forgery.lock().header(number)?;
                self.claim(header.context("its time has not come")?).await
            }
            Kind::Headers | Kind::Bodies => self.withhold().await,
        }
    }

    /// Claims that a header is the best block's, to old peers and to new ones.
    async fn claim(&mut self, mut header: Header) -> Result<()> {
        let (number, hash) = (header.number, header.hash());
        let seal = header.digest.pop().context("no seal")?;
        let mut params = BlockImportParams::<Block>::new(BlockOrigin::File, header);
        params.post_digests.push(seal);
        params.state_action = StateAction::Skip;
        params.fork_choice = Some(ForkChoiceStrategy::Custom(false));
        params.create_gap = false;
        self.client
            .import_block(params)
            .await
            .map_err(|error| anyhow!("header #{number}: {error}"))?;
        self.announcer.new_best_block_imported(hash, number);
        self.announce(number, hash);
        Ok(())
    }

    /// Makes valid blocks on the best one of the others, and announces the last of them.
    async fn withhold(&mut self) -> Result<()> {
        let best = self.client.info().best_hash;
        let header = self.client.header(best)?.context("no best block")?;
        // Nobody has met it yet, or nobody has overtaken its last blocks.
        if header.number == 0 || is_hostile(&header) {
            return Ok(());
        }
        let mut tip = self.workshop.tip(best)?;
        for _ in 0..self.lie.height {
            let stamp_ms = now_ms()?.max(tip.chain.timestamp_ms_min());
            let next = Next {
                stamp_ms,
                author: HOSTILE,
                is_best: true,
            };
            tip = self.workshop.extend(&tip, next).await?;
        }
        self.announce(tip.chain.number(), tip.chain.hash());
        Ok(())
    }

    fn announce(&mut self, number: u32, hash: Hash) {
        self.told += 1;
        self.announcer.announce_block(hash, None);
        log::info!(target: "hostile", "announced #{number} ({hash})");
    }
}
