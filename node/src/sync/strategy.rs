//! The strategy as the network's engine sees it.

use super::{
    Head, LOG_TARGET, Metrics, Progress,
    machine::{Action, Machine, Now, Why},
    metrics::SIDES,
    peer::{From, Wanted},
    start_over::Needed,
};
use crate::headers::Headers;
use fedchain_runtime::{BlockNumber, Hash, Header, opaque::Block};
use futures::{FutureExt, channel::mpsc::UnboundedSender};
use log::debug;
use sc_consensus::{BlockImportError, BlockImportStatus, IncomingBlock};
use sc_network::{ProtocolName, ReputationChange};
use sc_network_common::sync::message::{
    BlockAnnounce, BlockAttributes, BlockData, BlockRequest, FromBlock,
};
use sc_network_sync::{
    SyncState, SyncStatus,
    block_relay_protocol::{BlockDownloader, BlockResponseError},
    service::network::NetworkServiceHandle,
    strategy::{StrategyKey, SyncingAction, SyncingStrategy},
    types::BadPeer,
};
use sc_network_types::PeerId;
use sp_blockchain::Error;
use sp_consensus::BlockOrigin;
use std::{
    any::Any,
    sync::Arc,
    time::{Instant, SystemTime, UNIX_EPOCH},
};

/// Blocks so near the tip are announced and told to the pool, even if they are fetched with many others.
pub const NEAR_BLOCKS: BlockNumber = 32;

const HEADERS: StrategyKey = StrategyKey::new("headers");
const BLOCKS: StrategyKey = StrategyKey::new("blocks");

const INVALID: ReputationChange = ReputationChange::new_fatal("sent invalid headers or blocks");
const CHEAP: ReputationChange = ReputationChange::new(-(1 << 30), "stayed on a cheap branch");
/// Little: however often it is given, a peer is not banned for it.
const APART: ReputationChange = ReputationChange::new(-(1 << 27), "other final blocks");

type Answer = (
    BlockRequest<Block>,
    Result<Vec<BlockData<Block>>, BlockResponseError>,
);

/// What the strategy works with.
pub struct Parts {
    /// The state machine's parts.
    pub headers: Headers,
    /// What a branch must have.
    pub demands: super::Demands,
    /// The weight for which this node has deleted its chain.
    pub needed: Option<Needed>,
    /// How blocks and headers are asked for.
    pub downloader: Arc<dyn BlockDownloader<Block>>,
    /// Told what is under way.
    pub progress: Arc<Progress>,
    /// Where it is counted.
    pub metrics: Metrics,
    /// Told to delete the chain.
    pub start_over: UnboundedSender<Needed>,
}

/// Headers first, by weight.
pub struct Strategy {
    machine: Machine<Headers>,
    downloader: Arc<dyn BlockDownloader<Block>>,
    progress: Arc<Progress>,
    metrics: Metrics,
    start_over: UnboundedSender<Needed>,
    downloaded: usize,
    asked: usize,
}

impl Strategy {
    /// A strategy that knows nobody yet.
    pub fn new(parts: Parts) -> Self {
        let now = Instant::now();
        Self {
            machine: Machine::new(parts.headers, parts.demands, parts.needed, now),
            downloader: parts.downloader,
            progress: parts.progress,
            metrics: parts.metrics,
            start_over: parts.start_over,
            downloaded: 0,
            asked: 0,
        }
    }

    fn is_adopting(&self) -> bool {
        self.machine.is_adopting(now())
    }

    fn ask(
        &mut self,
        peer_id: PeerId,
        key: StrategyKey,
        wanted: Wanted,
        fields: BlockAttributes,
    ) -> SyncingAction<Block> {
        let request = BlockRequest::<Block> {
            id: 0,
            fields,
            from: match wanted.from {
                From::Hash(hash) => FromBlock::Hash(hash),
                From::Number(number) => FromBlock::Number(number),
            },
            direction: wanted.direction,
            max: Some(wanted.max),
        };
        self.asked = self.asked.wrapping_add(1);
        let downloader = self.downloader.clone();
        let response = async move {
            let answer = downloader.download_blocks(peer_id, request.clone()).await?;
            Ok(answer.map(|(bytes, protocol)| {
                let blocks = downloader.block_response_into_blocks(&request, bytes);
                let answer: Box<dyn Any + Send> = Box::new((request, blocks));
                (answer, protocol)
            }))
        };
        SyncingAction::StartRequest {
            peer_id,
            key,
            request: response.boxed(),
        }
    }

    fn perform(&mut self, action: Action) -> Vec<SyncingAction<Block>> {
        match action {
            Action::AskHeaders(peer, wanted) => {
                vec![self.ask(peer, HEADERS, wanted, BlockAttributes::HEADER)]
            }
            Action::AskBlocks(peer, wanted) => {
                let fields = BlockAttributes::HEADER | BlockAttributes::BODY;
                vec![self.ask(peer, BLOCKS, wanted, fields)]
            }
            Action::CancelHeaders(peer_id) => {
                let key = HEADERS;
                vec![SyncingAction::CancelRequest { peer_id, key }]
            }
            Action::CancelBlocks(peer_id) => {
                let key = BLOCKS;
                vec![SyncingAction::CancelRequest { peer_id, key }]
            }
            Action::Drop(peer, why) => {
                let reputation = match why {
                    Why::Invalid => INVALID,
                    Why::Cheap => CHEAP,
                    Why::Apart => APART,
                };
                vec![SyncingAction::DropPeer(BadPeer(peer, reputation))]
            }
            Action::Import(fetched, many_follow) => {
                self.downloaded = self.downloaded.saturating_add(fetched.len());
                let blocks = fetched.into_iter().map(|block| IncomingBlock {
                    hash: block.hash,
                    header: block.data.header,
                    body: block.data.body,
                    indexed_body: None,
                    justifications: None,
                    origin: Some(block.peer),
                    allow_missing_state: false,
                    skip_execution: false,
                    import_existing: false,
                    state: None,
                });
                let origin = match many_follow {
                    true => BlockOrigin::NetworkInitialSync,
                    false => BlockOrigin::NetworkBroadcast,
                };
                let blocks = blocks.collect();
                vec![SyncingAction::ImportBlocks { origin, blocks }]
            }
            Action::StartOver(needed) => {
                let _ = self.start_over.unbounded_send(needed);
                vec![]
            }
        }
    }

    /// Tells Prometheus and the rest of the node.
    fn tell(&mut self) {
        let seen = self.machine.take_seen();
        let metrics = &self.metrics;
        metrics.headers.inc_by(seen.headers);
        metrics.held.inc_by(seen.held);
        metrics.cheap.inc_by(seen.cheap);
        metrics.below_finality.inc_by(seen.below_finality);
        if let Some((ours, theirs)) = seen.fork_weight {
            for (side, weight) in SIDES.into_iter().zip([ours, theirs]) {
                let weight: f64 = weight.to_string().parse().unwrap_or(f64::MAX);
                metrics.fork_weight.with_label_values(&[side]).set(weight);
            }
        }
        metrics.adopting.set(self.is_adopting().into());
        let takes_back = self.machine.plan().is_some_and(|plan| plan.takes_back);
        self.progress.set(self.machine.is_comparing(), takes_back);
    }
}

fn now() -> Now {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let unix_ms = since.map_or(0, |since| since.as_millis());
    Now {
        instant: Instant::now(),
        unix_ms: u64::try_from(unix_ms).unwrap_or(u64::MAX),
    }
}

impl SyncingStrategy<Block> for Strategy {
    fn add_peer(&mut self, peer: PeerId, hash: Hash, number: BlockNumber) {
        self.machine.add_peer(peer, Head { number, hash }, now());
    }

    fn remove_peer(&mut self, peer: &PeerId) {
        self.machine.remove_peer(peer);
    }

    fn on_validated_block_announce(
        &mut self,
        is_best: bool,
        peer: PeerId,
        announce: &BlockAnnounce<Header>,
    ) -> Option<(Hash, BlockNumber)> {
        let header = &announce.header;
        self.machine.announce(peer, header, is_best, now());
        is_best.then(|| (header.hash(), header.number))
    }

    fn set_sync_fork_request(&mut self, _: Vec<PeerId>, _: &Hash, _: BlockNumber) {}

    fn request_justification(&mut self, _: &Hash, _: BlockNumber) {}

    fn clear_justification_requests(&mut self) {}

    fn on_justification_import(&mut self, _: Hash, _: BlockNumber, _: bool) {}

    fn on_generic_response(
        &mut self,
        peer: &PeerId,
        key: StrategyKey,
        _: ProtocolName,
        response: Box<dyn Any + Send>,
    ) {
        let Ok(answer) = response.downcast::<Answer>() else {
            return;
        };
        let (_, Ok(blocks)) = *answer else {
            return self.machine.nonsense(*peer);
        };
        if key == BLOCKS {
            return self.machine.blocks(*peer, blocks, now());
        }
        let headers = blocks.into_iter().map(|block| block.header);
        match headers.collect() {
            Some(headers) => self.machine.headers(*peer, headers, now()),
            None => self.machine.nonsense(*peer),
        }
    }

    fn on_blocks_processed(
        &mut self,
        imported: usize,
        count: usize,
        results: Vec<(
            Result<BlockImportStatus<BlockNumber>, BlockImportError>,
            Hash,
        )>,
    ) {
        debug!(target: LOG_TARGET, "imported {imported} of {count} blocks");
        for (result, hash) in results {
            let result = result.as_ref().map(|_| ());
            self.machine.imported(hash, result, now());
        }
    }

    fn on_block_finalized(&mut self, _: &Hash, _: BlockNumber) {}

    fn update_chain_info(&mut self, _: &Hash, _: BlockNumber) {}

    fn is_major_syncing(&self) -> bool {
        self.machine.is_comparing() || self.is_adopting()
    }

    fn num_peers(&self) -> usize {
        self.machine.peers()
    }

    fn status(&self) -> SyncStatus<Block> {
        let target = self.machine.plan().map(|plan| plan.tip().number);
        SyncStatus {
            state: match target {
                Some(target) if self.is_adopting() => SyncState::Downloading { target },
                _ => SyncState::Idle,
            },
            best_seen_block: target,
            num_peers: self.machine.peers() as u32,
            queued_blocks: self.machine.plan().map_or(0, |plan| plan.queued() as u32),
            state_sync: None,
            warp_sync: None,
        }
    }

    fn num_downloaded_blocks(&self) -> usize {
        self.downloaded
    }

    fn num_sync_requests(&self) -> usize {
        self.asked
    }

    fn actions(&mut self, _: &NetworkServiceHandle) -> Result<Vec<SyncingAction<Block>>, Error> {
        let actions = self.machine.actions(now());
        let actions = actions
            .into_iter()
            .flat_map(|action| self.perform(action))
            .collect();
        self.tell();
        Ok(actions)
    }
}
