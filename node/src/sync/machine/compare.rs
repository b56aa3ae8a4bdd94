//! Comparing peers' headers with the chain of this node.

use super::{Machine, Now, Why};
use crate::sync::{
    Head, LOG_TARGET,
    branch::{Branch, SEGMENT_BLOCKS},
    budget::{UNPROVEN_FOR, UNPROVEN_MAX},
    ledger::Ledger,
    machine::Action,
    peer::{From, Task, Wanted, descend_from},
    plan::Plan,
};
use fedchain_pow::{Claim, Fault, Header, is_sealed};
use fedchain_runtime::Hash;
use log::debug;
use sc_network_common::sync::message::Direction;
use sc_network_types::PeerId;

/// Branches give up when their weight per block is so many times less than the plan's.
const PLAN_FACTOR: u64 = 4;

impl<L: Ledger> Machine<L> {
    /// A peer says that it has a block.
    pub fn announce(&mut self, id: PeerId, header: &Header, is_best: bool, now: Now) {
        let hash = header.hash();
        let number = header.number;
        let Some(peer) = self.peers.get_mut(&id) else {
            return;
        };
        if is_best {
            peer.best = Head { number, hash };
        }
        if self.ledger.number(hash).is_some() {
            self.cheap.remove(&id);
            return;
        }
        if self.cheap.contains(&id, now.instant) {
            return;
        }
        // Before anything is looked up for it.
        let least = self.demands.floor;
        let is_paid = Claim::read(header)
            .is_ok_and(|claim| claim.difficulty >= least && is_sealed(header, claim.difficulty));
        if !is_paid || self.bad.contains(&hash) {
            return self.drop_peer(
                id,
                Why::Invalid,
                &"a header without work, or of an invalid block",
            );
        }
        let best = self.best_weight();
        let Some(mut branch) = self.branch_to(header.parent_hash) else {
            // It is compared when its turn comes.
            return;
        };
        if self.is_early(id, header, &branch, now) {
            return;
        }
        self.seen.headers = self.seen.headers.saturating_add(1);
        if let Err(fault) = branch.follow(header, best) {
            return self.drop_peer(id, Why::Invalid, &fault);
        }
        if let Some(plan) = &mut self.plan
            && plan.tip().hash == header.parent_hash
            && let Err(fault) = plan.extend(header, best)
        {
            debug!(target: LOG_TARGET, "the plan does not go on: {fault}");
        }
        if let Some(peer) = self.peers.get_mut(&id) {
            if is_best {
                peer.compared = Some(hash);
                peer.task = None;
                if peer.headers_asked.take().is_some() {
                    self.actions.push(Action::CancelHeaders(id));
                }
            }
            peer.branch = Some(branch);
        }
        self.choose(now);
    }

    /// The branch up to a block: one that this node has executed, or that a peer has shown.
    fn branch_to(&self, hash: Hash) -> Option<Branch> {
        if self.ledger.number(hash).is_some() {
            return Branch::on(&self.ledger, hash);
        }
        let shown = self.peers.values().filter_map(|peer| peer.branch.as_ref());
        let planned = self.plan.iter().map(Plan::branch);
        let mut branches = shown.chain(planned);
        branches.find(|branch| branch.chain.hash() == hash).cloned()
    }

    /// Whether a header is ahead of its time; if it is right, it is kept until then.
    fn is_early(&mut self, id: PeerId, header: &Header, branch: &Branch, now: Now) -> bool {
        let is_stamped_late =
            |claim: Claim| claim.timestamp_ms > now.unix_ms.max(branch.chain.timestamp_ms());
        if !Claim::read(header).is_ok_and(is_stamped_late) {
            return false;
        }
        let mut chain = branch.chain.clone();
        if chain.follow(header).is_err() || chain.due_ms() <= now.unix_ms {
            return false;
        }
        if self.held.keep(id, header, now.unix_ms, chain.due_ms()) {
            self.seen.held = self.seen.held.saturating_add(1);
            debug!(target: LOG_TARGET, "#{} is held until it is due", header.number);
        }
        true
    }

    /// A peer has sent headers.
    pub fn headers(&mut self, id: PeerId, headers: Vec<Header>, now: Now) {
        let Some(peer) = self.peers.get_mut(&id) else {
            return;
        };
        if peer.headers_asked.take().is_none() {
            return;
        }
        peer.has_answered();
        let Some(task) = peer.task.take() else {
            return;
        };
        self.seen.headers = self.seen.headers.saturating_add(headers.len() as u64);
        match task {
            Task::Descend { tip } => self.descend(id, tip, headers, now),
            Task::Search {
                low,
                high,
                step,
                at,
            } => self.search(id, (low, high, step, at), &headers, now),
            Task::Ascend { branch } => self.ascend(id, *branch, headers, now),
        }
    }

    /// The newest headers of a peer's chain: do they lead to a block of ours?
    fn descend(&mut self, id: PeerId, tip: Head, mut headers: Vec<Header>, now: Now) {
        if headers.is_empty() {
            // A claim without proof; nothing follows from it.
            return self.set_compared(id, tip.hash);
        }
        if !descend_from(tip.hash, &headers) {
            return self.drop_peer(id, Why::Invalid, &"headers that do not link");
        }
        let mut is_known = headers
            .iter()
            .map(|header| self.ledger.number(header.parent_hash).is_some());
        if let Some(at) = is_known.position(|is_known| is_known) {
            headers.truncate(at.saturating_add(1));
            headers.reverse();
            let Some(branch) = headers
                .first()
                .and_then(|first| Branch::on(&self.ledger, first.parent_hash))
            else {
                return self.set_compared(id, tip.hash);
            };
            return self.ascend(id, branch, headers, now);
        }
        self.count_unproven(id, headers.len() as u32, now);
        let lowest = headers.last().map_or(0, |header| header.number);
        let high = lowest.min(self.ledger.best().number.saturating_add(1));
        self.search_below(id, high, SEGMENT_BLOCKS, now);
    }

    /// Looks for a common block further down.
    fn search_below(&mut self, id: PeerId, high: u32, step: u32, now: Now) {
        let at = high.saturating_sub(step);
        let task = Task::Search {
            low: None,
            high,
            step,
            at,
        };
        match at {
            0 => self.ascend_from_height(id, 0, now),
            _ => self.set_task(id, task),
        }
    }

    fn ascend_from_height(&mut self, id: PeerId, number: u32, now: Now) {
        let hash = self.ledger.canonical(number);
        let branch = hash.and_then(|hash| Branch::on(&self.ledger, hash));
        match branch {
            Some(branch) => {
                let branch = Box::new(branch);
                self.set_task(id, Task::Ascend { branch });
            }
            None => self.end_comparison(id, now),
        }
    }

    /// A header of the height that was looked at.
    fn search(
        &mut self,
        id: PeerId,
        (low, high, step, at): (Option<Head>, u32, u32, u32),
        headers: &[Header],
        now: Now,
    ) {
        self.count_unproven(id, 1, now);
        let ours = self.ledger.canonical(at);
        let is_shared = headers
            .first()
            .is_some_and(|header| header.number == at && Some(header.hash()) == ours);
        let (low, high) = match ours {
            Some(hash) if is_shared => (Some(Head { number: at, hash }), high),
            _ => (low, at),
        };
        let Some(low) = low else {
            return self.search_below(id, high, step.saturating_mul(2), now);
        };
        let gap = high.saturating_sub(low.number);
        if gap <= SEGMENT_BLOCKS {
            return self.ascend_from_height(id, low.number, now);
        }
        let at = low.number.saturating_add(gap / 2);
        let low = Some(low);
        self.set_task(
            id,
            Task::Search {
                low,
                high,
                step,
                at,
            },
        );
    }

    /// The next headers of a branch.
    fn ascend(&mut self, id: PeerId, mut branch: Branch, headers: Vec<Header>, now: Now) {
        let best = self.best_weight();
        let sent = headers.len() as u32;
        let was_proven = branch.light.is_some();
        let mut is_cut = headers.is_empty();
        for (index, header) in headers.iter().enumerate() {
            let hash = header.hash();
            if branch.segments.is_empty()
                && header.parent_hash == branch.chain.hash()
                && self.ledger.number(hash).is_some()
                && let Some(higher) = Branch::on(&self.ledger, hash)
            {
                branch = higher;
                continue;
            }
            if self.is_early(id, header, &branch, now) {
                is_cut = true;
                break;
            }
            if self.bad.contains(&hash) || self.is_off_checkpoint(header.number, hash) {
                return self.drop_peer(id, Why::Invalid, &"a branch with an invalid block");
            }
            match branch.follow(header, best) {
                Ok(()) => {}
                // It has changed sides meanwhile, and will say so.
                Err(Fault::Parent { .. }) if index == 0 => {
                    is_cut = true;
                    break;
                }
                Err(fault) => return self.drop_peer(id, Why::Invalid, &fault),
            }
        }
        if !was_proven && !self.is_worth_more(id, &branch, sent, now) {
            return;
        }
        if self.falls_behind_plan(&branch) {
            return self.end_comparison(id, now);
        }
        self.look_beyond(&branch, false, now);
        if is_cut {
            return self.finish(id, branch, now);
        }
        let branch = Box::new(branch);
        self.set_task(id, Task::Ascend { branch });
    }

    /// Whether a branch that does not outweigh our chain yet may go on.
    fn is_worth_more(&mut self, id: PeerId, branch: &Branch, sent: u32, now: Now) -> bool {
        if branch.light.is_some() {
            return true;
        }
        if self.count_unproven(id, sent, now) <= UNPROVEN_MAX {
            return true;
        }
        if self.is_too_slow(branch, now) {
            debug!(
                target: LOG_TARGET,
                "{id} has a cheap branch of {} headers above #{}",
                branch.headers(), branch.common.number,
            );
            self.seen.cheap = self.seen.cheap.saturating_add(1);
            self.cheap.insert(id, now.instant);
            self.end_comparison(id, now);
            return false;
        }
        if let Some(peer) = self.peers.get_mut(&id) {
            peer.unproven = 0;
        }
        true
    }

    /// Whether a branch has less than half of the weight per block that it needs to outweigh our chain
    /// by now, at one block in a block time since the fork.
    fn is_too_slow(&self, branch: &Branch, now: Now) -> bool {
        let ours = self.best_weight().saturating_sub(branch.common_weight);
        let passed_ms = now.unix_ms.saturating_sub(branch.common_time_ms);
        let block_time_ms = branch.chain.rules().block_time_ms.max(1);
        let possible = passed_ms.checked_div(block_time_ms).unwrap_or(0).max(1);
        let theirs = branch.weight_since().saturating_mul(2.into());
        theirs.saturating_mul(possible.into()) < ours.saturating_mul(branch.headers_since().into())
    }

    /// Counts headers of a peer that prove nothing; returns how many there are.
    fn count_unproven(&mut self, id: PeerId, headers: u32, now: Now) -> u32 {
        let Some(peer) = self.peers.get_mut(&id) else {
            return 0;
        };
        let since = now.instant.saturating_duration_since(peer.unproven_since);
        if since > UNPROVEN_FOR {
            (peer.unproven, peer.unproven_since) = (0, now.instant);
        }
        peer.unproven = peer.unproven.saturating_add(headers);
        peer.unproven
    }

    /// Whether a heavier branch is known whose blocks weigh far more than this one's.
    fn falls_behind_plan(&self, branch: &Branch) -> bool {
        let Some(plan) = &self.plan else {
            return false;
        };
        let planned = plan.branch();
        if branch.headers() < UNPROVEN_MAX || branch.chain.weight() >= planned.chain.weight() {
            return false;
        }
        let theirs = branch.weight_since().saturating_mul(PLAN_FACTOR.into());
        theirs.saturating_mul(planned.headers().into())
            < planned
                .weight_since()
                .saturating_mul(branch.headers().into())
    }

    fn is_off_checkpoint(&self, number: u32, hash: Hash) -> bool {
        let checkpoint = self.demands.checkpoint;
        checkpoint.is_some_and(|(height, block)| height == number && block != hash)
    }

    /// All headers of a branch are here.
    fn finish(&mut self, id: PeerId, branch: Branch, now: Now) {
        if let Some(peer) = self.peers.get_mut(&id) {
            debug!(
                target: LOG_TARGET,
                "{id} has {} headers above #{}, up to #{}",
                branch.headers(), branch.fork.number, branch.tip().number,
            );
            peer.compared = peer.aim;
            let is_long = branch.headers_since() > UNPROVEN_MAX;
            if is_long && branch.light.is_none() {
                self.seen.cheap = self.seen.cheap.saturating_add(1);
                self.cheap.insert(id, now.instant);
            }
            peer.branch = Some(branch);
        }
        self.choose(now);
    }

    fn end_comparison(&mut self, id: PeerId, now: Now) {
        if let Some(peer) = self.peers.get_mut(&id) {
            peer.compared = peer.aim;
        }
        self.choose(now);
    }

    fn set_compared(&mut self, id: PeerId, hash: Hash) {
        if let Some(peer) = self.peers.get_mut(&id) {
            peer.compared = Some(hash);
        }
    }

    fn set_task(&mut self, id: PeerId, task: Task) {
        if let Some(peer) = self.peers.get_mut(&id) {
            peer.task = Some(task);
        }
    }

    /// Begins comparisons and asks for their next headers.
    pub(super) fn compare(&mut self, now: Now) {
        let mut ids: Vec<PeerId> = self.peers.keys().copied().collect();
        // Who has shown much that proves nothing waits for the others.
        ids.sort_by_key(|id| self.peers.get(id).map_or(0, |peer| peer.unproven));
        let is_new = self.ledger.best().number == 0;
        for id in ids {
            let Some(peer) = self.peers.get_mut(&id) else {
                continue;
            };
            if peer.headers_asked.is_some() || now.instant < peer.pause_until {
                continue;
            }
            if peer.task.is_none() {
                let tip = peer.best;
                let is_due = peer.compared != Some(tip.hash)
                    && self.ledger.number(tip.hash).is_none()
                    && !self.cheap.contains(&id, now.instant);
                if !is_due {
                    continue;
                }
                peer.aim = Some(tip.hash);
                peer.task = Some(Task::Descend { tip });
            }
            let Some(task) = &peer.task else { continue };
            let (wanted, is_proven) = next_headers(task);
            if is_new || is_proven || self.tokens.take(wanted.max, now.instant) {
                peer.headers_asked = Some(now.instant);
                self.actions.push(Action::AskHeaders(id, wanted));
            }
        }
    }
}

/// The request that a comparison needs next, and whether its branch is proven.
fn next_headers(task: &Task) -> (Wanted, bool) {
    match task {
        Task::Descend { tip } => {
            let wanted = Wanted {
                from: From::Hash(tip.hash),
                direction: Direction::Descending,
                max: SEGMENT_BLOCKS,
            };
            (wanted, false)
        }
        Task::Search { at, .. } => {
            let wanted = Wanted {
                from: From::Number(*at),
                direction: Direction::Ascending,
                max: 1,
            };
            (wanted, false)
        }
        Task::Ascend { branch } => {
            let wanted = Wanted {
                from: From::Number(branch.chain.number().saturating_add(1)),
                direction: Direction::Ascending,
                max: SEGMENT_BLOCKS,
            };
            (wanted, branch.light.is_some())
        }
    }
}
