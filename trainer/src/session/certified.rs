//! What a client of a certified regression does instead of training and aggregating.

use fedchain_learn::moments::moments;

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
        (self.tell)(&Event::Moments {
            round: view.round,
            numbers: shape.moments(),
            rows: data.rows(),
        });
        self.keep(chain, view, task.format.decode(&moments.encode()))
    }

    /// Looks for moments of no rows, which a certificate would make unassailable; else solves the regression
    /// and hands the solution in, if it has one: a round's moments stay as they are.
    pub(super) async fn certify(
        &mut self,
        chain: &Chain,
        view: &FederationView,
        head: Head,
    ) -> Result<bool, Error> {
        // After another's refutation there is a new window, for other moments.
        let window = Some((view.round, view.phase));
        if self.unsolved == window {
            return Ok(false);
        }
        if let Some((client, vector)) = certify::find_guilty(chain, view, head).await? {
            self.note(format!(
                "{client} has sent moments that no rows have: this is proven on chain"
            ));
            let call = Call::refute(view.federation, client, &vector);
            return Ok(self.send(chain, &call).await?.is_some());
        }
        match certify::solve(chain, view, &[], head).await {
            Ok(solution) => {
                let call = Call::certify(view.federation, &[], &solution);
                Ok(self.send(chain, &call).await?.is_some())
            }
            Err(Error::Impossible(reason)) => {
                // Others may do better; else the round is skipped.
                self.unsolved = window;
                self.note(reason);
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }
}
