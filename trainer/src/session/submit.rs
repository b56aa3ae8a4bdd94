//! Weights from a file: one round, and what became of them.

use fedchain_fl::{TaskSpec, view::PhaseView};
use fedchain_learn::server::keep_bound;

use super::{Session, Source, decide::Step, work::Work};
use crate::{
    Error,
    chain::{Chain, FederationView, Head, Wait},
    phase,
    store::Kept,
};

/// How far a submission has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Progress {
    /// The round in which the client has committed last.
    pub committed_in: Option<u32>,
    /// The round in which it has revealed last.
    pub revealed_in: Option<u32>,
    /// The round for which other weights were on disk, or committed to from elsewhere.
    pub others_in: Option<u32>,
    /// The closed round in which the weights took part.
    pub closed: Option<u32>,
}

impl Session<'_> {
    /// The opening on disk for a round. Weights from a file are told when it is of others: they are left
    /// as they are, for their commitment may be on its way.
    pub(super) async fn opening(
        &mut self,
        chain: &Chain,
        view: &FederationView,
        head: Head,
        round: u32,
    ) -> Result<Option<Kept>, Error> {
        let kept = self.store.load(round, view.model_root)?;
        if let (Some(kept), Work::Weights { values, .. }) = (&kept, &self.work) {
            let task = &view.spec.task;
            let base = chain
                .model(view.federation, task.format, None, head.hash)
                .await?;
            let rows = self.sample_count(view);
            let is_other = kept.sample_count != rows || !is_of(kept, task, &base.values, values);
            if is_other && self.progress.others_in.replace(round) != Some(round) {
                self.note(format!(
                    "round {round} goes on with the update that is ready in {}: its commitment may have \
                     been sent already",
                    self.store.dir().display()
                ));
            }
        }
        Ok(kept)
    }

    /// The step to take, where a client with rows would take `step`.
    pub(super) fn narrow(&self, step: Step, view: &FederationView) -> Result<Step, Error> {
        match (&self.job.source, &self.current) {
            (
                Source::Weights {
                    round: Some(round), ..
                },
                current,
            ) => {
                let is_ready = current
                    .as_ref()
                    .is_some_and(|current| current.kept.is_some());
                narrow(step, view, *round, is_ready, self.progress.committed_in)
            }
            _ => Ok(step),
        }
    }

    /// Whether the round of the weights is over. A reorganisation may open it again.
    pub(super) fn is_submitted(&self, view: &FederationView) -> bool {
        let closed = self.progress.closed;
        closed.is_some_and(|round| view.round > round || !phase::is_open(&view.phase))
    }

    /// Whether the round of the weights is as final as the user asks for.
    pub(super) async fn is_settled(&self, chain: &Chain) -> Result<bool, Error> {
        if self.job.wait == Wait::Best {
            return Ok(true);
        }
        let Some(round) = self.progress.closed else {
            return Ok(false);
        };
        let head = chain.finalised().await?;
        let found = chain.round(self.job.federation, round, head.hash).await?;
        Ok(found.is_some_and(|found| found.record.is_some()))
    }

    /// Whether the weights took part, for a session that is over.
    ///
    /// # Errors
    /// [`Error::Impossible`] when they did not.
    pub(super) fn ensure_taken(&self) -> Result<(), Error> {
        match &self.job.source {
            Source::Weights { .. } => verdict(self.job.federation, &self.progress),
            Source::Rows { .. } => Ok(()),
        }
    }
}

/// Whether an opening is of `values`, within the norm bound about `base`.
fn is_of(kept: &Kept, task: &TaskSpec, base: &[i32], values: &[i32]) -> bool {
    let mut values = values.to_vec();
    keep_bound(task, base, &mut values);
    kept.values == values
}

/// The step with weights for `round` only; `is_ready` says whether an update for the open round is on disk.
fn narrow(
    step: Step,
    view: &FederationView,
    round: u32,
    is_ready: bool,
    committed_in: Option<u32>,
) -> Result<Step, Error> {
    let takes_part = is_ready || committed_in == Some(round);
    ensure_takes(view, round, takes_part)?;
    Ok(match step {
        Step::Train | Step::Commit if view.round < round => Step::Wait,
        step => step,
    })
}

/// Whether `round` is open for weights or still to come; `takes_part` says whether these are in it.
///
/// # Errors
/// [`Error::Impossible`] when it is not.
pub(super) fn ensure_takes(
    view: &FederationView,
    round: u32,
    takes_part: bool,
) -> Result<(), Error> {
    let federation = view.federation;
    let rounds_max = view.last_round();
    if round > rounds_max {
        return Err(Error::Impossible(format!(
            "federation {federation} ends with round {rounds_max}: there is no round {round}"
        )));
    }
    let takes_commitments = matches!(view.phase, PhaseView::Commit { .. });
    if view.round > round || (view.round == round && !takes_commitments && !takes_part) {
        return Err(Error::Impossible(format!(
            "round {round} of federation {federation} takes no commitments any more: train on the \
             newest server model, and submit for a later round"
        )));
    }
    Ok(())
}

fn verdict(federation: u32, progress: &Progress) -> Result<(), Error> {
    let Some(round) = progress.closed else {
        return Err(Error::Impossible(format!(
            "federation {federation} ended before a round took the weights"
        )));
    };
    if progress.revealed_in != Some(round) {
        return Err(Error::Impossible(format!(
            "the weights were not revealed in round {round} and count for nothing: submit them for a \
             later round. The bond is lost if others could reveal, and back if too few committed"
        )));
    }
    if progress.others_in == Some(round) {
        return Err(Error::Impossible(format!(
            "round {round} took another update of this account, not these weights: submit them for a \
             later round"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use fedchain_fl::{NormRule, window::Deadline};

    use super::*;
    use crate::session::decide::tests::{kept, view};

    const DEADLINE: Deadline = Deadline {
        block: 20,
        time_ms: 5_000,
    };
    const COMMIT: PhaseView = PhaseView::Commit { deadline: DEADLINE };
    const REVEAL: PhaseView = PhaseView::Reveal {
        opens_at: 15,
        deadline: DEADLINE,
    };

    #[test]
    fn weights_wait_for_their_round_and_for_no_other() {
        // The view's round is 2 of 3.
        for (phase, step, round, is_ready, committed_in, expected) in [
            (COMMIT, Step::Train, 2, false, None, Ok(Step::Train)),
            (COMMIT, Step::Commit, 2, true, None, Ok(Step::Commit)),
            (COMMIT, Step::Train, 3, false, None, Ok(Step::Wait)),
            (COMMIT, Step::Commit, 3, true, None, Ok(Step::Wait)),
            (COMMIT, Step::Advance, 3, false, None, Ok(Step::Advance)),
            (COMMIT, Step::Train, 1, false, Some(1), Err("round 1 of")),
            (
                COMMIT,
                Step::Train,
                4,
                false,
                None,
                Err("ends with round 3"),
            ),
            (REVEAL, Step::Wait, 2, false, None, Err("round 2 of")),
            (REVEAL, Step::Reveal, 2, true, Some(2), Ok(Step::Reveal)),
            (
                PhaseView::Aggregate,
                Step::Wait,
                2,
                false,
                Some(2),
                Ok(Step::Wait),
            ),
            // Waiting keeps the number of the closed round.
            (
                PhaseView::Waiting,
                Step::Wait,
                2,
                false,
                None,
                Err("round 2 of"),
            ),
            (
                PhaseView::Waiting,
                Step::Wait,
                3,
                false,
                None,
                Ok(Step::Wait),
            ),
        ] {
            let found = narrow(step, &view(phase), round, is_ready, committed_in);
            match (found, expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{phase:?} {round}"),
                (Err(found), Err(expected)) => {
                    assert!(found.to_string().contains(expected), "{found}");
                }
                (found, _) => panic!("{phase:?} {round}: {found:?}"),
            }
        }
    }

    #[test]
    fn the_end_says_whether_the_weights_took_part() {
        let revealed = Progress {
            committed_in: Some(2),
            revealed_in: Some(2),
            others_in: None,
            closed: Some(2),
        };
        for (progress, expected) in [
            (revealed, None),
            // Other weights were left from a round before.
            (
                Progress {
                    others_in: Some(1),
                    ..revealed
                },
                None,
            ),
            (
                Progress {
                    others_in: Some(2),
                    ..revealed
                },
                Some("not these weights"),
            ),
            (
                Progress {
                    revealed_in: None,
                    ..revealed
                },
                Some("not revealed in round 2"),
            ),
            (
                Progress {
                    revealed_in: Some(1),
                    ..revealed
                },
                Some("not revealed in round 2"),
            ),
            (
                Progress {
                    closed: None,
                    ..revealed
                },
                Some("ended before a round"),
            ),
        ] {
            let found = verdict(0, &progress).err().map(|error| error.to_string());
            match expected {
                None => assert_eq!(found, None, "{progress:?}"),
                Some(expected) => assert!(found.unwrap().contains(expected), "{progress:?}"),
            }
        }
    }

    #[test]
    fn an_opening_is_known_by_its_values_within_the_bound() {
        let mut task = view(COMMIT).spec.task;
        let opening = |values: &[i32]| Kept {
            values: values.to_vec(),
            ..kept(7)
        };
        assert!(is_of(&opening(&[30, 41]), &task, &[0, 0], &[30, 41]));
        assert!(!is_of(&opening(&[30, 41]), &task, &[0, 0], &[30, 40]));
        task.norm = Some(NormRule::Clip { max: 25 });
        assert!(is_of(&opening(&[15, 20]), &task, &[0, 0], &[30, 40]));
        assert!(!is_of(&opening(&[30, 40]), &task, &[0, 0], &[30, 40]));
    }
}
