//! Whatever a file holds, its schema reads it.

use fedchain_fl::{
    Format, Initial, LeastSquares, ModelSpec, Optimiser, Strategy as Aggregation, TaskSpec,
};
use proptest::prelude::*;

use super::*;

/// A cell of a column of numbers, or of one of few texts.
fn cell() -> impl Strategy<Value = (String, String)> {
    let number = prop_oneof![
        any::<f64>().prop_map(|value| value.to_string()),
        (-1e3..1e3f64).prop_map(|value| value.to_string()),
        (-5i32..5).prop_map(|value| format!("{value}e-90")),
        Just("1e99".to_owned()),
        Just(String::new()),
    ];
    let text = prop_oneof!["[a-d]", "[ -~]{0,3}", Just("1".to_owned())];
    (number, text)
}

proptest! {
    #[test]
    fn every_inferred_schema_reads_its_own_file(
        rows in prop::collection::vec((cell(), -1e6..1e6), 1..12),
        range: bool,
    ) {
        let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
        let mut text = String::from("number,text,one,y\n");
        for ((number, word), target) in &rows {
            text.push_str(&format!("{number},{},1,{target}\n", quoted(word)));
        }
        let table = table(&text);
        let scaling = if range { Scaling::Range } else { Scaling::Standard };
        let wanted = Wanted { scaling, ..wanted("y") };
        let inferred = infer(&table, &wanted).unwrap();
        let data = Dataset::from_table(&table, &inferred.schema, None).unwrap();
        prop_assert_eq!(data.rows(), rows.len());
        prop_assert!(data.features.iter().all(|value| value.is_finite()));
        if let (Some(Targets::Real(targets)), true) = (&data.targets, range) {
            prop_assert!(targets.iter().all(|value| value.abs() <= 1.2), "{}", targets);
        }
        let text = serde_json::to_string(&inferred.schema).unwrap();
        prop_assert_eq!(serde_json::from_str::<Schema>(&text).unwrap(), inferred.schema);
    }

    #[test]
    fn every_inferred_schema_passes_the_check_of_its_own_file(
        header in prop::collection::vec("[a-d ]{0,2}|Unnamed: 0", 3),
        columns in prop::collection::vec(column(), 4),
        rows in 1usize..120,
        classes: bool,
        range: bool,
    ) {
        let cell = |column: &[String], row: usize| match column.get(row % column.len()) {
            Some(cell) => format!("\"{}\"", cell.replace('"', "\"\"")),
            None => String::new(),
        };
        let mut text = format!("{},y,always\n", header.join(","));
        for row in 0..rows {
            let cells: Vec<String> = columns.iter().map(|column| cell(column, row)).collect();
            text.push_str(&format!("{},1\n", cells.join(",")));
        }
        let table = table(&text);
        let wanted = Wanted {
            classes,
            scaling: if range { Scaling::Range } else { Scaling::Standard },
            ..wanted("y")
        };
        // Not every target can be one.
        if let Ok(Inferred { schema, .. }) = infer(&table, &wanted) {
            let found = crate::data::check::check(&table, &certified(schema), None);
            let refused = found.refused.into_iter().filter(|finding| {
                !matches!(finding.problem, crate::data::check::Problem::TooFewRows { .. })
            });
            prop_assert_eq!(refused.collect::<Vec<_>>(), vec![]);
        }
    }
}

/// Cells that come again and again: numbers with and without some far from the others, or texts.
fn column() -> impl Strategy<Value = Vec<String>> {
    let number = || {
        prop_oneof![
            any::<f64>().prop_map(|value| value.to_string()),
            (-1e3..1e3f64).prop_map(|value| value.to_string()),
            (0..2u8).prop_map(|value| value.to_string()),
            (-5i32..5).prop_map(|value| format!("{value}e-90")),
            Just("1e99".to_owned()),
        ]
    };
    let rare = (number(), number(), 1usize..120).prop_map(|(usual, rare, count)| {
        let mut cells = vec![usual; count];
        cells.push(rare);
        cells
    });
    let text = prop_oneof![
        "[a-d]",
        "[ -~]{0,3}",
        Just("NA".to_owned()),
        Just("1".to_owned())
    ];
    prop_oneof![
        prop::collection::vec(number(), 1..120),
        rare,
        prop::collection::vec(prop_oneof![number(), Just(String::new())], 1..9),
        prop::collection::vec(text, 1..9),
    ]
}

/// A task that takes least of all: a certified regression, where the target is a number.
fn certified(schema: Schema) -> TaskSpec {
    let is_real = matches!(schema.target, Target::Real(_));
    let terms = LeastSquares {
        penalty: Decimal::whole(1),
        epsilon: Decimal::whole(1),
    };
    TaskSpec {
        model: if is_real {
            ModelSpec::Linear
        } else {
            ModelSpec::Softmax
        },
        initial: Initial::Zeros,
        format: Format::default(),
        strategy: match is_real {
            true => Aggregation::LeastSquares(terms),
            false => Aggregation::FedAvg,
        },
        norm: None,
        optimiser: Optimiser::Adopt,
        schema,
    }
}
