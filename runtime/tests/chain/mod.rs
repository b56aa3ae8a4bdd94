//! Blocks of signed transactions, on a genesis in memory.

#![allow(dead_code, reason = "not every test needs all of it")]

use codec::Encode;
use fedchain_pow::{ENGINE_ID, PreDigest, U256};
use fedchain_runtime::{
    AccountId, Executive, Header, RuntimeCall, RuntimeGenesisConfig, System, UncheckedExtrinsic,
    tx_extension,
};
use sp_core::{Pair, sr25519};
use sp_keyring::Sr25519Keyring::{self, Alice, Charlie};
use sp_runtime::{
    BuildStorage, Digest, DigestItem,
    generic::{Era, SignedPayload},
    traits::Header as _,
};

const GENESIS_MS: u64 = 1_800_000_000_000;

/// Runs `test` on the genesis of a preset.
pub fn on_genesis(preset: serde_json::Value, test: impl FnOnce()) {
    let mut config = serde_json::to_value(RuntimeGenesisConfig::default()).unwrap();
    for (pallet, fields) in preset.as_object().unwrap() {
        for (field, value) in fields.as_object().unwrap() {
            config[pallet][field] = value.clone();
        }
    }
    let config: RuntimeGenesisConfig = serde_json::from_value(config).unwrap();
    sp_io::TestExternalities::new(config.build_storage().unwrap()).execute_with(test);
}

/// Opens block `number` as mined by Charlie at `difficulty`.
pub fn open(number: u32, difficulty: U256) {
    open_as(Charlie, number, difficulty);
}

/// Opens block `number` as mined by `author` at `difficulty`.
pub fn open_as(author: Sr25519Keyring, number: u32, difficulty: U256) {
    let claim = PreDigest {
        author: author.to_raw_public(),
        difficulty,
    };
    let header = Header::new(
        number,
        Default::default(),
        Default::default(),
        System::block_hash(number - 1),
        Digest {
            logs: vec![DigestItem::PreRuntime(ENGINE_ID, claim.encode())],
        },
    );
    Executive::initialize_block(&header);
    let now = GENESIS_MS + u64::from(number) * 1_000;
    let timestamp = RuntimeCall::Timestamp(pallet_timestamp::Call::set { now });
    Executive::apply_extrinsic(UncheckedExtrinsic::new_bare(timestamp))
        .unwrap()
        .unwrap();
}

/// Signs Alice's first transaction.
pub fn sign(call: RuntimeCall) -> UncheckedExtrinsic {
    sign_with(&Alice.pair(), 0, call)
}

/// Signs a call.
pub fn sign_with(signer: &sr25519::Pair, nonce: u32, call: RuntimeCall) -> UncheckedExtrinsic {
    let extension = tx_extension(nonce, Era::Immortal, 0);
    let payload = SignedPayload::new(call, extension).unwrap();
    let signature = payload.using_encoded(|bytes| signer.sign(bytes));
    let (call, extension, _) = payload.deconstruct();
    UncheckedExtrinsic::new_signed(
        call,
        AccountId::from(signer.public()).into(),
        signature.into(),
        extension,
    )
}
