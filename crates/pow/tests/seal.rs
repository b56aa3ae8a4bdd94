//! Seals and digests: what is accepted, what is not, and the bytes on the wire.

use codec::Encode;
use fedchain_pow::{ENGINE_ID, PreDigest, Seal, U256, is_met, search, target};
use proptest::prelude::*;

const DIGEST: PreDigest = PreDigest {
    author: [7; 32],
    difficulty: U256([1000, 0, 0, 0]),
};

fn u256() -> impl Strategy<Value = U256> {
    // Shifts spread the values over all magnitudes.
    (any::<[u64; 4]>(), 0u32..256).prop_map(|(words, shift)| U256(words) >> shift)
}

#[test]
fn seal_is_eight_bytes_little_endian() {
    let seal = Seal { nonce: 0x0102 };
    assert_eq!(seal.encode(), [2, 1, 0, 0, 0, 0, 0, 0]);
    assert_eq!(Seal::from_bytes(&seal.encode()), Some(seal));
}

#[test]
fn seal_of_another_length_is_refused() {
    for length in (0..20).filter(|length| *length != 8) {
        assert_eq!(Seal::from_bytes(&vec![0; length]), None, "{length} bytes");
    }
}

#[test]
fn digest_is_sixty_four_bytes() {
    let bytes = DIGEST.encode();
    assert_eq!(bytes.len(), 64);
    assert_eq!(bytes[..32], [7; 32]);
    assert_eq!(bytes[32..35], [0xe8, 3, 0]);
    assert_eq!(PreDigest::from_bytes(&bytes), Some(DIGEST));
}

#[test]
fn digest_of_another_length_is_refused() {
    let mut bytes = DIGEST.encode();
    bytes.push(0);
    assert_eq!(PreDigest::from_bytes(&bytes), None);
    assert_eq!(PreDigest::from_bytes(&bytes[..63]), None);
}

#[test]
fn digest_must_be_the_only_item() {
    let bytes = DIGEST.encode();
    let ours = (ENGINE_ID, bytes.as_slice());
    let other = (*b"aura", bytes.as_slice());

    assert_eq!(PreDigest::find([ours]), Some(DIGEST));
    assert_eq!(PreDigest::find([]), None);
    assert_eq!(PreDigest::find([other]), None);
    assert_eq!(PreDigest::find([ours, ours]), None);
    assert_eq!(PreDigest::find([ours, other]), None);
    assert_eq!(PreDigest::find([other, ours]), None);
}

#[test]
fn difficulty_zero_is_never_met() {
    assert_eq!(target(U256::zero()), None);
    assert!(!is_met(U256::zero(), U256::zero()));
}

#[test]
fn difficulty_one_is_always_met() {
    assert!(is_met(U256::MAX, U256::one()));
}

#[test]
fn search_finds_a_valid_seal_and_stays_in_its_range() {
    let difficulty = U256::from(500);
    let target = target(difficulty).unwrap();
    let seal = search(&[3; 32], target, 0..100_000).unwrap();

    assert!(seal.is_valid(&[3; 32], difficulty));
    assert!(!seal.is_valid(&[4; 32], U256::MAX));
    assert_eq!(search(&[3; 32], target, 0..seal.nonce), None);
}

#[test]
fn work_is_pinned() {
    let work = Seal { nonce: 1 }.work(&[0; 32]);
    let mut input = [0; 40];
    input[32] = 1;
    assert_eq!(
        work,
        U256::from_big_endian(&sp_crypto_hashing::blake2_256(&input))
    );
}

proptest! {
    #[test]
    fn met_means_the_product_fits(work in u256(), difficulty in u256()) {
        let fits = work.full_mul(difficulty).bits() <= 256;
        prop_assert_eq!(is_met(work, difficulty), fits && !difficulty.is_zero());
    }

    #[test]
    fn target_is_the_edge(difficulty in u256()) {
        prop_assume!(difficulty > U256::one());
        let edge = target(difficulty).unwrap();
        prop_assert!(is_met(edge, difficulty));
        prop_assert!(!is_met(edge + 1, difficulty));
    }

    #[test]
    fn trailing_bytes_are_refused(nonce: u64, tail in prop::collection::vec(any::<u8>(), 1..80)) {
        let mut bytes = Seal { nonce }.encode();
        bytes.extend(&tail);
        prop_assert_eq!(Seal::from_bytes(&bytes), None);

        let mut bytes = DIGEST.encode();
        bytes.extend(&tail);
        prop_assert_eq!(PreDigest::from_bytes(&bytes), None);
    }
}
