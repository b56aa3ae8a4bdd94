//! Making a round's update: training or reading, the norm bound, the commitment, the file.

use fedchain_commitment::{Opening, values_root};
use fedchain_fl::{H256, Privacy};
use fedchain_learn::{self as learn, server::keep_bound};

use super::{Session, report::Event, work::Work};
use crate::{
    Error,
    chain::{Chain, FederationView, Head},
    store::Kept,
};

impl Session<'_> {
    /// Makes the update of a round and keeps it.
    pub(super) async fn train(
        &mut self,
        chain: &Chain,
        view: &FederationView,
        head: Head,
    ) -> Result<(), Error> {
        let task = &view.spec.task;
        if task.strategy.terms().is_some() {
            return self.take_moments(chain, view);
        }
        let base = chain
            .model(view.federation, task.format, None, head.hash)
            .await?;
        let mut values = match &self.work {
            Work::Weights { values, .. } => values.clone(),
            Work::Rows { data, hyper, guard } => {
                let mut trained = tokio::task::block_in_place(|| {
                    learn::train(task, &base.values, data, hyper, view.round)
                })?;
                (self.tell)(&Event::Fit {
                    round: view.round,
                    loss_before: trained.before.loss,
                    loss_after: trained.after.loss,
                    rows: data.rows(),
                });
                if let Some(guard) = guard {
                    guard.protect(&mut trained.values, &base.values)?;
                }
                trained.values
            }
        };
        if keep_bound(task, &base.values, &mut values) {
            self.note("the update was clipped to the federation's norm bound".into());
        }
        self.keep(chain, view, values)
    }

    /// Counts an update, makes the commitment to it and keeps its opening, in this order: what may be
    /// sent is counted.
    pub(super) fn keep(
        &mut self,
        chain: &Chain,
        view: &FederationView,
        values: Vec<i32>,
    ) -> Result<(), Error> {
        let privacy = self.spend(view.round)?;
        let kept = self.seal(chain.genesis(), view, values, privacy)?;
        self.store.save(&kept)?;
        if let Some(current) = &mut self.current {
            current.kept = Some(kept);
        }
        Ok(())
    }

    /// Makes the commitment to an update.
    fn seal(
        &self,
        genesis: H256,
        view: &FederationView,
        values: Vec<i32>,
        privacy: Option<Privacy>,
    ) -> Result<Kept, Error> {
        let bytes = view.spec.task.format.encode(&values).map_err(|error| {
            Error::Impossible(format!("{error}: train with a smaller --learning-rate"))
        })?;
        let opening = Opening {
            genesis,
            federation: view.federation,
            round: view.round,
            spec_hash: view.spec_hash,
            base_root: view.model_root,
            account: self.account.0,
            sample_count: self.sample_count(view),
            privacy,
            param_count: view.param_count,
            values_root: values_root(&bytes),
            salt: rand::random(),
        };
        Ok(Kept {
            round: opening.round,
            base_root: opening.base_root,
            sample_count: opening.sample_count,
            privacy: opening.privacy,
            salt: H256(opening.salt),
            values,
            commitment: opening.commitment(),
        })
    }

    /// Rows of an update, as they are told to the chain.
    pub(super) fn sample_count(&self, view: &FederationView) -> u32 {
        view.spec.stated_count(self.work.rows())
    }
}
