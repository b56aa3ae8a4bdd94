//! The bound is met exactly, over all parts, and other lengths are refused.

use super::*;

const BASE: [i32; 3] = [10, -20, 30];

/// 3, 4 and 12 from the base model: 13 in all.
const UPDATE: [i32; 3] = [13, -24, 42];

fn near(max: u64, before: u128) -> Near<'static> {
    Near {
        rule: NormRule::Reject { max },
        base: &BASE,
        before,
    }
}

#[test]
fn the_bound_itself_counts_and_one_less_does_not() {
    for (max, is_within) in [(13, true), (12, false), (0, false), (u64::MAX, true)] {
        let squared = 169;
        let expected = Distance { squared, is_within };
        assert_eq!(near(max, 0).verify(&UPDATE), Ok(expected), "{max}");
    }
}

#[test]
fn parts_before_count() {
    let distance = |before| near(13, before).verify(&BASE).unwrap();
    assert!(distance(169).is_within);
    assert!(!distance(170).is_within);
    let far = near(u64::MAX, u128::MAX).verify(&UPDATE).unwrap();
    assert_eq!(far.squared, u128::MAX, "it stays too far");
}

#[test]
fn clipping_lets_everything_count() {
    for rule in [NormRule::Clip { max: 1 }, NormRule::ClipToMedian] {
        let near = Near { rule, ..near(0, 0) };
        assert!(near.verify(&[i32::MIN; 3]).unwrap().is_within);
    }
}

#[test]
fn extremes_do_not_overflow() {
    let near = Near {
        base: &[i32::MAX; 3],
        ..near(u64::MAX, 0)
    };
    let squared = near.verify(&[i32::MIN; 3]).unwrap().squared;
    assert_eq!(squared, 3 * u128::from(u32::MAX).pow(2));
}

#[test]
fn other_lengths_are_refused() {
    let needed = Err(Error::Length { needed: 3 });
    for wrong in [&UPDATE[..2], &[], &[1, 2, 3, 4]] {
        assert_eq!(near(13, 0).verify(wrong), needed);
    }
}
