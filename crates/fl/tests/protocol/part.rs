//! Which parts of an update fit which place.

use fedchain_fl::{Error, ModelSpec, TaskSpec, Update};

use crate::task;

const CHUNK: usize = 16_384;

/// A model of 20 chunks and 100 weights of 16 bits.
fn large() -> TaskSpec {
    TaskSpec {
        model: ModelSpec::Opaque {
            param_count: 20 * 8_192 + 100,
        },
        ..task()
    }
}

#[test]
fn whole_chunks_and_the_end_fit() {
    for (first, bytes) in [
        (0, CHUNK),
        (0, 16 * CHUNK),
        (4, 16 * CHUNK),
        (19, CHUNK),
        (5, 15 * CHUNK + 200),
        (19, CHUNK + 200),
        (20, 200),
    ] {
        let part = vec![1; bytes];
        let checked = Update(&part).check_part(&large(), first).unwrap();
        assert_eq!(
            checked.values(),
            vec![0x0101; bytes / 2],
            "{bytes} from {first} on"
        );
    }
}

#[test]
fn anything_else_is_refused_with_its_place() {
    for (first, bytes) in [
        (0, 0),
        (0, 2),
        (0, CHUNK - 2),
        (0, CHUNK + 2),
        (0, 17 * CHUNK),
        // The whole model, but too long for one part.
        (0, 20 * CHUNK + 200),
        (5, 16 * CHUNK),
        (19, 2 * CHUNK),
        (20, 198),
        (20, 201),
        (20, CHUNK),
        (21, CHUNK),
        (u32::MAX, CHUNK),
        (u32::MAX, 0),
    ] {
        let part = vec![1; bytes];
        let bytes = bytes as u32;
        let expected = Err(Error::Part { first, bytes });
        assert_eq!(Update(&part).check_part(&large(), first), expected);
    }
}
