//! Reading the chain for the view, beside it: a picture per block, and one when another federation is
//! chosen.

use std::{
    collections::{BTreeMap, HashMap},
    iter,
};

use fedchain_fl::H256;
use fedchain_learn as learn;
use tokio::sync::{mpsc, watch};

use super::{
    Rows,
    state::{Block, Detail, Picture, Round, Update},
};
use crate::{
    Error,
    chain::{Chain, FederationView, Head},
    session::reconnect::reconnect,
};

/// Newest blocks that are read.
const BLOCKS_MAX: usize = 32;
/// Newest closed rounds that are read.
const ROUNDS_MAX: u32 = 64;

/// Reads until nobody takes the pictures any more, also over a node that goes and comes back.
pub(super) async fn follow(
    mut chain: Chain,
    url: String,
    rows: Option<Rows>,
    mut chosen: watch::Receiver<Option<u32>>,
    updates: mpsc::Sender<Update>,
) {
    loop {
        let Err(lost) = pictures(&chain, rows.as_ref(), &mut chosen, &updates).await else {
            return;
        };
        if updates.send(Update::Lost(lost.to_string())).await.is_err() {
            return;
        }
        tokio::select! {
            () = updates.closed() => return,
            again = reconnect(&url) => chain = again,
        }
    }
}

/// Sends pictures until nobody takes them any more.
async fn pictures(
    chain: &Chain,
    rows: Option<&Rows>,
    chosen: &mut watch::Receiver<Option<u32>>,
    updates: &mpsc::Sender<Update>,
) -> Result<(), Error> {
    let mut heads = chain.heads().await?;
    let mut reader = Reader::new(chain, rows);
    loop {
        let federation = *chosen.borrow_and_update();
        let picture = Update::Picture(Box::new(reader.picture(federation).await?));
        if updates.send(picture).await.is_err() {
            return Ok(());
        }
        tokio::select! {
            moved = heads.next() => moved?,
            changed = chosen.changed() => if changed.is_err() { return Ok(()) },
        }
    }
}

/// Reads pictures, and remembers what cannot change.
pub(super) struct Reader<'a> {
    chain: &'a Chain,
    rows: Option<&'a Rows>,
    /// By hash.
    blocks: HashMap<H256, Block>,
    /// Rounds that are final, by federation and number.
    rounds: BTreeMap<(u32, u32), Round>,
    /// On the user's rows, by the model's root; none: of the initial model.
    losses: HashMap<Option<H256>, f64>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(chain: &'a Chain, rows: Option<&'a Rows>) -> Self {
        Self {
            chain,
            rows,
            blocks: HashMap::new(),
            rounds: BTreeMap::new(),
            losses: HashMap::new(),
        }
    }

    /// The chain as of its best block, with `federation` from near where there is such a one.
    pub(super) async fn picture(&mut self, federation: Option<u32>) -> Result<Picture, Error> {
        let head = self.chain.best().await?;
        let detail = match federation {
            Some(federation) => self.detail(federation, head).await?,
            None => None,
        };
        Ok(Picture {
            clock: self.chain.clock(head).await?,
            federations: self.chain.federations().await?,
            detail,
            blocks: self.newest(head).await?,
        })
    }

    async fn detail(&mut self, federation: u32, head: Head) -> Result<Option<Detail>, Error> {
        let view = match self.chain.federation(federation, head.hash).await {
            Err(Error::UnknownFederation(_)) => return Ok(None),
            view => view?,
        };
        let finalised = self.chain.finalised().await?.number;
        let mut rounds = Vec::new();
        let first = view.round.saturating_sub(ROUNDS_MAX).max(1);
        for round in first..=view.round {
            if let Some(known) = self.rounds.get(&(federation, round)) {
                rounds.push(known.clone());
                continue;
            }
            let found = self.chain.round(federation, round, head.hash).await?;
            let Some(record) = found.and_then(|found| found.record) else {
                continue;
            };
            let judgement = match view.spec.gate {
                Some(_) => self.chain.gate(federation, round, head.hash).await?,
                None => None,
            };
            let closed = Round {
                round,
                record,
                judgement,
            };
            if closed.record.closed_at <= finalised {
                self.rounds.insert((federation, round), closed.clone());
            }
            rounds.push(closed);
        }
        let own_losses = self.own_losses(&view, &rounds, head).await?;
        Ok(Some(Detail {
            view,
            rounds,
            own_losses,
        }))
    }

    /// Losses of the initial model and those after `rounds` on the user's rows; none without rows for
    /// this federation, or where the node does not have a model any more.
    async fn own_losses(
        &mut self,
        view: &FederationView,
        rounds: &[Round],
        head: Head,
    ) -> Result<Vec<(f64, f64)>, Error> {
        let is_measured = |rows: &&Rows| rows.federation == view.federation;
        let Some(rows) = self.rows.filter(is_measured) else {
            return Ok(Vec::new());
        };
        let task = &view.spec.task;
        let closed = rounds.iter().map(|r| (r.round, Some(r.record.model_root)));
        let mut losses = Vec::new();
        for (round, root) in iter::once((0, None)).chain(closed) {
            let loss = match self.losses.get(&root) {
                Some(known) => *known,
                None => {
                    let (chain, federation) = (self.chain, view.federation);
                    let found = chain.model(federation, task.format, Some(round), head.hash);
                    let model = match found.await {
                        Err(Error::Impossible(_)) => continue,
                        model => model?,
                    };
                    let evaluate = || learn::evaluate(task, &model.values, &rows.data);
                    let loss = tokio::task::block_in_place(evaluate)?.loss;
                    self.losses.insert(root, loss);
                    loss
                }
            };
            losses.push((f64::from(round), loss));
        }
        Ok(losses)
    }

    /// The newest blocks, each fetched once: parents are named by hash, so a reorganisation brings
    /// others.
    async fn newest(&mut self, head: Head) -> Result<Vec<Block>, Error> {
        let mut blocks: Vec<Block> = Vec::new();
        let mut next = head.hash;
        while blocks.len() < BLOCKS_MAX {
            let block = match self.blocks.remove(&next) {
                Some(known) => known,
                None => self.chain.block_record(next).await?.into(),
            };
            let is_first = block.number == 0;
            next = block.parent;
            blocks.push(block);
            if is_first {
                break;
            }
        }
        self.blocks = blocks
            .iter()
            .map(|block| (block.hash, block.clone()))
            .collect();
        Ok(blocks)
    }
}
