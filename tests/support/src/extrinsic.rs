//! Signed transactions.

use codec::Encode;
use fedchain_runtime::{RuntimeCall, TxExtension, UncheckedExtrinsic, VERSION, tx_extension};
use sp_core::{H256, Pair, sr25519};
use sp_runtime::{
    MultiAddress,
    generic::{Era, SignedPayload},
    transaction_validity::TransactionValidityError,
};

/// Signs a call that is valid for ever, for a chain that is only known by its genesis hash.
pub fn sign_for(
    genesis: H256,
    signer: &sr25519::Pair,
    nonce: u32,
    tip: u128,
    call: RuntimeCall,
) -> UncheckedExtrinsic {
    let (spec, transaction) = (VERSION.spec_version, VERSION.transaction_version);
    let implicit = (
        (),
        (),
        spec,
        transaction,
        genesis,
        genesis,
        (),
        (),
        (),
        None,
        (),
        (),
    );
    finish(
        signer,
        SignedPayload::from_raw(call, tx_extension(nonce, Era::Immortal, tip), implicit),
    )
}

/// Signs a call that is valid for ever. Runs on the chain's state, for the genesis hash.
///
/// # Errors
/// When the extension refuses to be signed.
pub fn sign(
    signer: &sr25519::Pair,
    nonce: u32,
    call: RuntimeCall,
) -> Result<UncheckedExtrinsic, TransactionValidityError> {
    let payload = SignedPayload::new(call, tx_extension(nonce, Era::Immortal, 0))?;
    Ok(finish(signer, payload))
}

fn finish(
    signer: &sr25519::Pair,
    payload: SignedPayload<RuntimeCall, TxExtension>,
) -> UncheckedExtrinsic {
    let signature = payload.using_encoded(|bytes| signer.sign(bytes));
    let (call, extension, _) = payload.deconstruct();
    let address = MultiAddress::Id(signer.public().into());
    UncheckedExtrinsic::new_signed(call, address, signature.into(), extension)
}
