//! Where a replay stands.

use fedchain_fl::H256;

use super::Replay;

impl Replay {
    /// Number of the federation.
    pub fn federation(&self) -> u32 {
        self.federation
    }

    /// Rounds closed so far.
    pub fn closed(&self) -> u32 {
        self.closed
    }

    /// Whether its last round is closed.
    pub fn is_finished(&self) -> bool {
        self.closed >= self.spec.last_round(self.skipped)
    }

    /// Whether the server model is there: the initial one may have to be uploaded first.
    pub fn is_whole(&self) -> bool {
        self.model.len() as u32 >= self.param_count
    }

    /// Root of the newest server model.
    pub fn model_root(&self) -> H256 {
        self.model_root
    }
}
