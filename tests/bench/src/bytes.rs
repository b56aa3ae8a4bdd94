//! Bytes on chain per client and round: the commit and the reveals, as they stand in a block.

use anyhow::Result;
use codec::Encode;
use fedchain_bench::{
    table::row,
    task::{NARROW, WIDE},
};
use fedchain_commitment::parts;
use fedchain_fl::H256;
use fedchain_runtime::{Runtime, RuntimeCall, UncheckedExtrinsic, tx_extension};
use pallet_federation::Call;
use sp_runtime::{AccountId32, MultiAddress, MultiSignature, generic::Era};

/// Counts for a linear model on the diabetes data, softmax on 64 features, softmax on 784, and a
/// large model in parts.
pub fn run() -> Result<()> {
    for params in [11, 650, 7_850, 1 << 20] {
        for (format, name) in [(WIDE, "i32"), (NARROW, "i16")] {
            let values = format.encode(&vec![0; params])?;
            let update = values.len();
            let commit = Call::commit {
                federation: 0,
                round: 1,
                base_root: H256::zero(),
                commitment: H256::zero(),
            };
            let reveals = parts(&values).into_iter().map(|part| Call::reveal {
                federation: 0,
                round: 1,
                sample_count: 1,
                privacy: None,
                salt: [0; 32],
                part,
            });
            let total: usize = reveals.chain([commit]).map(extrinsic_bytes).sum();
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
    let extension = tx_extension(100, Era::mortal(256, 1_000), 0);
    let signature = MultiSignature::Sr25519(sp_core::sr25519::Signature::from_raw([0; 64]));
    let address = MultiAddress::Id(AccountId32::new([0; 32]));
    UncheckedExtrinsic::new_signed(RuntimeCall::Federation(call), address, signature, extension)
        .encode()
        .len()
}
