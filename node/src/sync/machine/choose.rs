//! Which branch to fetch, and what to do about one that cannot be.

use super::{BLOCKS_WITHIN, Machine, Now, REMEMBERED_MAX, Why};
use crate::sync::{
    Head, LOG_TARGET,
    branch::{Branch, SEGMENT_BLOCKS},
    ledger::Ledger,
    machine::Action,
    peer::Peer,
    plan::Plan,
    start_over::Needed,
};
use fedchain_runtime::Hash;
use log::{error, info, warn};
use std::time::Duration;

/// How long the first comparison after the start may hold the node up.
const COMPARING_MAX: Duration = Duration::from_secs(10);

/// How many blocks may be taken back, and executed before they outweigh what is taken back. The
/// database keeps their states in memory and forgets a branch by recursion.
const REORGANISATION_MAX: u32 = 1_024;

/// How many times our weight a chain must have since the fork for history that this node was told to
/// be given up by itself.
const START_OVER_FACTOR: u64 = 4;

/// A node that may not start over yet is ordered to again after so long.
const ORDER_AGAIN_AFTER: Duration = Duration::from_secs(60);

/// For how long after a fresh start only a chain of the weight that caused it is taken.
const NEEDED_FOR: Duration = Duration::from_secs(600);

/// How long a plan may stand still, with no block sent or imported.
const STANDING_MAX: Duration = Duration::from_secs(60);

/// What becomes of a branch.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    /// It is not heavier than our chain.
    Lighter,
    /// It lacks what the specification demands.
    Barred,
    /// Its blocks are to be fetched; the flag says that some of ours are taken back.
    Adopt(bool),
    /// It is heavier and would take back final blocks.
    Beyond,
}

impl<L: Ledger> Machine<L> {
    /// What becomes of a branch now.
    fn judge(&self, branch: &Branch, now: Now) -> Verdict {
        let best = self.ledger.best();
        if branch.chain.weight() <= self.best_weight() || branch.segments.is_empty() {
            return Verdict::Lighter;
        }
        let weight = branch.chain.weight();
        let lacks_checkpoint = self.demands.checkpoint.is_some_and(|(height, block)| {
            // Above the fork the headers were held to it.
            branch.tip().number < height
                || (branch.common.number >= height && self.ledger.canonical(height) != Some(block))
        });
        let lacks_needed = self.needed.as_ref().is_some_and(|(needed, since)| {
            let since = now.instant.saturating_duration_since(*since);
            weight < needed.weight && since < NEEDED_FOR
        });
        if lacks_checkpoint || lacks_needed || weight < self.demands.minimum_work {
            return Verdict::Barred;
        }
        let Some(common) = self.ledger.common(branch.fork.hash) else {
            return Verdict::Lighter;
        };
        let takes_back = common.number < best.number;
        let is_deep = takes_back
            && (best.number.saturating_sub(common.number) > REORGANISATION_MAX
                || branch.light.unwrap_or(u32::MAX) > REORGANISATION_MAX);
        if common.number < self.ledger.finalised().number || is_deep {
            return Verdict::Beyond;
        }
        Verdict::Adopt(takes_back)
    }

    /// Looks at a branch that is heavier than our chain and would take back final blocks; `is_whole` if
    /// no more headers of it are on their way.
    pub(super) fn look_beyond(&mut self, branch: &Branch, is_whole: bool, now: Now) {
        if branch.light.is_none() || self.judge(branch, now) != Verdict::Beyond {
            return;
        }
        let Some(common) = self.ledger.common(branch.fork.hash) else {
            return;
        };
        let below = self.ledger.weight(common.hash).unwrap_or_default();
        let ours = self.best_weight().saturating_sub(below);
        let theirs = branch.chain.weight().saturating_sub(below);
        let tip = branch.tip();
        self.seen.fork_weight = Some((ours, theirs));
        if self.alarmed.len() >= REMEMBERED_MAX {
            self.alarmed.clear();
        }
        if is_whole && self.alarmed.insert(tip.hash) {
            self.seen.below_finality = self.seen.below_finality.saturating_add(1);
            warn!(
                target: LOG_TARGET,
                "a heavier chain up to #{} ({:?}) would take back final blocks above #{}: it weighs \
                 {theirs} since then, ours {ours} (see \"Forks beyond finality\" in docs/operating.md)",
                tip.number, tip.hash, common.number,
            );
        }
        let witness = self.ledger.witness();
        // What outweighs it is being fetched.
        let plan = self.plan.as_ref();
        let is_outweighed = plan.is_some_and(|plan| plan.weight() >= branch.chain.weight());
        let is_told = witness.is_none_or(|witness| common.number < witness);
        let is_due = self
            .ordered_at
            .is_none_or(|at| now.instant.saturating_duration_since(at) >= ORDER_AGAIN_AFTER);
        let is_wanted = is_told && is_due && !is_outweighed;
        if is_wanted && theirs >= ours.saturating_mul(START_OVER_FACTOR.into()) {
            self.ordered_at = Some(now.instant);
            error!(
                target: LOG_TARGET,
                "this node starts over: it was told its chain, whose blocks above #{} weigh {ours}, and \
                 has been shown one that weighs {theirs} since then",
                common.number,
            );
            let weight = branch.chain.weight();
            self.actions.push(Action::StartOver(Needed { weight }));
        }
    }

    /// Takes the heaviest branch as the plan, if it is heavier than the one before. Headers whose blocks do not
    /// come keep no other branch waiting that is heavier than our chain.
    pub(super) fn choose(&mut self, now: Now) {
        if self.is_comparing() {
            return;
        }
        let is_stalled = |hash: Hash| self.stalled.contains(&hash);
        let mut least = match &self.plan {
            Some(plan) if !is_stalled(plan.tip().hash) => plan.weight(),
            _ => self.best_weight(),
        };
        let (mut chosen, mut last) = (None, None);
        let mut beyond = vec![];
        for (id, peer) in &self.peers {
            let Some(branch) = &peer.branch else { continue };
            if branch.chain.weight() <= least {
                continue;
            }
            match self.judge(branch, now) {
                Verdict::Adopt(takes_back) if is_stalled(branch.chain.hash()) => {
                    last.get_or_insert((*id, takes_back));
                }
                Verdict::Adopt(takes_back) => {
                    least = branch.chain.weight();
                    chosen = Some((*id, takes_back));
                }
                Verdict::Beyond => beyond.push(branch.clone()),
                Verdict::Lighter | Verdict::Barred => {}
            }
        }
        for branch in beyond {
            self.look_beyond(&branch, true, now);
        }
        // What stalled is asked for again where there is nothing else to do.
        let last = last.filter(|_| self.plan.is_none());
        let Some((id, takes_back)) = chosen.or(last) else {
            return;
        };
        let branch = self.peers.get(&id).and_then(|peer| peer.branch.clone());
        let Some(mut branch) = branch else { return };
        self.skip_executed(&mut branch);
        if branch.segments.is_empty() {
            return;
        }
        let tip = branch.tip();
        if branch.headers() > SEGMENT_BLOCKS {
            info!(
                target: LOG_TARGET,
                "fetching {} blocks up to #{} of the heaviest chain shown",
                branch.headers(), tip.number,
            );
        }
        self.plan = Some(Plan::new(branch, id, takes_back, now.instant));
    }

    /// Lets a branch begin above the segments that were executed meanwhile.
    fn skip_executed(&self, branch: &mut Branch) {
        let is_wanted = |top: Hash| self.ledger.number(top).is_none();
        let executed = branch
            .segments
            .iter()
            .take_while(|segment| !is_wanted(segment.top))
            .count();
        let mut skipped = branch.segments.drain(..executed);
        if let Some(last) = skipped.next_back() {
            let (number, hash) = (last.last(), last.top);
            drop(skipped);
            branch.fork = Head { number, hash };
        }
    }

    /// Whether the first comparison is over, and whether a plan can still come true.
    pub(super) fn look_for_end(&mut self, now: Now) {
        if !self.compared {
            let is_late = now.instant.saturating_duration_since(self.started) >= COMPARING_MAX;
            let is_done = |peer: &Peer| {
                peer.task.is_none()
                    && (peer.compared == Some(peer.best.hash)
                        || self.ledger.number(peer.best.hash).is_some())
            };
            if is_late || (!self.peers.is_empty() && self.peers.values().all(is_done)) {
                self.compared = true;
                self.choose(now);
            }
        }
        if self.needed.is_some() {
            let weight = self.best_weight();
            self.needed.take_if(|(needed, _)| weight >= needed.weight);
        }
        let Some(plan) = &self.plan else { return };
        if self.best_weight() >= plan.weight() {
            // Our own blocks have outweighed it meanwhile.
            return self.give_plan_up(None);
        }
        let (tip, proposer) = (plan.tip().hash, plan.proposer);
        let mut peers = self.peers.iter();
        let may_come = peers.any(|(id, peer)| plan.may_come_from(id, peer.best.number));
        let stands = now.instant.saturating_duration_since(plan.moved_at);
        if stands >= STANDING_MAX {
            let is_liar = self.peers.contains_key(&proposer);
            self.give_plan_up(is_liar.then_some(Why::Cheap));
            self.choose(now);
        } else if plan.is_wanting() && !may_come {
            let is_liar = plan.is_lacked_by(&proposer);
            self.give_plan_up(None);
            if is_liar {
                self.drop_peer(proposer, Why::Cheap, &"it lacks what it has shown");
            }
            self.choose(now);
        } else if stands >= BLOCKS_WITHIN && !self.stalled.contains(&tip) {
            self.stalled.truncate(REMEMBERED_MAX - 1);
            self.stalled.push_front(tip);
            self.choose(now);
        }
    }
}
