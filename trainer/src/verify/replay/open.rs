//! Opening commitments where it is not known which of them stands.

use fedchain_commitment::{Opens, Part};
use fedchain_fl::H256;
use fedchain_verifier::{
    Verifier,
    opening::{Committed, Error, Opened},
};

/// Opens whichever of the commitments a part is of: where events are gone, failed ones are among
/// them.
pub(super) fn open_any<O: Opens>(
    commitments: &[H256],
    opening: O,
    total_bytes: u32,
    received: u32,
    part: &Part,
) -> Result<Opened, Error> {
    let mut committed = Committed {
        commitment: H256::zero(),
        opening,
        total_bytes,
        received,
    };
    let mut opened = Err(Error::Commitment);
    for commitment in commitments {
        committed.commitment = *commitment;
        opened = committed.verify(part);
        if opened.is_ok() {
            break;
        }
    }
    opened
}
