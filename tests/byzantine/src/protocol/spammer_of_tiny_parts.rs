//! Cuts its update into the smallest parts it can, to make the chain check a proof per byte.
//!
//! A part is whole chunks of 16 KiB or ends with the model, so a model has a fixed largest number of
//! parts; each pays its fee, and what is not whole is refused.

use fedchain_commitment::Part;
use fedchain_fl::ModelSpec;
use frame_support::{assert_noop, assert_ok};
use pallet_federation::{Error, mock::*};

use super::*;

#[test]
fn parts_smaller_than_a_chunk_are_refused() {
    build_and_execute(|| {
        let id = three(|spec| {
            spec.task.model = ModelSpec::Opaque {
                param_count: 70_000,
            };
        });
        let update = Update::new(CAROL, id, &[9; 70_000], 10);
        let first = fedchain_commitment::parts(&update.bytes).remove(0);
        play(
            id,
            |_| {
                assert_ok!(update.commit());
            },
            |_| {
                for bytes in [0, 1, 4, 16_383, 16_385] {
                    let mut tiny: Part = first.clone();
                    tiny.values.truncate(bytes);
                    let call = update.part_call(tiny);
                    assert_noop!(direct(CAROL, call), Error::<Test>::WrongPart);
                }
            },
        );
    });
}
