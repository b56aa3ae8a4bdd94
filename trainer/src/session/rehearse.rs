//! What taking part in a round would send, without sending it.

use std::fmt;

use fedchain_commitment::parts;
use fedchain_fl::{Decimal, H256, Privacy, norm::squared_distance, view::PhaseView};
use fedchain_learn::server::keep_bound;
use serde::Serialize;
use subxt_signer::sr25519::Keypair;

use super::{
    Job, Source,
    seat::{client_of, not_member},
    submit::ensure_takes,
    work::Work,
};
use crate::{
    Error,
    amount::Amount,
    chain::{Chain, FederationView, call::Call},
    keys,
    words::count,
};

/// What calls take from an account beside their fees, with its name.
pub type Take = (&'static str, Amount);

/// A round's calls, as they would be sent now.
#[derive(Debug, Clone, Serialize)]
pub struct Rehearsal {
    /// Number of the federation.
    pub federation: u32,
    /// The round that is open, or was last.
    pub round: u32,
    /// Rows that the update is learned from.
    pub rows: usize,
    /// The sample count that the update states: all rows, or as many as the federation counts.
    pub sample_count: u32,
    /// The weights, where they are known before the round.
    pub weights: Option<Weights>,
    /// One commitment, and the parts of the update.
    #[serde(skip)]
    pub calls: Vec<Call>,
    /// The bond, held from the commitment to the reveal, and the round's prepaid aggregation.
    #[serde(skip)]
    pub takes: [Take; 2],
}

/// Weights of an update.
#[derive(Debug, Clone, Serialize)]
pub struct Weights {
    /// How many.
    pub param_count: usize,
    /// Smallest and largest of their fixed-point values.
    pub range: (i32, i32),
    /// Euclidean distance to the server model, in real units, before any clipping.
    pub distance: f64,
    /// Whether the federation's norm bound would clip them.
    pub is_clipped: bool,
}

/// Makes a round's work ready as far as it can be before the round; `tell` hears what there is to know of
/// the rows.
///
/// # Errors
/// Whatever would stop it: bad data, a file of another model, a missing membership, a federation or a
/// round that is over.
pub async fn rehearse(
    chain: &Chain,
    job: &Job,
    key: &Keypair,
    tell: impl Fn(String),
) -> Result<Rehearsal, Error> {
    let head = chain.best().await?;
    let view = chain.federation(job.federation, head.hash).await?;
    let account = keys::account(key);
    if matches!(view.phase, PhaseView::Finished | PhaseView::Cancelled) {
        return Err(Error::Impossible(format!(
            "federation {} is over: `fedchain federation list` shows others",
            view.federation
        )));
    }
    if client_of(&view, &account).is_none() {
        return Err(not_member(&view, &account));
    }
    if let Source::Weights {
        round: Some(round), ..
    } = job.source
    {
        ensure_takes(&view, round, false)?;
    }
    let task = &view.spec.task;
    let work = Work::read(&job.source, job.federation, &view.spec, tell)?;
    let rows = work.rows();
    let is_private = work.guard().is_some();
    let (bytes, weights) = match work {
        Work::Rows { .. } => (blank(&view)?, None),
        Work::Weights { mut values, .. } => {
            let base = chain
                .model(job.federation, task.format, None, head.hash)
                .await?;
            let unit = 0.5f64.powi(task.format.frac_bits.into());
            let distance = unit * (squared_distance(&values, &base.values) as f64).sqrt();
            let is_clipped = keep_bound(task, &base.values, &mut values);
            let bytes = task.format.encode(&values);
            let bytes = bytes.map_err(|error| Error::Impossible(error.to_string()))?;
            let weights = Weights {
                param_count: values.len(),
                range: (
                    values.iter().copied().min().unwrap_or_default(),
                    values.iter().copied().max().unwrap_or_default(),
                ),
                distance,
                is_clipped,
            };
            (bytes, Some(weights))
        }
    };
    Ok(Rehearsal {
        federation: view.federation,
        round: view.round,
        rows,
        sample_count: view.spec.stated_count(rows),
        weights,
        calls: calls(&view, &bytes, is_private),
        takes: [
            ("bond", Amount(view.spec.bond)),
            ("aggregation", Amount(view.aggregation_fee)),
        ],
    })
}

/// Bytes of an update as long as the federation's.
///
/// # Errors
/// [`Error::Protocol`] when the task has no such length.
pub fn blank(view: &FederationView) -> Result<Vec<u8>, Error> {
    let bytes = view.spec.task.update_bytes();
    let bytes = bytes.map_err(|error| Error::Protocol(error.to_string()))?;
    Ok(vec![0; bytes as usize])
}

/// The calls of a client's round with an update of these bytes, as long as the real ones; `is_private`
/// updates declare what they spend.
pub fn calls(view: &FederationView, bytes: &[u8], is_private: bool) -> Vec<Call> {
    let (federation, round, none) = (view.federation, view.round, H256::zero());
    let mut calls = vec![Call::commit(federation, round, none, none)];
    let privacy = is_private.then_some(Privacy {
        epsilon: Decimal::whole(1),
        delta: Decimal::whole(0),
    });
    let reveal = |part| Call::reveal(federation, round, 1, privacy, none.0, part);
    calls.extend(parts(bytes).iter().map(reveal));
    calls
}

impl fmt::Display for Rehearsal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let stated = match self.rows > self.sample_count as usize {
            true => format!(
                "; of {} rows it states {}, the most that the federation counts per client",
                self.rows, self.sample_count
            ),
            false => String::new(),
        };
        let Some(weights) = &self.weights else {
            return write!(
                f,
                "each round of federation {}: an update learned from {}{stated}",
                self.federation,
                count(self.rows, "row")
            );
        };
        let clipped = match weights.is_clipped {
            true => ", clipped to the norm bound",
            false => "",
        };
        let (min, max) = weights.range;
        write!(
            f,
            "one round of federation {}: {} from {min} to {max}, {:.4} from the server \
             model{clipped}{stated}",
            self.federation,
            count(weights.param_count, "weight"),
            weights.distance
        )
    }
}
