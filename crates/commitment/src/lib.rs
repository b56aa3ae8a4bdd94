//! What binds an update to its client, a holdout to its evaluator, and both to round and chain: hashes
//! of canonical encodings.
//!
//! ```text
//! values --chunks--> values root --+
//! task --> spec hash --------------+--> commitment   (sent first)
//! genesis, federation, round, -----+    opening      (sent after the window closed)
//! base model, account, count, salt-+
//! ```
//!
//! Properties, from blake2_256 being collision resistant:
//! - **binding**: one commitment opens to one update only;
//! - **bound to its place**: another account, round, federation, chain or base model gives another
//!   commitment, so a copied or an old one cannot be opened;
//! - **hiding**: the salt has 256 bits, so a commitment tells nothing of the update.
//!
//! A holdout's commitment is made likewise, see [`HoldoutOpening`]; a judgement has a hash, see
//! [`gate_hash`]. Every hash starts with a tag of its
//! own, so that no encoding can be taken for another.

#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

mod accepted;
mod gate;
mod holdout;
mod merkle;
mod opening;
mod part;

pub use accepted::{Accepted, Membership, accepted_root};
pub use gate::gate_hash;
pub use holdout::HoldoutOpening;
pub use merkle::{Tree, values_root};
pub use opening::{Opening, Opens, spec_hash};
pub use part::{Part, parts};
