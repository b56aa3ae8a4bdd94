//! Bonds of open commitments: what stopping puts at stake, and what an earlier stop has lost.

use std::time::Duration;

use fedchain_fl::view::{ClientModel, Outcome, PhaseView};

use super::{
    Session,
    seat::{client_of, not_member},
};
use crate::{
    Error,
    amount::Amount,
    chain::{AccountId, Chain, Clock, FederationView, Head},
    phase,
    store::{Kept, Spent, Store},
};

/// How long a node is asked what is at stake.
const ANSWER_MAX: Duration = Duration::from_secs(5);

/// The end of a session that is asked to stop, with what `at_stake` says of its federation.
pub(crate) async fn stopped(
    chain: &Chain,
    federation: u32,
    at_stake: impl FnOnce(&FederationView, &Clock) -> Option<String>,
) -> Error {
    let asked = tokio::time::timeout(ANSWER_MAX, async {
        let head = chain.best().await?;
        let view = chain.federation(federation, head.hash).await?;
        Ok::<_, Error>(at_stake(&view, &chain.clock(head).await?))
    });
    Error::Stopped(match asked.await {
        Ok(Ok(text)) => text.unwrap_or_else(|| "no bond of yours is at stake".into()),
        _ => "the node does not say whether a commitment is open: if one is, its bond is burned unless the \
                  same command runs again in time"
                .into(),
    })
}

impl Session<'_> {
    pub(super) async fn stopped(&self, chain: &Chain) -> Error {
        let at_stake = |view: &_, clock: &_| at_stake(view, &self.account, clock);
        stopped(chain, self.job.federation, at_stake).await
    }
}

/// What a client has at stake when it does nothing any more, if anything.
fn at_stake(view: &FederationView, account: &AccountId, clock: &Clock) -> Option<String> {
    let is_open = client_of(view, account).is_some_and(|it| it.committed && !it.revealed);
    let windows = view.spec.windows;
    let until = match view.phase {
        // The next block may take the last commitment, which ends that window.
        PhaseView::Commit { .. } => (clock.block.saturating_add(2))
            .saturating_add(windows.settle_blocks)
            .saturating_add(windows.reveal_blocks),
        // A window whose blocks are over may still be open, for its time is not.
        PhaseView::Settle { deadline, .. } | PhaseView::Reveal { deadline, .. } => {
            deadline.block.max(clock.block.saturating_add(1))
        }
        _ => return None,
    };
    is_open.then(|| {
        format!(
            "the commitment of round {} is open, and its bond of {} is burned unless the update is revealed before block \
             {until}, now {} ({}): run the same command again before",
            view.round,
            Amount(view.spec.bond),
            clock.block,
            phase::blocks(until.saturating_sub(clock.block), clock)
        )
    })
}

/// The newest round, of those whose openings are on disk, in which the account's commitment was not opened
/// although others were: its bond is burned.
pub(super) async fn burned(
    chain: &Chain,
    view: &FederationView,
    account: &AccountId,
    store: &Store,
    head: Head,
) -> Result<Option<u32>, Error> {
    let mut openings = store.openings()?;
    openings.sort_by_key(|kept| std::cmp::Reverse(kept.round));
    for kept in openings {
        let found = chain.round(view.federation, kept.round, head.hash).await?;
        let Some(record) = found.and_then(|found| found.record) else {
            continue;
        };
        if record.outcome == Outcome::Crowded {
            continue;
        }
        let mut seen = Seen::default();
        for block in record.opened_at..=record.closed_at {
            for model in chain.block_record(block).await?.client_models {
                if (model.federation, model.round) == (view.federation, kept.round) {
                    seen.look(&model, account, &kept);
                }
            }
        }
        if seen.is_burned(&kept) {
            return Ok(Some(kept.round));
        }
    }
    Ok(None)
}

/// What a round's blocks have of a commitment.
#[derive(Default)]
struct Seen {
    is_committed: bool,
    /// Whether anybody could reveal.
    is_asked: bool,
    /// Numbers of the update that the account has revealed.
    revealed: usize,
}

impl Seen {
    fn look(&mut self, model: &ClientModel<AccountId>, account: &AccountId, kept: &Kept) {
        self.is_asked |= model.sample_count.is_some();
        if model.client == *account {
            self.is_committed |= model.commitment == Some(kept.commitment);
            let values = model.values.as_ref().map_or(0, Vec::len);
            self.revealed = self.revealed.saturating_add(values);
        }
    }

    fn is_burned(&self, kept: &Kept) -> bool {
        self.is_committed && self.is_asked && self.revealed < kept.values.len()
    }
}

/// Says that a bond was burned, and what comes next.
pub(super) fn lost(view: &FederationView, round: u32, next: impl std::fmt::Display) -> Error {
    Error::Impossible(format!(
        "the bond of {} for round {round} of federation {} is burned, for its commitment was not opened in time; \
         {next}",
        Amount(view.spec.bond),
        view.federation
    ))
}

/// Whether there is anything for an account to do, or to be told of its part in a federation that is over.
pub(super) fn ensure_place(
    view: &FederationView,
    account: &AccountId,
    store: &Store,
    burned: Option<u32>,
) -> Result<(), Error> {
    if client_of(view, account).is_some() {
        return Ok(());
    }
    let is_over = matches!(view.phase, PhaseView::Finished | PhaseView::Cancelled);
    match (is_over, burned) {
        (false, Some(round)) => Err(lost(view, round, not_member(view, account))),
        (false, None) => Err(not_member(view, account)),
        (true, None) if store.spent()? == Spent::default() => Err(Error::Impossible(format!(
            "federation {} is over, and {account} has made no update for it, as far as {} tells",
            view.federation,
            store.dir().display()
        ))),
        (true, _) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use fedchain_fl::window::Deadline;

    use super::*;
    use crate::{
        amount::UNIT,
        session::decide::tests::{kept, view},
    };

    const ME: AccountId = AccountId([1; 32]);
    const DEADLINE: Deadline = Deadline {
        block: 20,
        time_ms: 5_000,
    };

    #[test]
    fn whoever_stops_hears_what_it_costs() {
        let clock = Clock {
            block: 17,
            time_ms: 4_000,
            block_time_ms: 6_000,
        };
        let check = |phase, committed, expected: Option<&str>| {
            let mut view = view(phase);
            view.spec.bond = UNIT;
            view.clients[0].committed = committed;
            let found = at_stake(&view, &ME, &clock);
            match expected {
                Some(expected) => assert!(found.unwrap().contains(expected)),
                None => assert_eq!(found, None),
            }
        };
        let reveal = PhaseView::Reveal {
            opens_at: 15,
            deadline: DEADLINE,
        };
        check(
            reveal,
            true,
            Some(
                "the commitment of round 2 is open, and its bond of 1 UNIT is burned unless the update is \
                 revealed before block 20, now 17 (3 blocks, about 18 s)",
            ),
        );
        // The next block may end the window for commitments; one to settle and five to reveal come after it.
        let commit = PhaseView::Commit { deadline: DEADLINE };
        check(commit, true, Some("before block 25, now 17"));
        let overdue = PhaseView::Reveal {
            opens_at: 10,
            deadline: Deadline {
                block: 16,
                ..DEADLINE
            },
        };
        check(overdue, true, Some("before block 18, now 17"));
        for (phase, committed) in [(commit, false), (reveal, false), (PhaseView::Waiting, true)] {
            check(phase, committed, None);
        }
    }

    #[test]
    fn a_commitment_that_only_others_opened_is_burned() {
        let kept = Kept {
            values: vec![1, 2, 3],
            ..kept(7)
        };
        let model = |client, commitment, values: Option<Vec<i32>>| ClientModel {
            extrinsic: 1,
            client: AccountId([client; 32]),
            federation: 0,
            round: 2,
            commitment,
            sample_count: values.as_ref().map(|_| 1),
            privacy: None,
            values_root: None,
            offset: None,
            values,
        };
        let mine = || model(1, Some(kept.commitment), None);
        let part = |client, length| model(client, None, Some(vec![0; length]));
        for (models, expected) in [
            (vec![mine(), part(2, 3)], true),
            // A part of the update is not all of it.
            (vec![mine(), part(1, 2)], true),
            (vec![mine(), part(1, 2), part(1, 1)], false),
            // Too few committed: the bond is back.
            (vec![mine()], false),
            // Its commitment never was in a block.
            (vec![part(2, 3)], false),
        ] {
            let mut seen = Seen::default();
            models.iter().for_each(|model| seen.look(model, &ME, &kept));
            assert_eq!(seen.is_burned(&kept), expected, "{models:?}");
        }
    }
}
