//! What the view shows: the newest picture of the chain, and what its user chose.

use fedchain_fl::{
    H256,
    gate::GateRecord,
    view::{Outcome, RoundRecord},
};

use super::keys::Action;
use crate::{
    chain::{AccountId, BlockRecord, Clock, FederationSummary, FederationView},
    evaluate::report::real,
};

/// The chain as of its best block.
#[derive(Debug, Clone)]
pub struct Picture {
    /// The best block.
    pub clock: Clock,
    /// All federations, in ascending order of their numbers.
    pub federations: Vec<FederationSummary>,
    /// The one that was asked for, while there is one.
    pub detail: Option<Detail>,
    /// The newest blocks, newest first.
    pub blocks: Vec<Block>,
}

/// A federation from near.
#[derive(Debug, Clone)]
pub struct Detail {
    /// As it stands.
    pub view: FederationView,
    /// Its newest closed rounds, in order.
    pub rounds: Vec<Round>,
    /// Loss on the user's own rows by round, with the initial model's as that of round 0.
    pub own_losses: Vec<(f64, f64)>,
}

/// A closed round.
#[derive(Debug, Clone)]
pub struct Round {
    /// Its number.
    pub round: u32,
    /// How it ended.
    pub record: RoundRecord,
    /// How its model was judged, where it was.
    pub judgement: Option<GateRecord<AccountId>>,
}

/// A block, without the weights in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Height.
    pub number: u32,
    /// Hash of the header.
    pub hash: H256,
    /// Hash of the parent's.
    pub parent: H256,
    /// Milliseconds since the Unix epoch.
    pub time_ms: u64,
    /// Who mined it; none in the genesis block.
    pub author: Option<AccountId>,
    /// Commitments in it.
    pub commits: usize,
    /// Updates, or parts of them, in it.
    pub reveals: usize,
    /// Rounds that it closed: federation, round, how.
    pub closed: Vec<(u32, u32, Outcome)>,
}

/// What the reading of the chain came to.
#[derive(Debug, Clone)]
pub enum Update {
    /// A new picture.
    Picture(Box<Picture>),
    /// The node does not answer, or not as it should: why.
    Lost(String),
}

/// What the view shows.
#[derive(Debug, Clone)]
pub struct State {
    /// Address of the node.
    pub url: String,
    /// The newest picture; it stays while the node is gone.
    pub picture: Option<Picture>,
    /// Why no newer picture comes.
    pub lost: Option<String>,
    /// Whether the keys are explained.
    pub help: bool,
    chosen: Option<u32>,
}

impl State {
    /// Nothing is known yet; `chosen` is the federation to begin with, where there is such a one.
    pub fn new(url: String, chosen: Option<u32>) -> Self {
        Self {
            url,
            picture: None,
            lost: None,
            help: false,
            chosen,
        }
    }

    /// The chosen federation.
    pub fn chosen(&self) -> Option<u32> {
        self.chosen
    }

    /// The chosen federation from near; none until it has been read.
    pub fn detail(&self) -> Option<&Detail> {
        let detail = self.picture.as_ref()?.detail.as_ref()?;
        (Some(detail.view.federation) == self.chosen).then_some(detail)
    }

    /// Place of the chosen federation in the list.
    pub fn place(&self) -> Option<usize> {
        let chosen = self.chosen?;
        let is_chosen = |line: &FederationSummary| line.federation == chosen;
        self.picture
            .as_ref()?
            .federations
            .iter()
            .position(is_chosen)
    }

    /// Takes what was read. A chosen federation that is gone gives way to its neighbour before it.
    pub fn apply(&mut self, update: Update) {
        match update {
            Update::Lost(reason) => self.lost = Some(reason),
            Update::Picture(picture) => {
                let numbers = || picture.federations.iter().map(|line| line.federation);
                let up_to = |chosen| numbers().take_while(|number| *number <= chosen).last();
                self.chosen = self.chosen.and_then(up_to).or_else(|| numbers().next());
                self.lost = None;
                self.picture = Some(*picture);
            }
        }
    }

    /// Does what a key asks for; whether the view goes on.
    pub fn act(&mut self, action: Action) -> bool {
        match action {
            Action::Quit => return false,
            Action::Help => self.help = !self.help,
            Action::Next => self.choose(|place| place.saturating_add(1)),
            Action::Previous => self.choose(|place| place.saturating_sub(1)),
        }
        true
    }

    /// Moves the choice within the list.
    fn choose(&mut self, to: impl Fn(usize) -> usize) {
        let place = self.place().map(to);
        let federations = self.picture.as_ref().map(|picture| &picture.federations);
        if let (Some(place), Some(federations)) = (place, federations)
            && let Some(line) = federations.get(place)
        {
            self.chosen = Some(line.federation);
        }
    }
}

impl Detail {
    /// The server model's median loss after each judged round, and before the first of them, as
    /// (round, loss). Each round is judged on other holdouts.
    pub fn judged_losses(&self) -> Vec<(f64, f64)> {
        let judged = self.rounds.iter().filter_map(|round| {
            let scores = &round.judgement.as_ref()?.scores;
            let before = median(scores.iter().map(|score| score.base))?;
            let new = median(scores.iter().map(|score| score.new))?;
            let after = match round.record.outcome.is_adopted() {
                true => new,
                false => before,
            };
            Some((f64::from(round.round), before, after))
        });
        let mut losses = Vec::new();
        for (round, before, after) in judged {
            if losses.is_empty() {
                losses.push((round - 1.0, before));
            }
            losses.push((round, after));
        }
        losses
    }
}

/// The median of losses at 2^-32, as a real number; of an even number the mean of the middle two.
fn median(losses: impl Iterator<Item = u64>) -> Option<f64> {
    let mut losses: Vec<u64> = losses.collect();
    losses.sort_unstable();
    let middle = |place: usize| {
        let loss = losses.get(place).copied()?;
        Some(real(i64::try_from(loss).unwrap_or(i64::MAX)))
    };
    let lower = middle(losses.len().saturating_sub(1) / 2)?;
    Some(f64::midpoint(lower, middle(losses.len() / 2)?))
}

impl From<BlockRecord> for Block {
    fn from(record: BlockRecord) -> Self {
        let commits = record
            .client_models
            .iter()
            .filter(|m| m.commitment.is_some());
        let commits = commits.count();
        let closed = record.server_models.iter();
        Self {
            number: record.index,
            hash: record.hash,
            parent: record.previous_hash,
            time_ms: record.timestamp,
            author: record.author,
            commits,
            reveals: record.client_models.len() - commits,
            closed: closed
                .map(|model| (model.federation, model.round, model.outcome))
                .collect(),
        }
    }
}
