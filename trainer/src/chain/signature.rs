//! Signatures: is a transaction of the account that it names?
//!
//! What is signed is the call, what the transaction extensions carry, and what they imply: versions of
//! the runtime, the genesis block, the block with which the transaction's era begins. The runtime's
//! metadata names its extensions; what each implies is known here by its name.

use codec::{Compact, DecodeAll, Encode};
use fedchain_fl::H256;
use scale_info::{PortableRegistry, TypeDef};
use sp_crypto_hashing::blake2_256;
use sp_runtime::{MultiSignature, generic::Era, traits::Verify};
use subxt::metadata::Metadata;

use super::{AccountId, code::Version};
use crate::Error;

/// A longer message is hashed before it is signed.
const MESSAGE_MAX: usize = 256;
/// The version of extensions that signed transactions have, as they name none.
const EXTENSIONS: u8 = 0;

/// What this chain's runtime has signed for a call with this nonce and tip, in a transaction whose era begins with
/// the block of hash `birth`: the call, then what its extensions carry and imply.
pub fn message(
    call: &[u8],
    (era, birth): (Era, H256),
    nonce: u64,
    tip: u128,
    version: Version,
    genesis: H256,
) -> Vec<u8> {
    /// Without a hash of the metadata.
    const WITHOUT: u8 = 0;
    let carried = (era, Compact(nonce), Compact(tip), WITHOUT);
    let implied = (version.spec, version.transaction, genesis, birth, WITHOUT);
    hashed([call, &carried.encode(), &implied.encode()].concat())
}

/// A message as it is signed.
fn hashed(message: Vec<u8>) -> Vec<u8> {
    match message.len() > MESSAGE_MAX {
        true => blake2_256(&message).to_vec(),
        false => message,
    }
}

/// What a runtime's transaction extensions imply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules(Vec<Implied>);

/// What an extension implies.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Implied {
    /// The same of every transaction.
    Bytes(Vec<u8>),
    /// Hash of the block with which the transaction's era begins.
    Birth,
    /// Hash of the metadata, unless the transaction does without.
    MetadataHash,
}

impl Rules {
    /// The rules of a runtime.
    ///
    /// # Errors
    /// [`Error::Extension`] with the name of an extension that implies something unknown.
    pub fn new(metadata: &Metadata, version: Version, genesis: H256) -> Result<Self, Error> {
        let extensions = metadata
            .extrinsic()
            .transaction_extensions_by_version(EXTENSIONS);
        let implied = extensions.into_iter().flatten().filter_map(|extension| {
            let implied = match extension.identifier() {
                "CheckSpecVersion" => Implied::Bytes(version.spec.encode()),
                "CheckTxVersion" => Implied::Bytes(version.transaction.encode()),
                "CheckGenesis" => Implied::Bytes(genesis.encode()),
                "CheckMortality" | "CheckEra" => Implied::Birth,
                "CheckMetadataHash" => Implied::MetadataHash,
                _ if is_empty(metadata.types(), extension.additional_ty()) => {
                    return None;
                }
                other => return Some(Err(Error::Extension(other.to_owned()))),
            };
            Some(Ok(implied))
        });
        implied.collect::<Result<_, _>>().map(Self)
    }
}

/// Whether a type is one without fields.
fn is_empty(types: &PortableRegistry, id: u32) -> bool {
    match types.resolve(id).map(|found| &found.type_def) {
        Some(TypeDef::Tuple(tuple)) => tuple.fields.is_empty(),
        Some(TypeDef::Composite(composite)) => composite.fields.is_empty(),
        _ => false,
    }
}

/// A signed transaction, as far as its signature depends on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// Who is said to have signed it.
    pub account: AccountId,
    /// The encoded signature.
    pub signature: Vec<u8>,
    /// The encoded call.
    pub call: Vec<u8>,
    /// What its extensions carry, in order, with their names.
    pub extensions: Vec<(String, Vec<u8>)>,
}

impl Signed {
    /// The block with which its era begins, when it is in the block `number`: the genesis block when it
    /// has no end, none when it is malformed.
    pub fn birth(&self, number: u32) -> Option<u32> {
        let era = self.carried(&["CheckMortality", "CheckEra"]);
        let era = era.unwrap_or(&[0]);
        let era = Era::decode_all(&mut &*era).ok()?;
        era.birth(number.into()).try_into().ok()
    }

    /// Whether the account signed it; `birth` is the hash of the block with which its era begins.
    ///
    /// # Errors
    /// [`Error::Extension`] when it implies a hash of the metadata.
    pub fn is_valid(&self, rules: &Rules, birth: H256) -> Result<bool, Error> {
        let mut message = self.call.clone();
        for (_, carried) in &self.extensions {
            message.extend(carried);
        }
        for implied in &rules.0 {
            match implied {
                Implied::Bytes(bytes) => message.extend(bytes),
                Implied::Birth => message.extend(birth.0),
                Implied::MetadataHash => {
                    const NAME: &str = "CheckMetadataHash";
                    // The runtime would have to be built again to know the hash.
                    let is_off = self.carried(&[NAME]) == Some(&[0]);
                    if !is_off {
                        return Err(Error::Extension(NAME.into()));
                    }
                    None::<[u8; 32]>.encode_to(&mut message);
                }
            }
        }
        let message = hashed(message);
        let signature = MultiSignature::decode_all(&mut self.signature.as_slice());
        let is_valid =
            signature.is_ok_and(|signature| signature.verify(&*message, &self.account.0.into()));
        Ok(is_valid)
    }

    fn carried(&self, names: &[&str]) -> Option<&[u8]> {
        let found = self
            .extensions
            .iter()
            .find(|(name, _)| names.contains(&name.as_str()));
        found.map(|(_, carried)| carried.as_slice())
    }
}

#[cfg(test)]
mod tests;
