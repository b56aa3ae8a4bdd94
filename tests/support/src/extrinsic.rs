//! Signed transactions.

use codec::Encode;
use fedchain_runtime::{RuntimeCall, TxExtension, UncheckedExtrinsic, VERSION};
use sp_core::{H256, Pair, sr25519};
use sp_runtime::{
    MultiAddress,
    generic::{Era, SignedPayload},
    transaction_validity::TransactionValidityError,
};

/// What a transaction carries beside its call.
pub fn extension(nonce: u32, era: Era, tip: u128) -> TxExtension {
    (
        frame_system::AuthorizeCall::new(),
        frame_system::CheckNonZeroSender::new(),
        frame_system::CheckSpecVersion::new(),
        frame_system::CheckTxVersion::new(),
        frame_system::CheckGenesis::new(),
        frame_system::CheckEra::from(era),
        frame_system::CheckNonce::from(nonce),
        frame_system::CheckWeight::new(),
        pallet_transaction_payment::ChargeTransactionPayment::from(tip),
        frame_metadata_hash_extension::CheckMetadataHash::new(false),
        pallet_federation::CheckFederation::default(),
        frame_system::WeightReclaim::new(),
    )
}

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
        SignedPayload::from_raw(call, extension(nonce, Era::Immortal, tip), implicit),
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
    let payload = SignedPayload::new(call, extension(nonce, Era::Immortal, 0))?;
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
