//! Clipping: an update beyond the norm bound is pulled back to it instead of being rejected.

/// Pulls `values` towards `base` until the Euclidean norm of their difference is at most
/// `norm_max`, all three at the same scale; answers whether that was needed.
///
/// Differences are shrunk by one factor and rounded towards zero, which never lengthens them.
pub fn clip(values: &mut [i32], base: &[i32], norm_max: u64) -> bool {
    let bound = u128::from(norm_max) * u128::from(norm_max);
    let pairs = values.iter().zip(base);
    let differences: Vec<i64> = pairs
        .map(|(value, base)| i64::from(*value) - i64::from(*base))
        .collect();
    let norm_squared: u128 = differences
        .iter()
        .map(|difference| u128::from(difference.unsigned_abs()).pow(2))
        .sum();
    if norm_squared <= bound {
        return false;
    }
    // Rounded up, so that the factor is never too large.
    let norm = norm_squared.isqrt() + 1;
    for ((value, base), difference) in values.iter_mut().zip(base).zip(differences) {
        // At most 2^32 * 2^64 before the division, and no longer than the difference after it.
        let shrunk = i128::from(difference) * i128::from(norm_max) / norm as i128;
        *value = (i128::from(*base) + shrunk) as i32;
    }
    true
}

#[cfg(test)]
mod tests {
    use fedchain_fl::{
        Column, Decimal, Format, Initial, ModelSpec, Schema, Strategy, Target, TaskSpec, Update,
    };

    use super::*;

    /// Whether the chain would accept an update.
    fn is_accepted(values: &[i32], base: &[i32], norm_max: u64) -> bool {
        let format = Format::default();
        let column = Column {
            name: "x".parse().unwrap(),
            offset: Decimal::whole(0),
            scale: Decimal::whole(1),
        };
        let task = TaskSpec {
            model: ModelSpec::Opaque {
                param_count: values.len() as u32,
            },
            initial: Initial::Zeros,
            format,
            strategy: Strategy::FedAvg,
            norm_max: Some(norm_max),
            schema: Schema {
                features: vec![].try_into().unwrap(),
                target: Target::Real(column),
            },
        };
        let bytes = format.encode(values).unwrap();
        Update(&bytes)
            .check(&task)
            .unwrap()
            .is_within(base, norm_max)
    }

    #[test]
    fn what_is_within_stays() {
        let mut values = [3, 4];
        assert!(!clip(&mut values, &[0, 0], 5));
        assert_eq!(values, [3, 4]);
    }

    #[test]
    fn what_is_beyond_keeps_its_direction() {
        let mut values = [300, -400, 7];
        assert!(clip(&mut values, &[0, 0, 7], 50));
        assert_eq!(values, [29, -39, 7]);
    }

    proptest::proptest! {
        #[test]
        fn the_chain_accepts_what_was_clipped(
            pairs in proptest::collection::vec((proptest::num::i32::ANY, proptest::num::i32::ANY), 1..20),
            norm_max in 0u64..1 << 34,
        ) {
            let (mut values, base): (Vec<i32>, Vec<i32>) = pairs.into_iter().unzip();
            clip(&mut values, &base, norm_max);
            proptest::prop_assert!(is_accepted(&values, &base, norm_max));
        }
    }
}
