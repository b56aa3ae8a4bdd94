//! What an evaluator does next: a pure function of the chain's best block and of what is on disk.

use fedchain_fl::{
    H256,
    view::{EvaluatorView, HoldoutView, PhaseView},
};

use crate::{
    amount::Amount,
    chain::{AccountId, FederationView},
};

/// The next step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The federation is over.
    Stop,
    /// The account is no evaluator.
    NoSeat,
    /// Nothing to do until the next block.
    Wait,
    /// Commit to a holdout for the coming round.
    Commit,
    /// Reveal the holdout of this round.
    Reveal,
    /// Move the overdue gate on.
    Advance,
    /// All rows are used, and nothing is left to reveal.
    Exhausted,
}

/// What is on disk.
#[derive(Debug, Clone, Copy, Default)]
pub struct Kept {
    /// The commitment whose opening is kept for the current round.
    pub current: Option<H256>,
    /// Whether an opening is kept for the coming round.
    pub next: bool,
    /// Whether holdouts are left.
    pub unused: bool,
}

/// The seat of an account.
pub(super) fn seat_of<'a>(
    view: &'a FederationView,
    account: &AccountId,
) -> Option<&'a EvaluatorView<AccountId>> {
    view.evaluators.iter().find(|seat| seat.account == *account)
}

/// The holdout that an account has committed to for a round.
pub(super) fn holdout_of<'a>(
    view: &'a FederationView,
    account: &AccountId,
    round: u32,
) -> Option<&'a HoldoutView> {
    let mut holdouts = seat_of(view, account)?.holdouts.iter();
    holdouts.find(|holdout| holdout.round == round)
}

/// Whether an account has a holdout of the current round to reveal.
pub(super) fn has_open(view: &FederationView, account: &AccountId) -> bool {
    holdout_of(view, account, view.round).is_some_and(|holdout| !holdout.revealed)
}

/// What an evaluator has at stake when it does nothing any more, if anything.
pub(super) fn at_stake(view: &FederationView, account: &AccountId) -> Option<String> {
    let bond = Amount(view.spec.gate.as_ref()?.bond);
    let holdouts = &seat_of(view, account)?.holdouts;
    let open = holdouts.iter().filter(|holdout| !holdout.revealed);
    let rounds: Vec<String> = open.map(|holdout| holdout.round.to_string()).collect();
    (!rounds.is_empty()).then(|| {
        format!(
            "holdouts are committed for round {}, and the bond of {bond} for each is burned unless it is revealed \
             when that round's model is there: run the same command again before",
            rounds.join(" and ")
        )
    })
}

/// The next step of `account` after the best block of height `best` and time `time_ms`.
pub fn next_step(
    view: &FederationView,
    account: &AccountId,
    best: u32,
    time_ms: u64,
    kept: &Kept,
) -> Step {
    if matches!(view.phase, PhaseView::Finished | PhaseView::Cancelled) {
        return Step::Stop;
    }
    let Some(place) = view.evaluators.iter().position(|e| e.account == *account) else {
        return Step::NoSeat;
    };
    // Calls sent now are executed in the next block.
    let next = best.saturating_add(1);
    let open = holdout_of(view, account, view.round).filter(|holdout| !holdout.revealed);
    if let PhaseView::Gate { opens_at, deadline } = view.phase {
        if deadline.passed(next, time_ms) {
            return match next >= deadline.block.saturating_add(place as u32) {
                true => Step::Advance,
                false => Step::Wait,
            };
        }
        if next >= opens_at && open.is_some_and(|open| kept.current == Some(open.commitment)) {
            return Step::Reveal;
        }
    }
    let coming = view.round.saturating_add(1);
    let committed = holdout_of(view, account, coming).is_some();
    let comes = coming <= view.last_round() && !view.cancelling;
    match comes && !committed {
        true if kept.next || kept.unused => Step::Commit,
        true if open.is_none() => Step::Exhausted,
        _ => Step::Wait,
    }
}

#[cfg(test)]
mod tests {
    use fedchain_fl::{Contributions, Decimal, Gate, window::Deadline};

    use super::*;
    use crate::{amount::UNIT, session::decide::tests::view};

    const ME: AccountId = AccountId([5; 32]);
    const MINE: H256 = H256::repeat_byte(6);
    const DEADLINE: Deadline = Deadline {
        block: 20,
        time_ms: 5_000,
    };
    const GATE: PhaseView = PhaseView::Gate {
        opens_at: 15,
        deadline: DEADLINE,
    };
    const ALL: Kept = Kept {
        current: Some(MINE),
        next: true,
        unused: true,
    };

    /// Round 2 of 3, with holdouts of these rounds by ME, revealed or not.
    fn judged(phase: PhaseView, holdouts: &[(u32, bool)]) -> FederationView {
        let holdouts = holdouts.iter().map(|(round, revealed)| HoldoutView {
            round: *round,
            commitment: MINE,
            received: 0,
            revealed: *revealed,
        });
        let seat = EvaluatorView {
            account: ME,
            holdouts: holdouts.collect(),
        };
        FederationView {
            evaluators: vec![
                EvaluatorView {
                    account: AccountId([4; 32]),
                    holdouts: Vec::new(),
                },
                seat,
            ],
            ..view(phase)
        }
    }

    #[track_caller]
    fn check(view: &FederationView, best: u32, kept: Kept, expected: Step) {
        assert_eq!(next_step(view, &ME, best, 9_000, &kept), expected);
    }

    #[test]
    fn a_holdout_is_committed_for_the_coming_round_in_any_phase() {
        for phase in [PhaseView::Waiting, PhaseView::Aggregate, GATE] {
            check(&judged(phase, &[(2, true)]), 5, ALL, Step::Commit);
            check(&judged(phase, &[(2, true), (3, false)]), 5, ALL, Step::Wait);
        }
        let kept = Kept {
            unused: false,
            ..ALL
        };
        check(&judged(GATE, &[]), 5, kept, Step::Commit);
    }

    #[test]
    fn whoever_stops_hears_what_it_costs() {
        let at_stake = |holdouts: &[(u32, bool)]| {
            let mut view = judged(GATE, holdouts);
            view.spec.gate = Some(Gate {
                rows: 1,
                evaluators_max: 2,
                quorum: 1,
                tolerance: Decimal::whole(0),
                bond: UNIT,
                blocks: 5,
                contributions: Contributions::default(),
            });
            at_stake(&view, &ME)
        };
        assert_eq!(at_stake(&[]), None);
        assert_eq!(at_stake(&[(2, true)]), None);
        let found = at_stake(&[(2, false), (3, false)]).unwrap();
        assert!(
            found.contains("round 2 and 3, and the bond of 1 UNIT"),
            "{found}"
        );
    }

    #[test]
    fn none_is_committed_for_a_round_that_will_not_come() {
        let mut last = judged(PhaseView::Aggregate, &[]);
        last.round = 3;
        check(&last, 5, ALL, Step::Wait);
        let mut cancelling = judged(PhaseView::Aggregate, &[]);
        cancelling.cancelling = true;
        check(&cancelling, 5, ALL, Step::Wait);
    }

    #[test]
    fn a_holdout_is_revealed_while_the_gate_is_open() {
        let view = judged(GATE, &[(2, false), (3, false)]);
        check(&view, 13, ALL, Step::Wait);
        check(&view, 14, ALL, Step::Reveal);
        let lost = Kept {
            current: None,
            ..ALL
        };
        check(&view, 14, lost, Step::Wait);
        let other = Kept {
            current: Some(H256::zero()),
            ..ALL
        };
        check(&view, 14, other, Step::Wait);
        check(&judged(GATE, &[(2, true), (3, false)]), 14, ALL, Step::Wait);
    }

    #[test]
    fn the_second_of_the_evaluators_moves_on_one_block_later() {
        let view = judged(GATE, &[(2, false)]);
        check(&view, 19, ALL, Step::Wait);
        check(&view, 20, ALL, Step::Advance);
    }

    #[test]
    fn without_rows_it_goes_on_as_long_as_something_is_to_be_revealed() {
        let none = Kept {
            current: Some(MINE),
            ..Kept::default()
        };
        check(&judged(GATE, &[(2, false)]), 5, none, Step::Wait);
        check(&judged(GATE, &[(3, false)]), 5, none, Step::Wait);
        check(&judged(GATE, &[(2, true)]), 5, none, Step::Exhausted);
    }

    #[test]
    fn the_end_and_a_lost_seat_are_seen() {
        check(&judged(PhaseView::Finished, &[]), 5, ALL, Step::Stop);
        check(&judged(PhaseView::Cancelled, &[]), 5, ALL, Step::Stop);
        check(&view(GATE), 5, ALL, Step::NoSeat);
    }
}
