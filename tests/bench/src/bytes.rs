//! Bytes on chain per client and round: the commit and the reveal, as they stand in a block.

use anyhow::Result;
use codec::Encode;
use fedchain_fl::{Format, H256, Width};
use fedchain_runtime::{Runtime, RuntimeCall, TxExtension, UncheckedExtrinsic};
use pallet_federation::Call;
use sp_runtime::{AccountId32, MultiAddress, MultiSignature, generic::Era};

use crate::table::row;

/// Counts for a linear model on the diabetes data, softmax on 64 features and softmax on 784.
pub fn run() -> Result<()> {
    for params in [11, 650, 7_850] {
        for (width, name) in [(Width::I32, "i32"), (Width::I16, "i16")] {
            let values = Format {
                frac_bits: 8,
                width,
            }
            .encode(&vec![0; params])?;
            let update = values.len();
            let commit = Call::commit {
                federation: 0,
                round: 1,
                base_root: H256::zero(),
                commitment: H256::zero(),
            };
            let reveal = Call::reveal {
                federation: 0,
                round: 1,
                sample_count: 1,
                salt: [0; 32],
                values: values.try_into().unwrap_or_default(),
            };
            let total = extrinsic_bytes(commit) + extrinsic_bytes(reveal);
            row(
                &format!("bytes_per_client_round_{params}_{name}"),
                total as f64,
                "bytes",
            );
            row(
                &format!("bytes_overhead_{params}_{name}"),
                (total - update) as f64,
                "bytes",
            );
        }
    }
    Ok(())
}

/// Length of a signed extrinsic with this call, its length prefix included.
fn extrinsic_bytes(call: Call<Runtime>) -> usize {
    let extension: TxExtension = (
        frame_system::AuthorizeCall::new(),
        frame_system::CheckNonZeroSender::new(),
        frame_system::CheckSpecVersion::new(),
        frame_system::CheckTxVersion::new(),
        frame_system::CheckGenesis::new(),
        frame_system::CheckEra::from(Era::mortal(256, 1_000)),
        frame_system::CheckNonce::from(100),
        frame_system::CheckWeight::new(),
        pallet_transaction_payment::ChargeTransactionPayment::from(0),
        frame_metadata_hash_extension::CheckMetadataHash::new(false),
        pallet_federation::CheckFederation::default(),
        frame_system::WeightReclaim::new(),
    );
    let signature = MultiSignature::Sr25519(sp_core::sr25519::Signature::from_raw([0; 64]));
    let address = MultiAddress::Id(AccountId32::new([0; 32]));
    UncheckedExtrinsic::new_signed(RuntimeCall::Federation(call), address, signature, extension)
        .encode()
        .len()
}
