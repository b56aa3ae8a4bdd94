//! What a client of a certified regression does instead of training and aggregating.

use fedchain_fl::view::PhaseView;
use fedchain_learn::moments::{certify, moments};

use super::{Session, work::Work};
use crate::{
    Error, certify,
    chain::{Chain, FederationView, Head, call::Call},
    session::report::Event,
};

impl Session<'_> {
    /// The update of a certified regression: the moments' bytes, as weights of 32 bits have them.
    pub(super) fn take_moments(
        &mut self,
        chain: &Chain,
        view: &FederationView,
    ) -> Result<(), Error> {
        let task = &view.spec.task;
        let shape = task.shape().map_err(|e| Error::Protocol(e.to_string()))?;
        let Work::Rows { data, .. } = &self.work else {
            return Err(Error::Protocol("the strategy has changed".into()));
        };
        let moments = moments(task, shape, data)?;
        // The rows of others may mend it, so that it stops nobody.
        if let Err(uncertified) = certify(task, moments.clone()) {
            self.note(format!(
                "by your rows alone there would be no certificate: {uncertified}"
            ));
        }
        (self.tell)(&Event::Moments {
            round: view.round,
            numbers: shape.moments(),
            rows: data.rows(),
        });
        self.keep(chain, view, task.format.decode(&moments.encode()))
    }

    /// Looks for moments of no rows as they come, from its own place on, so that few are left when the last are
    /// there.
    pub(super) async fn examine(
        &mut self,
        chain: &Chain,
        view: &FederationView,
        head: Head,
    ) -> Result<(), Error> {
        let account = self.account;
        self.examination.look(chain, view, &account, head).await
    }

    /// Hands in the proof that a client's moments are of no rows, which a certificate would make unassailable;
    /// answers whether it was executed, none when there is nobody to refute.
    pub(super) async fn refute(
        &mut self,
        chain: &Chain,
        view: &FederationView,
        head: Head,
    ) -> Result<Option<bool>, Error> {
        self.examine(chain, view, head).await?;
        let Some((client, call)) = self.examination.refutation(view.federation) else {
            return Ok(None);
        };
        self.note(format!(
            "{client} has sent moments that no rows have: proving it on chain"
        ));
        match self.send(chain, &call).await {
            // Others may be able to pay.
            Err(error @ Error::LowBalance { .. }) => {
                self.note(error.to_string());
                Ok(Some(false))
            }
            sent => Ok(Some(sent?.is_some())),
        }
    }

    /// Solves the regression and hands the solution in, if it has one and nobody is to be refuted.
    pub(super) async fn certify(
        &mut self,
        chain: &Chain,
        view: &FederationView,
        head: Head,
    ) -> Result<bool, Error> {
        if let Some(is_refuted) = self.refute(chain, view, head).await? {
            return Ok(is_refuted);
        }
        let PhaseView::Certify {
            deadline: Some(deadline),
            ..
        } = view.phase
        else {
            return Ok(false);
        };
        // After a refutation there is a later window, for other moments.
        let window = Some((view.round, deadline.time_ms));
        if self.unsolved == window {
            return Ok(false);
        }
        let reason = match certify::solve(chain, view, &[], head).await {
            Ok(solution) => {
                let call = Call::certify(view.federation, &[], &solution);
                match self.send(chain, &call).await {
                    Err(error @ Error::LowBalance { .. }) => error.to_string(),
                    sent => return Ok(sent?.is_some()),
                }
            }
            Err(Error::Impossible(reason)) => reason,
            Err(error) => return Err(error),
        };
        // Others may do better; else the round is skipped.
        self.unsolved = window;
        self.note(reason);
        Ok(false)
    }
}
