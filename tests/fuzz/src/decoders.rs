//! Everything that a stranger can send, from arbitrary bytes.
//!
//! Bytes that decode are the only ones that encode their value, so nothing can be sent in two ways;
//! and what is done with a value before it is trusted does not panic.

use arbitrary::{Arbitrary, Unstructured};
use codec::{DecodeAll, Encode};
use fedchain_commitment::{Accepted, Part, Tree, spec_hash};
use fedchain_fl::{
    Aggregation, Decimal, Distances, FederationSpec, Name, Refusal, TaskSpec, Update,
    view::ServerModel,
};
use fedchain_pow::{PreDigest, Seal};
use fedchain_receipt::Receipt;
use frame_support::dispatch::GetDispatchInfo;
use pallet_federation::{
    Call, CheckFederation,
    mock::{AccountId, Balance, RuntimeCall, Test},
    types::Job,
};
use sp_runtime::{MultiSignature, generic::UncheckedExtrinsic};

use crate::forgery::{Forgery, try_forgery};

/// The first byte before a receipt's file.
const RECEIPT: u8 = 255;
/// Bytes of reveals that one block carries.
const BLOCK_BYTES: u32 = 1 << 20;

type Extrinsic = UncheckedExtrinsic<AccountId, RuntimeCall, MultiSignature, CheckFederation<Test>>;

/// Decodes `data` as the type that its first byte chooses, and uses it as its receiver would.
pub fn decoders(data: &[u8]) {
    let Some((choice, bytes)) = data.split_first() else {
        return;
    };
    if *choice == RECEIPT {
        return use_receipt(bytes);
    }
    match choice % 14 {
        0 => decode(bytes, |spec: FederationSpec<Balance>| {
            let _ = spec.check(BLOCK_BYTES);
            use_task(&spec.task);
        }),
        1 => decode(bytes, |call: Call<Test>| {
            let _ = call.get_dispatch_info();
            match call {
                Call::create { spec } => use_task(&spec.task),
                Call::reveal { part, .. } | Call::upload { part, .. } => use_part(&part, 300_000),
                _ => {}
            }
        }),
        2 => decode(bytes, |(part, total): (Part, u32)| use_part(&part, total)),
        3 => {
            let digest = PreDigest::find([(fedchain_pow::ENGINE_ID, bytes)]);
            assert!(digest.is_none_or(|digest| digest.encode() == bytes));
            assert_eq!(digest.is_some(), bytes.len() == 64);
        }
        4 => {
            let (seal, difficulty) = bytes.split_at(bytes.len().min(8));
            if let Some(seal) = Seal::from_bytes(seal) {
                let mut parent = [0; 64];
                parent
                    .iter_mut()
                    .zip(difficulty)
                    .for_each(|(to, from)| *to = *from);
                let digest = PreDigest::from_bytes(&parent);
                let _ = digest.map(|digest| seal.is_valid(&digest.author, digest.difficulty));
            }
            assert_eq!(Seal::from_bytes(bytes).is_some(), bytes.len() == 8);
        }
        5 => decode(bytes, |_: ServerModel| {}),
        6 => decode(bytes, |_: Accepted<[u8; 32]>| {}),
        7 => decode(bytes, |_: Aggregation| {}),
        8 => decode(bytes, |_: Job<AccountId>| {}),
        9 => use_text(&String::from_utf8_lossy(bytes)),
        10 => {
            if let Some(code) = bytes.first() {
                let refusal = Refusal::from_code(*code);
                assert!(refusal.is_none_or(|refusal| refusal.code() == *code));
            }
        }
        11 => {
            if let Ok(forgery) = Forgery::arbitrary(&mut Unstructured::new(bytes)) {
                try_forgery(&forgery);
            }
        }
        12 => decode(bytes, |_: Extrinsic| {}),
        _ => decode(bytes, |_: Distances| {}),
    }
}

/// Uses the value, if the bytes are one.
fn decode<T: Encode + DecodeAll>(bytes: &[u8], receive: impl FnOnce(T)) {
    if let Ok(value) = T::decode_all(&mut &*bytes) {
        assert_eq!(value.encode(), bytes, "one value in two encodings");
        receive(value);
    }
}

fn use_task(task: &TaskSpec) {
    let is_sound = task.check().is_ok();
    let params = task.param_count();
    assert!(!is_sound || params.is_ok_and(|count| count > 0));
    let _ = (task.update_bytes(), task.update_chunks(), task.layers());
    let _ = spec_hash(task);
    // Larger ones are made as well, but cost a fuzzer too much time.
    if is_sound && params.is_ok_and(|count| count < 10_000) {
        let model = task.initial_model().unwrap_or_default();
        assert!(model.is_none_or(|model| Ok(model.len() as u32) == params));
    }
    for bytes in [0, 1, 4, 16_384] {
        for first in [0, 1, u32::MAX] {
            if let Ok(update) = Update(&vec![0; bytes]).check_part(task, first) {
                let width = task.format.value_bytes() as usize;
                assert_eq!(update.values().len() * width, bytes);
            }
        }
    }
}

fn use_part(part: &Part, total: u32) {
    let (root, chunks) = (part.root(Tree::Values, total), part.chunks());
    assert!(root.is_none() || (1..=16).contains(&chunks));
}

fn use_receipt(file: &[u8]) {
    if let Ok(receipt) = Receipt::from_bytes(file) {
        assert_eq!(receipt.to_bytes(), file, "one receipt in two files");
        let _ = receipt.check(None);
    }
}

fn use_text(text: &str) {
    if let Ok(decimal) = text.parse::<Decimal>() {
        let again = decimal.to_string().parse::<Decimal>();
        assert_eq!(again.map(|again| again.scaled(16)), Ok(decimal.scaled(16)));
    }
    if let Ok(name) = text.parse::<Name>() {
        assert_eq!(name.to_string().parse::<Name>(), Ok(name));
    }
}
