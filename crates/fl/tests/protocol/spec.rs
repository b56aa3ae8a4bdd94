//! What a task may be, and how people write it.

use fedchain_fl::{
    Adaptive, Column, Decimal, Error, Format, H256, Initial, ModelSpec, NormRule, Optimiser,
    Schema, Strategy, Target, TaskSpec, Width,
};

use crate::task;

fn opaque(param_count: u32, width: Width) -> TaskSpec {
    TaskSpec {
        model: ModelSpec::Opaque { param_count },
        format: Format {
            frac_bits: 8,
            width,
        },
        ..task()
    }
}

#[test]
fn models_have_up_to_8_mib() {
    for (width, most) in [(Width::I16, 1 << 22), (Width::I32, 1 << 21)] {
        let largest = opaque(most, width);
        assert_eq!(largest.check(), Ok(()));
        assert_eq!(largest.model_bytes(), Ok(8 << 20));
        assert_eq!(largest.model_chunks(), 512);
        let found = u64::from(most) + 1;
        let too_large = opaque(most + 1, width);
        assert_eq!(too_large.check(), Err(Error::ParamCount { found, most }));
        assert_eq!(too_large.model_chunks(), 0);
    }
    assert_eq!(opaque(1, Width::I16).model_chunks(), 1);
    assert_eq!(opaque(8_193, Width::I16).model_chunks(), 2);
}

#[test]
fn an_uploaded_model_is_none_yet() {
    let root = H256::repeat_byte(7);
    let uploaded = TaskSpec {
        initial: Initial::Uploaded { root },
        ..task()
    };
    assert_eq!(uploaded.check(), Ok(()));
    assert_eq!(uploaded.initial_model(), Ok(None));
    let seeded = TaskSpec {
        initial: Initial::Seeded(7),
        ..task()
    };
    assert_eq!(seeded.check(), Err(Error::SeededOpaque));
}

#[test]
fn the_default_withstands_a_third_and_can_work() {
    for (clients_min, trim) in [
        (0, 0),
        (1, 0),
        (3, 0),
        (4, 1),
        (7, 2),
        (10, 3),
        (20, 6),
        (1_024, 341),
    ] {
        let strategy = Strategy::default_for(clients_min);
        assert_eq!(strategy, Strategy::TrimmedMean { trim });
        assert_eq!(strategy.check_updates(clients_min.max(1) as usize), Ok(()));
    }
}

#[test]
fn each_rule_needs_what_its_bound_says() {
    for (strategy, needed) in [
        (Strategy::FedAvg, 1),
        (Strategy::Median, 1),
        (Strategy::TrimmedMean { trim: 3 }, 7),
        (Strategy::Krum { f: 3 }, 9),
        (Strategy::MultiKrum { f: 3, keep: 6 }, 9),
        (Strategy::MultiKrum { f: 3, keep: 7 }, 10),
        (Strategy::Bulyan { f: 3 }, 15),
        (Strategy::GeometricMedian, 1),
        (Strategy::Bulyan { f: u32::MAX }, u32::MAX),
    ] {
        assert_eq!(strategy.updates_min(), needed, "{strategy:?}");
        assert_eq!(strategy.bounds_bad_clients(), strategy != Strategy::FedAvg);
    }
}

#[track_caller]
fn check<T>(value: T, json: &str)
where
    T: serde::Serialize + serde::de::DeserializeOwned + PartialEq + core::fmt::Debug,
{
    assert_eq!(serde_json::to_string(&value).unwrap(), json);
    assert_eq!(serde_json::from_str::<T>(json).unwrap(), value);
}

#[test]
fn rules_are_written_like_this() {
    let decimal = |text: &str| text.parse().unwrap();
    check(Strategy::FedAvg, r#""fed_avg""#);
    check(
        Strategy::MultiKrum { f: 2, keep: 9 },
        r#"{"multi_krum":{"f":2,"keep":9}}"#,
    );
    check(Strategy::GeometricMedian, r#""geometric_median""#);
    check(NormRule::Clip { max: 65_536 }, r#"{"clip":{"max":65536}}"#);
    check(NormRule::ClipToMedian, r#""clip_to_median""#);
    check(Optimiser::Adopt, r#""adopt""#);
    check(
        Optimiser::FedAvgM {
            momentum: decimal("0.9"),
            rate: decimal("1"),
        },
        r#"{"fed_avg_m":{"momentum":"9e-1","rate":"1"}}"#,
    );
    let adaptive = Adaptive {
        beta1: decimal("0.9"),
        beta2: decimal("0.99"),
        rate: decimal("0.1"),
        tau: decimal("0.001"),
    };
    check(
        Optimiser::FedYogi(adaptive),
        r#"{"fed_yogi":{"beta1":"9e-1","beta2":"99e-2","rate":"1e-1","tau":"1e-3"}}"#,
    );
}

fn number(name: &str) -> Column {
    Column::number(name.parse().unwrap(), Decimal::whole(0), Decimal::whole(1))
}

fn label(name: &str, label: &str) -> Column {
    Column {
        label: label.parse().ok(),
        ..number(name)
    }
}

#[track_caller]
fn check_schema(features: &[Column], target: Column, expected: Result<(), Error>) {
    let schema = Schema {
        features: features.to_vec().try_into().unwrap(),
        target: Target::Real(target),
    };
    assert_eq!(schema.check(), expected);
}

#[test]
fn a_column_is_one_number_or_different_labels() {
    let colours = [label("colour", "red"), label("colour", "blue"), number("x")];
    check_schema(&colours, number("y"), Ok(()));
    let twice = [label("colour", "red"), label("colour", "red")];
    check_schema(&twice, number("y"), Err(Error::Duplicate));
    let both = [label("colour", "red"), number("colour")];
    check_schema(&both, number("y"), Err(Error::Category));
    check_schema(&colours, number("colour"), Err(Error::TargetIsFeature));
}

#[test]
fn a_real_target_has_neither_label_nor_rule_for_empty_cells() {
    let features = [number("x")];
    check_schema(&features, label("y", "red"), Err(Error::Category));
    let missing = Some(Decimal::whole(0));
    let target = Column {
        missing,
        ..number("y")
    };
    check_schema(&features, target, Err(Error::Category));
}

#[test]
fn offset_scale_label_and_missing_may_be_left_out() {
    let read: Column = serde_json::from_str(r#"{"name":"colour","label":"red"}"#).unwrap();
    assert_eq!(read, label("colour", "red"));
    let read: Column = serde_json::from_str(r#"{"name":"x","missing":"1.5"}"#).unwrap();
    let missing = "1.5".parse().ok();
    assert_eq!(
        read,
        Column {
            missing,
            ..number("x")
        }
    );
}

#[test]
fn unknown_keys_are_refused_wherever_they_stand() {
    fn refused<T: serde::de::DeserializeOwned>(json: &str, key: &str) {
        let error = serde_json::from_str::<T>(json).err().unwrap().to_string();
        assert!(
            error.starts_with(&format!("unknown field `{key}`")),
            "{error}"
        );
    }
    refused::<Column>(r#"{"name":"x","ofset":"1"}"#, "ofset");
    refused::<Format>(r#"{"frac_bits":8,"bits":8}"#, "bits");
    refused::<Schema>(r#"{"feature":[]}"#, "feature");
    refused::<TaskSpec>(r#"{"optimizer":"adopt"}"#, "optimizer");
    refused::<ModelSpec>(r#"{"mlp":{"hidden":[1],"relu":true}}"#, "relu");
    refused::<Target>(r#"{"classes":{"name":"y","label":[]}}"#, "label");
    refused::<NormRule>(r#"{"clip":{"max":1,"min":0}}"#, "min");
    refused::<Strategy>(r#"{"krum":{"f":1,"keep":2}}"#, "keep");
    refused::<Strategy>(r#"{"least_squares":{"lambda":"1"}}"#, "lambda");
    refused::<Optimiser>(r#"{"fed_adam":{"lr":"1"}}"#, "lr");
    refused::<Initial>(r#"{"uploaded":{"hash":"0x00"}}"#, "hash");
}

#[test]
fn numbers_and_names_want_quotes() {
    for json in [r#"{"name":"x","offset":5}"#, r#"{"name":true}"#] {
        let error = serde_json::from_str::<Column>(json)
            .unwrap_err()
            .to_string();
        assert!(error.contains("expected text in quotes"), "{error}");
    }
}
