//! Fetching the blocks of the plan.

use super::{Machine, Now, REMEMBERED_MAX, Why};
use crate::sync::{
    LOG_TARGET,
    branch::Branch,
    ledger::Ledger,
    machine::Action,
    peer::{From, Wanted},
    plan::Forged,
    strategy::NEAR_BLOCKS,
};
use fedchain_runtime::{Hash, opaque::Block};
use log::{debug, warn};
use sc_consensus::BlockImportError;
use sc_network_common::sync::message::{BlockData, Direction};
use sc_network_types::PeerId;

impl<L: Ledger> Machine<L> {
    /// A peer has sent blocks, newest first.
    pub fn blocks(&mut self, id: PeerId, blocks: Vec<BlockData<Block>>, now: Now) {
        let Some(peer) = self.peers.get_mut(&id) else {
            return;
        };
        if peer.blocks_asked.take().is_none() {
            return;
        }
        peer.has_answered();
        let Some(plan) = &mut self.plan else { return };
        let tip = plan.tip().hash;
        match plan.receive(id, blocks, now.instant) {
            Ok(true) => self.stalled.retain(|stalled| *stalled != tip),
            Ok(false) => {}
            Err(Forged) => {
                self.drop_peer(id, Why::Invalid, &"blocks that are not those asked for");
            }
        }
    }

    /// A block is through the import.
    pub fn imported(&mut self, hash: Hash, result: Result<(), &BlockImportError>, now: Now) {
        let Some(plan) = &mut self.plan else {
            return;
        };
        if !plan.is_through(hash) {
            return;
        }
        match result {
            Ok(()) => {
                plan.imported_at = Some(now.instant);
                plan.moved_at = now.instant;
                if plan.tip().hash == hash {
                    self.plan = None;
                }
            }
            Err(BlockImportError::Cancelled) => {}
            Err(BlockImportError::MissingState | BlockImportError::UnknownParent) => {
                debug!(target: LOG_TARGET, "{hash:?} is obsolete");
                self.give_plan_up(None);
            }
            Err(failure) => {
                warn!(target: LOG_TARGET, "block {hash:?} is invalid: {failure}");
                self.bad.truncate(REMEMBERED_MAX - 1);
                self.bad.push_front(hash);
                self.give_plan_up(Some(Why::Invalid));
            }
        }
        self.choose(now);
    }

    /// Forgets the plan and all branches that end as it does.
    pub(super) fn give_plan_up(&mut self, why: Option<Why>) {
        let Some(plan) = self.plan.take() else {
            return;
        };
        let tip = plan.tip().hash;
        let mut proposers = vec![];
        for (id, peer) in &mut self.peers {
            let ends_there = |branch: &Branch| branch.chain.hash() == tip;
            if peer.branch.as_ref().is_some_and(ends_there) || *id == plan.proposer {
                peer.branch = None;
                proposers.push(*id);
            }
            if peer.blocks_asked.take().is_some() {
                self.actions.push(Action::CancelBlocks(*id));
            }
        }
        if let Some(why) = why {
            for id in proposers {
                self.drop_peer(id, why, &"a branch that cannot be had");
            }
        }
    }

    /// Asks for blocks of the plan, and hands over those that are next.
    pub(super) fn fetch(&mut self, now: Now) {
        let Some(plan) = &mut self.plan else { return };
        for (id, peer) in &mut self.peers {
            let is_idle = peer.blocks_asked.is_none() && now.instant >= peer.pause_until;
            if !is_idle || !plan.may_come_from(id, peer.best.number) {
                continue;
            }
            let Some((hash, max)) = plan.ask(*id, peer.blocks_max) else {
                continue;
            };
            peer.blocks_asked = Some(now.instant);
            let wanted = Wanted {
                from: From::Hash(hash),
                direction: Direction::Descending,
                max,
            };
            self.actions.push(Action::AskBlocks(*id, wanted));
        }
        let ready = plan.take_ready();
        let near = plan.tip().number.saturating_sub(NEAR_BLOCKS);
        let (far, near): (Vec<_>, Vec<_>) = ready.into_iter().partition(|block| {
            let header = block.data.header.as_ref();
            header.is_some_and(|header| header.number < near)
        });
        for (blocks, more_follow) in [(far, true), (near, false)] {
            if !blocks.is_empty() {
                self.actions.push(Action::Import(blocks, more_follow));
            }
        }
    }
}
