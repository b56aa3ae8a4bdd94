//! Sending a call whose moment may be over.

use fedchain_fl::Refusal;
use subxt_signer::sr25519::Keypair;

use crate::{
    Error,
    chain::{Chain, call::Call},
};

/// Best blocks without a sent call after which the sender looks at the chain again: what it sent may
/// have no place on this side of a fork.
const PATIENCE_BLOCKS: u32 = 6;

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
