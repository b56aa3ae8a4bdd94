//! What binds a round's judgement to its block's header.

use codec::Encode;
use fedchain_fl::{H256, gate::GateRecord};
use sp_crypto_hashing::blake2_256;

/// Version of the hash's encoding.
const VERSION: u8 = 1;

/// Hash of a judgement: `blake2_256` of (tag, version, record).
pub fn gate_hash<AccountId: Encode>(record: &GateRecord<AccountId>) -> H256 {
    H256(blake2_256(&(b"fedchain/gate", VERSION, record).encode()))
}
