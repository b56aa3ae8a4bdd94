//! Literal files, and what is reported of them.

use std::fs;

use fedchain_fl::{
    Decimal, Format, Initial, LeastSquares, ModelSpec, Name, Optimiser, Schema, Strategy,
};

use super::*;
use crate::data::Reading;

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

/// A number with an offset of 10 and a scale of 2, a colour that may be empty, and a class.
fn task() -> TaskSpec {
    let number = Column::number(name("size"), Decimal::whole(10), Decimal::whole(2));
    let colour = |label| Column {
        label: Some(name(label)),
        missing: Some(Decimal::whole(0)),
        ..Column::number(name("colour"), Decimal::whole(0), Decimal::whole(1))
    };
    let features = vec![number, colour("red"), colour("blue")];
    let labels = vec![name("no"), name("yes")];
    TaskSpec {
        model: ModelSpec::Softmax,
        initial: Initial::Zeros,
        format: Format::default(),
        strategy: Strategy::FedAvg,
        norm: None,
        optimiser: Optimiser::Adopt,
        schema: Schema {
            features: features.try_into().unwrap(),
            target: Target::Classes {
                name: name("ripe"),
                labels: labels.try_into().unwrap(),
            },
        },
    }
}

/// The same with a real target, certified.
fn certified() -> TaskSpec {
    let mut task = task();
    let target = Column::number(name("ripe"), Decimal::whole(0), Decimal::whole(1));
    task.schema.target = Target::Real(target);
    task.model = ModelSpec::Linear;
    task.strategy = Strategy::LeastSquares(LeastSquares {
        penalty: Decimal::whole(1),
        epsilon: Decimal::whole(1),
    });
    task
}

fn report(text: &str, task: &TaskSpec, target: Option<&str>) -> Report {
    report_by(&Reading::default(), text, task, target)
}

fn report_by(reading: &Reading, text: &str, task: &TaskSpec, target: Option<&str>) -> Report {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.csv");
    fs::write(&path, text).unwrap();
    let table = Table::read_for(&path, reading, target.unwrap_or("ripe")).unwrap();
    check(&table, task, target)
}

fn sentences(findings: &[Finding]) -> Vec<String> {
    findings.iter().map(ToString::to_string).collect()
}

fn counts<const N: usize>(counts: [(&str, usize); N]) -> Values {
    let count = |(label, rows): (&str, usize)| Count {
        label: label.into(),
        rows,
    };
    Values::Labels(counts.map(count).into())
}

#[test]
fn a_good_file_is_described() {
    let text = "id,size,colour,outcome\n1,8,red,yes\n2,14,,yes\n3,11,red,no\n";
    let found = report(text, &task(), Some("outcome"));
    assert_eq!((found.rows, found.ignored), (3, vec!["id".into()]));
    assert_eq!((found.refused, found.warnings), (vec![], vec![]));
    let column = |name: &str, empty, values| ColumnReport {
        name: name.into(),
        empty,
        values,
    };
    let numbers = Numbers {
        min: 8.0,
        max: 14.0,
        mean: 11.0,
        scaled_min: -1.0,
        scaled_max: 2.0,
    };
    let expected = [
        column("size", 0, Values::Numbers(Some(numbers))),
        column("colour", 1, counts([("red", 2), ("blue", 0)])),
        column("outcome", 0, counts([("no", 1), ("yes", 2)])),
    ];
    assert_eq!(found.columns, expected);
}

#[test]
fn every_bad_cell_is_counted_and_the_first_are_named() {
    let text = "size,colour,ripe\nNaN,red,yes\nx,rde,yes\n,blue,\ny,red,maybe\nz,red,no\n\
                w,red,no\n12,grey,no\n";
    let found = report(text, &task(), None);
    let expected = [
        "column \"size\": 1 cell without a value, for which the schema has no rule: row 4",
        "column \"size\": 4 cells without a number: row 3 \"x\", row 5 \"y\", row 6 \"z\", …",
        "column \"size\": 1 cell infinite or not a number: row 2 \"NaN\" (with --missing NaN it counts as an \
         empty cell)",
        "column \"colour\": 2 cells with none of the labels red, blue: row 3 \"rde\", row 8 \"grey\"",
        "column \"ripe\": 1 cell without a value: --skip-without-target leaves such rows out: row 4",
        "column \"ripe\": 1 cell with none of the labels no, yes: row 5 \"maybe\"",
    ];
    assert_eq!(sentences(&found.refused), expected);
    assert_eq!(found.columns[0].empty, 1);
    let Values::Numbers(Some(numbers)) = found.columns[0].values else {
        panic!("{:?}", found.columns[0]);
    };
    assert_eq!((numbers.min, numbers.max, numbers.mean), (12.0, 12.0, 12.0));
}

#[test]
fn missing_columns_do_not_hide_the_other_findings() {
    let found = report("size,size,ripe\n1,2,maybe\n", &task(), None);
    let expected = [
        "column \"size\": the file has it more than once",
        "column \"colour\": the file does not have it",
        "column \"ripe\": 1 cell with none of the labels no, yes: row 2 \"maybe\"",
    ];
    assert_eq!(sentences(&found.refused), expected);
    assert!(found.ignored.is_empty(), "{:?}", found.ignored);
}

#[test]
fn of_a_long_cell_the_beginning_is_told() {
    let text = format!("size,colour,ripe\n{},red,no\n", "x".repeat(61));
    let found = report(&text, &task(), None);
    let begun = format!("1 cell without a number: row 2 \"{}…\"", "x".repeat(60));
    let expected = [format!("column \"size\": {begun}")];
    assert_eq!(sentences(&found.refused), expected);
}

#[test]
fn far_values_are_warned_of() {
    let found = report(
        "size,colour,ripe\n30,red,no\n31,red,no\n-11,red,no\n",
        &task(),
        None,
    );
    assert_eq!(found.refused, []);
    let expected = [
        "column \"size\": 2 cells more than 10 after offset and scale: are they in the federation's \
         unit? Otherwise ask its owner for another offset or scale: row 3 \"31\", row 4 \"-11\"",
    ];
    assert_eq!(sentences(&found.warnings), expected);
}

#[test]
fn a_certified_regression_takes_less() {
    let text = "size,colour,ripe\n26,red,0\n25,red,-8.5\n9,red,1\n9,red,1\n9,red,1\n";
    let found = report(text, &certified(), None);
    let expected = [
        "column \"size\": 1 cell beyond 8 after offset and scale, which a certified regression cannot \
         take: it needs a larger scale, or leave the rows out: row 2 \"26\"",
        "column \"ripe\": 1 cell beyond 8 after offset and scale, which a certified regression cannot \
         take: it needs a larger scale, or leave the rows out: row 3 \"-8.5\"",
        "5 rows, and a certified regression takes 6 (twice the features) or more",
    ];
    assert_eq!(sentences(&found.refused), expected);
    let found = report(&format!("{text}9,red,1\n"), &certified(), None);
    assert_eq!(found.refused.len(), 2);
}

#[test]
fn programs_get_kind_and_places() {
    let found = report("size,colour,ripe\nx,red,yes\n", &task(), None);
    let expected = serde_json::json!([{
        "column": "size",
        "problem": "not_a_number",
        "cells": 1,
        "first": [{ "row": 2, "cell": "x" }],
    }]);
    assert_eq!(serde_json::to_value(&found.refused).unwrap(), expected);
    let columns = serde_json::to_value(&found.columns[0]).unwrap();
    let expected = serde_json::json!({ "name": "size", "empty": 0, "numbers": null });
    assert_eq!(columns, expected);
}

#[test]
fn a_feature_is_no_target() {
    let found = report("size,colour,ripe\n12,red,yes\n", &task(), Some("size"));
    let expected = [
        "column \"size\": it is a feature of this federation: --target names the column that holds what the \
         model is to predict",
    ];
    assert_eq!(sentences(&found.refused), expected);
}

#[test]
fn almost_a_label_is_told_from_an_unknown_one() {
    let text = "size,colour,ripe\n9,Red,yes\n9,red,Yes\n9,RED,no\n9,grey,no\n";
    let found = report(text, &task(), None);
    let expected = [
        "column \"colour\": 2 cells with almost the label \"red\": write it as the schema does, if that is \
         meant: row 2 \"Red\", row 4 \"RED\"",
        "column \"colour\": 1 cell with none of the labels red, blue: row 5 \"grey\"",
        "column \"ripe\": 1 cell with almost the label \"yes\": write it as the schema does, if that is \
         meant: row 3 \"Yes\"",
    ];
    assert_eq!(sentences(&found.refused), expected);
}

#[test]
fn missing_words_and_rows_without_a_target_are_counted() {
    let text = "size,colour,ripe\n9,NA,yes\n9,red,?\n9,,no\n9,red,\n";
    let reading = Reading {
        missing: Some(vec!["NA".into(), "?".into()]),
        skip_without_target: true,
        ..Reading::default()
    };
    let found = report_by(&reading, text, &task(), None);
    assert_eq!((found.rows, found.skipped, found.refused), (2, 2, vec![]));
    assert_eq!(found.columns[1].empty, 2);
    let unsaid = report(text, &task(), None).refused;
    let expected = [
        "column \"colour\": 1 cell with none of the labels red, blue: row 2 \"NA\" (with --missing NA it \
         counts as an empty cell)",
        "column \"ripe\": 1 cell without a value: --skip-without-target leaves such rows out: row 5",
        "column \"ripe\": 1 cell with none of the labels no, yes: row 3 \"?\" (with --missing '?' it counts \
         as an empty cell)",
    ];
    assert_eq!(sentences(&unsaid), expected);
}

#[test]
fn whether_a_regression_would_be_certified_is_told_before_its_moments_are_sent() {
    let rows = "size,colour,ripe\n8,red,0\n9,,-1\n9,red,1\n11,blue,1\n14,red,1\n9,red,2\n";
    let mut task = certified();
    assert_eq!(report(rows, &task, None).warnings, []);
    task.strategy = Strategy::LeastSquares(LeastSquares {
        penalty: Decimal::whole(1),
        epsilon: "1e-9".parse().unwrap(),
    });
    let found = report(rows, &task, None);
    assert_eq!(found.refused, []);
    let said = sentences(&found.warnings).concat();
    let expected = "a regression of these rows alone would not be certified, and with those of others it may \
                    not be: the model that is rounded to the number format is proven to be within ";
    assert!(said.starts_with(expected), "{said}");
    // What is refused has no moments.
    let few = report("size,colour,ripe\n8,red,0\n", &task, None);
    assert_eq!((few.refused.len(), few.warnings), (1, vec![]));
}

#[test]
fn how_the_file_was_read_is_warned_of() {
    let found = report(
        "size,colour,ripe\nr1,9,red,no\nr2,10,red,yes\n",
        &task(),
        None,
    );
    assert_eq!(found.refused, []);
    let expected = [
        "the first cell of every row is left out: the header has no name for it, as where pandas or R \
         write names of rows",
    ];
    assert_eq!(sentences(&found.warnings), expected);
}
