//! Sending a call whose moment may be over.

use fedchain_fl::{
    Refusal,
    limits::{CHUNK_BYTES, PART_CHUNKS_MAX},
    score::Holdout,
    view::PhaseView,
    window::Deadline,
};
use subxt_signer::sr25519::Keypair;

use crate::{
    Error,
    amount::{Amount, UNIT},
    chain::{Chain, FederationView, call::Call},
};

/// Best blocks without a sent call after which the sender looks at the chain again: what it sent may
/// have no place on this side of a fork.
const PATIENCE_BLOCKS: u32 = 6;

/// The part of a bond that is bid for a place in a block, at most, unless the user says otherwise.
const TIP_PART: u128 = 10;
/// What is bid at most then, whatever the node says of the bond.
const TIP_MAX: u128 = UNIT;

/// What to bid for an answer in block `next`, in the smallest unit. Nothing while there is time: a window runs
/// only in blocks that have room. In its last quarter twice as much with each block, up to `tip_max`, which
/// is a part of the `bond` that is at stake, and no more than [`TIP_MAX`], unless given. The parts of an update
/// or a holdout share it.
pub(crate) fn bid(view: &FederationView, next: u32, bond: Amount, tip_max: Option<Amount>) -> u64 {
    let (windows, gate) = (&view.spec.windows, view.spec.gate.as_ref());
    let (deadline, blocks) = match view.phase {
        PhaseView::Commit { deadline } => (deadline, windows.commit_blocks),
        PhaseView::Reveal { deadline, .. } => (deadline, windows.reveal_blocks),
        // A refutation is for the pause.
        PhaseView::Certify {
            opens_at,
            deadline: Some(deadline),
        } if next < opens_at => {
            let deadline = Deadline {
                block: opens_at,
                ..deadline
            };
            (deadline, windows.refute_blocks())
        }
        PhaseView::Certify {
            deadline: Some(deadline),
            ..
        } => (deadline, windows.reveal_blocks),
        PhaseView::Gate { deadline, .. } => (deadline, gate.map_or(0, |gate| gate.blocks)),
        _ => return 0,
    };
    let left = deadline.block.saturating_sub(next);
    match left > blocks.div_ceil(4) {
        true => 0,
        false => {
            let most = tip_max.map_or((bond.0 / TIP_PART).min(TIP_MAX), |tip_max| tip_max.0);
            let task = &view.spec.task;
            let chunks = match (view.phase, gate) {
                (PhaseView::Reveal { .. }, _) => task.update_chunks(),
                (PhaseView::Gate { .. }, Some(gate)) => {
                    Holdout::bytes(task, gate.rows).div_ceil(CHUNK_BYTES)
                }
                _ => 1,
            };
            let parts = chunks.div_ceil(PART_CHUNKS_MAX);
            let most = u64::try_from(most / u128::from(parts.max(1))).unwrap_or(u64::MAX);
            most.checked_shr(left).unwrap_or(0)
        }
    }
}

/// Sends a call; answers the block that executed it. None when it came too late or its fate is unknown:
/// the next block tells. `note` hears of the latter.
pub(crate) async fn send(
    chain: &Chain,
    key: &Keypair,
    call: &Call,
    note: impl Fn(String),
) -> Result<Option<u32>, Error> {
    let sent = tokio::select! {
        sent = chain.submit(key, call) => sent,
        passed = chain.pass(PATIENCE_BLOCKS) => {
            passed?;
            let call = call.name().into();
            Err(Error::Unsettled { call })
        }
    };
    match sent {
        Ok(included) => Ok(Some(included.block.number)),
        // Too late, or somebody else was first.
        Err(Error::Refused { .. }) => Ok(None),
        // The same in a block: after a reorganisation a call may be included twice.
        Err(Error::Failed { name, .. }) if Refusal::from_name(&name).is_some() => Ok(None),
        Err(error @ (Error::Unsettled { .. } | Error::Pool { .. })) => {
            note(error.to_string());
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use fedchain_fl::ModelSpec;

    use super::*;
    use crate::session::decide::tests::view;

    #[test]
    fn nothing_is_bid_before_the_last_quarter_and_never_more_than_the_most() {
        let deadline = Deadline {
            block: 140,
            time_ms: 0,
        };
        let mut view = view(PhaseView::Commit { deadline });
        view.spec.windows.commit_blocks = 40;
        let (bond, most) = (Amount(10_240), Some(Amount(3)));
        let bid_at = |next| bid(&view, next, bond, None);
        assert_eq!([101, 120, 129].map(bid_at), [0, 0, 0]);
        assert_eq!(
            [130, 131, 139, 140, 150].map(bid_at),
            [1, 2, 512, 1_024, 1_024]
        );
        assert_eq!(bid(&view, 140, bond, most), 3);
        assert_eq!(bid(&view, 140, Amount(u128::MAX), None), UNIT as u64);
        assert_eq!(bid(&view, 140, bond, Some(Amount(u128::MAX))), u64::MAX);
        view.phase = PhaseView::Reveal {
            opens_at: 100,
            deadline,
        };
        view.spec.windows.reveal_blocks = 40;
        view.spec.task.model = ModelSpec::Opaque {
            param_count: 32 * 4_096,
        };
        assert_eq!(bid(&view, 140, bond, None), 512);
        view.phase = PhaseView::Certify {
            opens_at: 110,
            deadline: Some(deadline),
        };
        view.spec.windows.settle_blocks = 8;
        assert_eq!(
            [106, 109, 110].map(|next| bid(&view, next, bond, None)),
            [0, 512, 0]
        );
        view.phase = PhaseView::Waiting;
        assert_eq!(bid(&view, 140, bond, None), 0);
    }
}
