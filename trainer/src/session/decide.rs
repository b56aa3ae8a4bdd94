//! What a client does next: a pure function of the chain's best block and of what is on disk.
//!
//! Nothing is remembered between blocks, so a restart of the client, a restart of the node and a
//! reorganisation of the chain all take the same path as the ordinary case.

use fedchain_fl::view::PhaseView;

use crate::{
    chain::{AccountId, FederationView},
    store::Kept,
};

/// Blocks over which clients spread calls that one of them is enough for, by their place among the members.
const SPREAD_BLOCKS: u32 = 8;

/// The next step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The federation is over.
    Stop,
    /// The account is no member.
    NotMember,
    /// Nothing to do until the next block.
    Wait,
    /// Train from the newest server model.
    Train,
    /// Send the commitment on disk.
    Commit,
    /// Open the commitment.
    Reveal,
    /// Look for moments that no rows have, and prove it.
    Refute,
    /// Solve the regression and hand the solution in.
    Certify,
    /// Move an overdue phase on.
    Advance,
}

/// The next step of `account` after the best block of height `best` and time `time_ms`, with `kept`
/// on disk for the current round.
pub fn next_step(
    view: &FederationView,
    account: &AccountId,
    best: u32,
    time_ms: u64,
    kept: Option<&Kept>,
) -> Step {
    if matches!(view.phase, PhaseView::Finished | PhaseView::Cancelled) {
        return Step::Stop;
    }
    let place = view
        .clients
        .iter()
        .position(|client| client.account == *account);
    let Some((place, client)) = place.and_then(|place| Some((place, view.clients.get(place)?)))
    else {
        // The members are dismissed before the federation's end.
        let ends = view.cancelling || view.round >= view.last_round();
        return match ends && matches!(view.phase, PhaseView::Aggregate) {
            true => Step::Wait,
            false => Step::NotMember,
        };
    };
    let turn = place as u32 % SPREAD_BLOCKS;
    // Calls sent now are executed in the next block.
    let next = best.saturating_add(1);
    match view.phase {
        PhaseView::Commit { deadline }
        | PhaseView::Settle { deadline, .. }
        | PhaseView::Reveal { deadline, .. }
        | PhaseView::Gate { deadline, .. }
        | PhaseView::Certify {
            deadline: Some(deadline),
            ..
        } if deadline.passed(next, time_ms) => {
            if next >= deadline.block.saturating_add(turn) {
                Step::Advance
            } else {
                Step::Wait
            }
        }
        PhaseView::Commit { .. } if client.first_round <= view.round && !client.committed => {
            match kept {
                Some(kept) if kept.base_root == view.model_root => Step::Commit,
                _ => Step::Train,
            }
        }
        PhaseView::Settle { opens_at, .. } | PhaseView::Reveal { opens_at, .. }
            if next >= opens_at && client.committed && !client.revealed && kept.is_some() =>
        {
            Step::Reveal
        }
        PhaseView::Certify {
            opens_at,
            deadline: Some(_),
        } => match next >= opens_at.saturating_add(turn) {
            true => Step::Certify,
            false => Step::Refute,
        },
        _ => Step::Wait,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use fedchain_fl::{
        Column, Decimal, FederationSpec, Format, H256, Initial, Membership, ModelSpec, Optimiser,
        Schema, Strategy, Target, TaskSpec, Windows, view::ClientView, window::Deadline,
    };

    use super::*;

    const ME: AccountId = AccountId([1; 32]);
    const DEADLINE: Deadline = Deadline {
        block: 20,
        time_ms: 5_000,
    };

    pub(crate) fn view(phase: PhaseView) -> FederationView {
        let column = Column::number("x".parse().unwrap(), Decimal::whole(0), Decimal::whole(1));
        FederationView {
            federation: 0,
            owner: AccountId([9; 32]),
            spec: FederationSpec {
                name: "test".parse().unwrap(),
                membership: Membership::Invited,
                clients_min: 1,
                clients_max: 2,
                rounds_max: 3,
                windows: Windows {
                    commit_blocks: 5,
                    settle_blocks: 1,
                    reveal_blocks: 5,
                },
                quorum: 50,
                sample_count_max: 1_000,
                bond: 0,
                join_deposit: 0,
                reward: 0,
                gate: None,
                task: TaskSpec {
                    model: ModelSpec::Linear,
                    initial: Initial::Zeros,
                    format: Format::default(),
                    strategy: Strategy::FedAvg,
                    norm: None,
                    optimiser: Optimiser::Adopt,
                    schema: Schema {
                        features: vec![].try_into().unwrap(),
                        target: Target::Real(column),
                    },
                },
            },
            spec_hash: H256::zero(),
            created_at: 1,
            phase,
            round: 2,
            skipped: 0,
            cancelling: false,
            param_count: 1,
            model_root: H256::repeat_byte(7),
            aggregation_fee: 0,
            invited: vec![],
            clients: vec![me()],
            evaluators: vec![],
        }
    }

    fn me() -> ClientView<AccountId> {
        ClientView {
            account: ME,
            first_round: 1,
            missed: 0,
            leaving: false,
            committed: false,
            received: 0,
            revealed: false,
        }
    }

    pub(crate) fn kept(base: u8) -> Kept {
        Kept {
            round: 2,
            base_root: H256::repeat_byte(base),
            sample_count: 1,
            privacy: None,
            salt: H256::zero(),
            values: vec![0],
            commitment: H256::zero(),
        }
    }

    const COMMIT: PhaseView = PhaseView::Commit { deadline: DEADLINE };
    const SETTLE: PhaseView = PhaseView::Settle {
        opens_at: 15,
        deadline: DEADLINE,
    };
    const REVEAL: PhaseView = PhaseView::Reveal {
        opens_at: 15,
        deadline: DEADLINE,
    };
    const GATE: PhaseView = PhaseView::Gate {
        opens_at: 15,
        deadline: DEADLINE,
    };

    #[track_caller]
    fn check(view: &FederationView, best: u32, kept: Option<&Kept>, expected: Step) {
        assert_eq!(next_step(view, &ME, best, 5_000, kept), expected);
    }

    #[test]
    fn a_fresh_round_is_trained_then_committed() {
        check(&view(COMMIT), 10, None, Step::Train);
        check(&view(COMMIT), 10, Some(&kept(7)), Step::Commit);
        check(&view(COMMIT), 10, Some(&kept(6)), Step::Train);
        let committed = ClientView {
            committed: true,
            ..me()
        };
        check(
            &FederationView {
                clients: vec![committed],
                ..view(COMMIT)
            },
            10,
            None,
            Step::Wait,
        );
    }

    #[test]
    fn reveals_are_sent_for_the_opening_block_and_not_before() {
        let committed = ClientView {
            committed: true,
            ..me()
        };
        let settle = FederationView {
            clients: vec![committed.clone()],
            ..view(SETTLE)
        };
        check(&settle, 13, Some(&kept(7)), Step::Wait);
        check(&settle, 14, Some(&kept(7)), Step::Reveal);
        let reveal = FederationView {
            clients: vec![committed.clone()],
            ..view(REVEAL)
        };
        check(&reveal, 16, Some(&kept(7)), Step::Reveal);
        check(&reveal, 16, None, Step::Wait);
        let revealed = ClientView {
            revealed: true,
            ..committed
        };
        check(
            &FederationView {
                clients: vec![revealed],
                ..view(REVEAL)
            },
            16,
            None,
            Step::Wait,
        );
    }

    #[test]
    fn overdue_phases_are_advanced_one_client_after_the_other() {
        for phase in [COMMIT, REVEAL, GATE] {
            check(
                &view(phase),
                18,
                Some(&kept(7)),
                match phase {
                    COMMIT => Step::Commit,
                    _ => Step::Wait,
                },
            );
            check(&view(phase), 19, Some(&kept(7)), Step::Advance);
            assert_eq!(
                next_step(&view(phase), &ME, 19, 4_999, None),
                match phase {
                    COMMIT => Step::Train,
                    _ => Step::Wait,
                }
            );
            let other = ClientView {
                account: AccountId([2; 32]),
                ..me()
            };
            let second = FederationView {
                clients: vec![other, me()],
                ..view(phase)
            };
            check(&second, 19, None, Step::Wait);
            check(&second, 20, None, Step::Advance);
        }
    }

    #[test]
    fn moments_are_looked_at_by_all_and_solved_by_one_client_after_the_other() {
        let certify = PhaseView::Certify {
            opens_at: 17,
            deadline: Some(DEADLINE),
        };
        let other = AccountId([2; 32]);
        let mut both = view(certify);
        let second = ClientView {
            account: other,
            ..me()
        };
        both.clients.push(second);
        check(&both, 15, None, Step::Refute);
        check(&both, 16, None, Step::Certify);
        assert_eq!(next_step(&both, &other, 16, 0, None), Step::Refute);
        assert_eq!(next_step(&both, &other, 17, 0, None), Step::Certify);
        check(&both, 19, None, Step::Advance);
        let anew = view(PhaseView::Certify {
            opens_at: 20,
            deadline: None,
        });
        check(&anew, 19, None, Step::Wait);
    }

    #[test]
    fn others_rounds_are_waited_for() {
        let later = ClientView {
            first_round: 3,
            ..me()
        };
        check(
            &FederationView {
                clients: vec![later],
                ..view(COMMIT)
            },
            10,
            None,
            Step::Wait,
        );
        check(&view(PhaseView::Waiting), 10, None, Step::Wait);
        check(&view(PhaseView::Aggregate), 10, None, Step::Wait);
        check(
            &FederationView {
                clients: vec![],
                ..view(COMMIT)
            },
            10,
            None,
            Step::NotMember,
        );
        check(
            &FederationView {
                clients: vec![],
                ..view(PhaseView::Finished)
            },
            10,
            None,
            Step::Stop,
        );
    }

    #[test]
    fn the_last_members_wait_for_the_end() {
        let dismissed = |round, cancelling| FederationView {
            clients: vec![],
            round,
            cancelling,
            ..view(PhaseView::Aggregate)
        };
        check(&dismissed(3, false), 10, None, Step::Wait);
        check(&dismissed(1, true), 10, None, Step::Wait);
        check(&dismissed(1, false), 10, None, Step::NotMember);
    }
}
