//! A transaction made by hand: signed it passes, and whatever is changed in it, or in what it implies,
//! does not.

use sp_runtime::{
    MultiSigner,
    app_crypto::sp_core::{Pair, ecdsa, ed25519, sr25519},
    traits::IdentifyAccount,
};

use super::*;

const GENESIS: H256 = H256::repeat_byte(1);
const BIRTH: H256 = H256::repeat_byte(2);
const NUMBER: u32 = 75;
const VERSION: Version = Version {
    spec: 3,
    transaction: 4,
};

/// The extensions of the chain's runtime that imply something, in its order.
fn rules(genesis: H256, version: Version) -> Rules {
    Rules(vec![
        Implied::Bytes(version.spec.encode()),
        Implied::Bytes(version.transaction.encode()),
        Implied::Bytes(genesis.encode()),
        Implied::Birth,
        Implied::MetadataHash,
    ])
}

/// A transaction of a call with so many bytes, whose signature `sign` makes.
fn signed<S: Into<MultiSignature>>(
    account: impl Into<MultiSigner>,
    call: usize,
    sign: impl Fn(&[u8]) -> S,
) -> Signed {
    let era = Era::mortal(64, NUMBER.into());
    let carried = |name: &str, bytes: Vec<u8>| (name.to_owned(), bytes);
    let call = vec![9; call];
    // Nonce and tip, in their short form.
    let explicit = [era.encode(), vec![5 << 2], vec![0], vec![0]];
    let implicit = (VERSION.spec, VERSION.transaction, GENESIS, BIRTH, 0u8);
    let mut message = [call.clone(), explicit.concat(), implicit.encode()].concat();
    if message.len() > 256 {
        message = blake2_256(&message).to_vec();
    }
    let [era, nonce, tip, mode] = explicit;
    Signed {
        account: AccountId(account.into().into_account().into()),
        signature: sign(&message).into().encode(),
        call,
        extensions: vec![
            carried("CheckSpecVersion", vec![]),
            carried("CheckTxVersion", vec![]),
            carried("CheckGenesis", vec![]),
            carried("CheckMortality", era),
            carried("CheckNonce", nonce),
            carried("ChargeTransactionPayment", tip),
            carried("CheckMetadataHash", mode),
        ],
    }
}

fn by_bob(call: usize) -> Signed {
    let bob = sr25519::Pair::from_string("//Bob", None).unwrap();
    signed(bob.public(), call, |message| bob.sign(message))
}

fn is_valid(signed: &Signed) -> bool {
    signed.is_valid(&rules(GENESIS, VERSION), BIRTH).unwrap()
}

#[test]
fn all_kinds_of_keys_sign_short_and_long_calls() {
    let ed = ed25519::Pair::from_string("//Bob", None).unwrap();
    let ec = ecdsa::Pair::from_string("//Bob", None).unwrap();
    for length in [2, 1_000] {
        assert!(is_valid(&by_bob(length)));
        assert!(is_valid(
            &signed(ed.public(), length, |message| ed.sign(message))
        ));
        assert!(is_valid(
            &signed(ec.public(), length, |message| ec.sign(message))
        ));
    }
}

#[test]
fn a_signature_is_of_its_account_only() {
    let alice = sr25519::Pair::from_string("//Alice", None).unwrap();
    let mut sent = by_bob(100);
    sent.account = AccountId(alice.public().0);
    assert!(!is_valid(&sent));
}

#[test]
fn a_changed_transaction_is_not_signed() {
    let mut call = by_bob(1_000);
    call.call[999] ^= 1;
    assert!(!is_valid(&call));
    let mut nonce = by_bob(100);
    nonce.extensions[4].1 = vec![6 << 2];
    assert!(!is_valid(&nonce));
}

#[test]
fn what_is_implied_is_signed_too() {
    let sent = by_bob(100);
    let valid = |genesis, version, birth| sent.is_valid(&rules(genesis, version), birth).unwrap();
    let other = H256::repeat_byte(7);
    let older = Version { spec: 2, ..VERSION };
    let form = Version {
        transaction: 5,
        ..VERSION
    };
    assert!(valid(GENESIS, VERSION, BIRTH));
    assert!(!valid(other, VERSION, BIRTH));
    assert!(!valid(GENESIS, VERSION, other));
    assert!(!valid(GENESIS, older, BIRTH));
    assert!(!valid(GENESIS, form, BIRTH));
}

#[test]
fn malformed_signatures_are_refused() {
    let whole = by_bob(100).signature;
    let longer = [&whole[..], &[0]].concat();
    for bytes in [&whole[..64], &whole[..1], &[], &longer] {
        let sent = Signed {
            signature: bytes.to_vec(),
            ..by_bob(100)
        };
        assert!(!is_valid(&sent), "{} bytes", bytes.len());
    }
    let unknown = Signed {
        signature: [&[200], &whole[1..]].concat(),
        ..by_bob(100)
    };
    assert!(!is_valid(&unknown));
}

#[test]
fn a_hash_of_the_metadata_is_not_guessed() {
    for mode in [&[1][..], &[], &[0, 0]] {
        let mut sent = by_bob(100);
        sent.extensions[6].1 = mode.to_vec();
        let found = sent.is_valid(&rules(GENESIS, VERSION), BIRTH);
        assert!(matches!(found, Err(Error::Extension(_))), "{mode:?}");
    }
}

#[test]
fn eras_begin_where_the_chain_says() {
    let era = |era: Vec<u8>| {
        let mut sent = by_bob(100);
        sent.extensions[3].1 = era;
        sent
    };
    let begins = |era: Era, at: u64| Some(era.birth(at) as u32);
    for (made_at, period) in [(70, 8), (75, 64), (3, 4)] {
        let mortal = Era::mortal(period, made_at);
        let found = era(mortal.encode()).birth(NUMBER);
        assert_eq!(found, begins(mortal, NUMBER.into()));
    }
    assert_eq!(by_bob(100).birth(NUMBER), Some(NUMBER));
    assert_eq!(era(Era::Immortal.encode()).birth(NUMBER), Some(0));
    assert_eq!(era(vec![1]).birth(NUMBER), None);
}

#[test]
fn what_is_to_be_signed_is_what_the_runtime_checks() {
    let life = (Era::mortal(64, NUMBER.into()), BIRTH);
    for length in [2, 1_000] {
        let signed = by_bob(length);
        let is_signed = |nonce, tip| {
            let message = message(&signed.call, life, nonce, tip, VERSION, GENESIS);
            let signature = MultiSignature::decode_all(&mut signed.signature.as_slice()).unwrap();
            signature.verify(&*message, &signed.account.0.into())
        };
        assert!(is_signed(5, 0));
        assert!(!is_signed(6, 0));
        assert!(!is_signed(5, 1));
    }
}
