//! What a block's state holds, proven by the state root in its header.

use alloc::vec::Vec;
use sp_crypto_hashing::twox_128;
use sp_runtime::traits::BlakeTwo256;
use sp_trie::{LayoutV1, StorageProof, read_trie_value};

use crate::Header;

/// Trie nodes that do not lead from the state root to the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the state root in the header does not prove what the state is said to hold")]
pub struct Unproven;

/// The key, or the prefix of all keys, of an item that a pallet stores.
pub fn storage_key(pallet: &str, item: &str) -> Vec<u8> {
    [twox_128(pallet.as_bytes()), twox_128(item.as_bytes())].concat()
}

/// The value under `key` in the state after a block, from the trie nodes that prove it; none when
/// there is no value.
///
/// # Errors
/// [`Unproven`].
pub fn read_state(
    header: &Header,
    nodes: &[Vec<u8>],
    key: &[u8],
) -> Result<Option<Vec<u8>>, Unproven> {
    let nodes = StorageProof::new(nodes.iter().cloned()).into_memory_db::<BlakeTwo256>();
    let value = read_trie_value::<LayoutV1<_>, _>(&nodes, &header.state_root, key, None, None);
    value.map_err(|_| Unproven)
}
