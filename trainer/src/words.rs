//! What a federation does, in words; a spec file says the same in its own terms.

use std::fmt::Display;

use fedchain_fl::{
    Decimal, FederationSpec, Format, ModelSpec, NormRule, Optimiser, Strategy, optimiser::Adaptive,
};
use fedchain_learn::data::escape;

/// A number of things: "1 row", "2 rows".
pub fn count<N: Display + PartialEq + From<u8>>(number: N, one: &str) -> String {
    let more = match one.ends_with("sh") {
        true => "es",
        false => "s",
    };
    match number == N::from(1) {
        true => format!("{number} {one}"),
        false => format!("{number} {one}{more}"),
    }
}

/// What a node says, in one line that a terminal only shows.
pub fn one_line(text: &str) -> String {
    let words: Vec<_> = text.split_whitespace().collect();
    escape(&words.join(" "))
}

/// Decimal places up to which a number is written without a power of ten.
const PLACES_MAX: usize = 12;

/// The model.
pub fn model(model: &ModelSpec) -> String {
    match model {
        ModelSpec::Linear => "linear regression".into(),
        ModelSpec::Softmax => "softmax classification".into(),
        ModelSpec::Mlp { hidden } => {
            let units: Vec<_> = hidden.iter().map(ToString::to_string).collect();
            let (layers, units) = match units.as_slice() {
                [one] => ("a hidden layer", one.clone()),
                many => ("hidden layers", many.join(", ")),
            };
            format!("perceptron with {layers} of {units} units")
        }
        ModelSpec::Opaque { .. } => "one that the chain does not know".into(),
    }
}

/// How updates become one.
pub fn strategy(strategy: &Strategy) -> String {
    match strategy {
        Strategy::FedAvg => "FedAvg".into(),
        Strategy::Median => "median".into(),
        Strategy::TrimmedMean { trim } => {
            format!("mean without the {trim} smallest and largest of each weight")
        }
        Strategy::Krum { f } => format!("Krum, against {}", count(*f, "bad client")),
        Strategy::MultiKrum { f, keep } => {
            let (keep, bad) = (count(*keep, "update"), count(*f, "bad client"));
            format!("Multi-Krum of {keep}, against {bad}")
        }
        Strategy::Bulyan { f } => format!("Bulyan, against {}", count(*f, "bad client")),
        Strategy::GeometricMedian => "geometric median".into(),
        Strategy::LeastSquares(terms) => format!(
            "least squares with penalty {}, proven within {}",
            plain(terms.penalty),
            plain(terms.epsilon)
        ),
    }
}

/// How many updates a round needs.
pub fn quorum<Balance>(spec: &FederationSpec<Balance>) -> String {
    match (spec.task.strategy.bad_max(), spec.quorum) {
        (Some(0), _) => "all clients that commit must reveal".into(),
        (Some(f), _) => format!("all clients that commit but {f} must reveal"),
        (None, quorum) => format!("more than {quorum} % of the clients that commit must reveal"),
    }
}

/// That a federation counts fewer of a client's rows than there are, if it does.
pub fn cut<Balance>(spec: &FederationSpec<Balance>, rows: usize) -> Option<String> {
    let counted = spec.stated_count(rows);
    (rows > counted as usize).then(|| {
        format!(
            "{rows} rows; this federation counts {counted} per client at most (sample_count_max)"
        )
    })
}

/// What becomes of updates far from the server model; norms are real numbers.
pub fn norm(rule: Option<&NormRule>, format: Format) -> String {
    let real = |max: u64| max as f64 * 0.5f64.powi(format.frac_bits.into());
    match rule {
        None => "no bound on norms".into(),
        Some(NormRule::Reject { max }) => format!("updates beyond norm {} rejected", real(*max)),
        Some(NormRule::Clip { max }) => format!("updates clipped to norm {}", real(*max)),
        Some(NormRule::ClipToMedian) => "updates clipped to the median norm".into(),
    }
}

/// What the server makes of the aggregate.
pub fn optimiser(optimiser: &Optimiser) -> String {
    let adaptive = |name: &str, terms: &Adaptive| {
        format!(
            "{name} with rate {}, beta {} and {}, tau {}",
            plain(terms.rate),
            plain(terms.beta1),
            plain(terms.beta2),
            plain(terms.tau)
        )
    };
    match optimiser {
        Optimiser::Adopt => "adopted as it is".into(),
        Optimiser::FedAvgM { momentum, rate } => format!(
            "FedAvgM with rate {}, momentum {}",
            plain(*rate),
            plain(*momentum)
        ),
        Optimiser::FedAdam(terms) => adaptive("FedAdam", terms),
        Optimiser::FedYogi(terms) => adaptive("FedYogi", terms),
    }
}

/// `0.0019` instead of `19e-4`, where that is short.
pub fn plain(number: Decimal) -> String {
    let places = usize::from(number.exponent.unsigned_abs());
    if number.exponent >= 0 || places > PLACES_MAX {
        return number.to_string();
    }
    let sign = if number.mantissa < 0 { "-" } else { "" };
    let digits = format!(
        "{:0>width$}",
        number.mantissa.unsigned_abs(),
        width = places + 1
    );
    let (whole, fraction) = digits.split_at(digits.len() - places);
    format!("{sign}{whole}.{fraction}")
}

#[cfg(test)]
mod tests {
    use fedchain_fl::LeastSquares;

    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn one_is_no_plural() {
        for (number, one, expected) in [
            (0, "row", "0 rows"),
            (1, "row", "1 row"),
            (2, "server model", "2 server models"),
            (3, "hash", "3 hashes"),
        ] {
            assert_eq!(count(number, one), expected);
        }
    }

    #[test]
    fn numbers_are_written_plainly() {
        for (number, expected) in [
            ("0.0019", "0.0019"),
            ("-0.5", "-0.5"),
            ("-12.25", "-12.25"),
            ("100", "100"),
            ("1e30", "1e30"),
            ("25e-14", "25e-14"),
        ] {
            let number: Decimal = number.parse().unwrap();
            assert_eq!(plain(number), expected);
            assert_eq!(plain(number).parse(), Ok(number));
        }
    }

    #[test]
    fn models_are_said_in_words() {
        assert_eq!(model(&ModelSpec::Softmax), "softmax classification");
        let hidden = vec![32, 16].try_into().unwrap();
        assert_eq!(
            model(&ModelSpec::Mlp { hidden }),
            "perceptron with hidden layers of 32, 16 units"
        );
    }

    #[test]
    fn strategies_are_said_in_words() {
        let check = |rule, expected| assert_eq!(strategy(&rule), expected);
        check(Strategy::FedAvg, "FedAvg");
        check(
            Strategy::TrimmedMean { trim: 1 },
            "mean without the 1 smallest and largest of each weight",
        );
        check(
            Strategy::MultiKrum { f: 1, keep: 3 },
            "Multi-Krum of 3 updates, against 1 bad client",
        );
        let terms = LeastSquares {
            penalty: decimal("0.001"),
            epsilon: decimal("1e-5"),
        };
        check(
            Strategy::LeastSquares(terms),
            "least squares with penalty 0.001, proven within 0.00001",
        );
    }

    #[test]
    fn norms_are_real_numbers() {
        let check = |rule: Option<NormRule>, expected| {
            assert_eq!(norm(rule.as_ref(), Format::default()), expected);
        };
        check(None, "no bound on norms");
        check(
            Some(NormRule::Clip { max: 655_360 }),
            "updates clipped to norm 10",
        );
        check(
            Some(NormRule::Reject { max: 98_304 }),
            "updates beyond norm 1.5 rejected",
        );
        check(
            Some(NormRule::ClipToMedian),
            "updates clipped to the median norm",
        );
    }

    #[test]
    fn optimisers_are_said_in_words() {
        assert_eq!(optimiser(&Optimiser::Adopt), "adopted as it is");
        let momentum = Optimiser::FedAvgM {
            momentum: decimal("0.9"),
            rate: decimal("1"),
        };
        assert_eq!(optimiser(&momentum), "FedAvgM with rate 1, momentum 0.9");
    }
}
