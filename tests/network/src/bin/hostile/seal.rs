//! Claims and seals of its blocks.

use anyhow::{Context, Result};
use codec::Encode;
use fedchain_pow::{ENGINE_ID, PreDigest, Seal, U256, search, target};
use fedchain_runtime::Header;
use sp_keyring::Sr25519Keyring;
use sp_runtime::DigestItem;

/// Under this name it attacks.
pub const HOSTILE: Sr25519Keyring = Sr25519Keyring::Eve;
/// Under this one it makes the blocks of an honest chain.
pub const HONEST: Sr25519Keyring = Sr25519Keyring::Alice;

/// Whether a block is one of an attack.
pub fn is_hostile(header: &Header) -> bool {
    let claims = header.digest.logs.iter();
    PreDigest::find(claims.filter_map(DigestItem::as_pre_runtime))
        .is_some_and(|claim| claim.author == HOSTILE.to_raw_public())
}

/// The pre-runtime item of a block of this author and difficulty.
pub fn claim(author: Sr25519Keyring, difficulty: U256) -> DigestItem {
    let author = author.to_raw_public();
    DigestItem::PreRuntime(ENGINE_ID, PreDigest { author, difficulty }.encode())
}

/// The seal of a header that has none, at the cost of its difficulty.
pub fn seal(header: &Header, difficulty: U256) -> Result<DigestItem> {
    let pre_hash = header.hash();
    let target = target(difficulty).context("difficulty zero")?;
    let seal = search(pre_hash.as_fixed_bytes(), target, 0..u64::MAX).context("no seal")?;
    Ok(item(seal))
}

/// The digest item of a seal.
pub fn item(seal: Seal) -> DigestItem {
    DigestItem::Seal(ENGINE_ID, seal.encode())
}
