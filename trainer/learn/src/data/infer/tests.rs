//! Literal files and their schemas, and that each reads its own file.

use std::{collections::BTreeMap, fs};

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::data::{Dataset, Reading, Targets};

fn table(text: &str) -> Table {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.csv");
    fs::write(&path, text).unwrap();
    Table::read(&path, &Reading::default()).unwrap()
}

fn notes(inferred: &Inferred) -> Vec<String> {
    inferred.notes.iter().map(ToString::to_string).collect()
}

#[track_caller]
fn check(inferred: &Inferred, features: serde_json::Value, target: serde_json::Value) {
    let expected = json!({ "features": features, "target": target });
    assert_eq!(serde_json::to_value(&inferred.schema).unwrap(), expected);
}

/// A number with an empty cell, and labels.
const ROWS: &str =
    "id,height,colour,note,y\nx1,1.801,red,,1\nx2,,blue,,2\nx3,1.602,,,4\nx4,1.699,red,,9\n";

#[test]
fn numbers_are_scaled_and_few_texts_become_features() {
    let inferred = infer(&table(ROWS), "y", false, Scaling::Standard).unwrap();
    check(
        &inferred,
        json!([
            { "name": "height", "offset": "17e-1", "scale": "1e-1", "missing": "17e-1" },
            { "name": "colour", "label": "blue", "offset": "0", "scale": "1", "missing": "0" },
            { "name": "colour", "label": "red", "offset": "0", "scale": "1", "missing": "0" },
        ]),
        json!({ "real": { "name": "y", "offset": "4", "scale": "36e-1" } }),
    );
    assert_eq!(
        notes(&inferred),
        [
            "column \"id\" is left out: it holds 4 different texts; up to 20, each in several rows, \
             become features",
            "column \"note\" is left out: all its cells are empty",
        ]
    );
}

#[test]
fn a_range_becomes_minus_one_to_one() {
    let inferred = infer(
        &table("a,y\n-1,no\n2,yes\n0,no\n"),
        "y",
        false,
        Scaling::Range,
    )
    .unwrap();
    check(
        &inferred,
        json!([{ "name": "a", "offset": "5e-1", "scale": "15e-1" }]),
        json!({ "classes": { "name": "y", "labels": ["no", "yes"] } }),
    );
}

#[test]
fn classes_may_be_numbers() {
    let rows = table("a,y\n1,10\n2,9\n3,9\n");
    let inferred = infer(&rows, "y", true, Scaling::Standard).unwrap();
    let labels = json!({ "classes": { "name": "y", "labels": ["9", "10"] } });
    check(
        &inferred,
        json!([{ "name": "a", "offset": "2", "scale": "1" }]),
        labels,
    );
}

#[test]
fn odd_columns_are_noted() {
    let (long, large) = ("n".repeat(65), "1e101");
    let rows = format!(
        "{long},a,a,c,big,mixed,words,text,y\n\
         1,1,1,5,{large},1,1,{long},1\n1,1,1,5,0,NA,2,b,2\n1,1,1,5,0,1,NA,b,3\n"
    );
    let inferred = infer(&table(&rows), "y", false, Scaling::Standard).unwrap();
    check(
        &inferred,
        json!([
            { "name": "c", "offset": "5", "scale": "1" },
            { "name": "mixed", "label": "1", "offset": "0", "scale": "1" },
            { "name": "mixed", "label": "NA", "offset": "0", "scale": "1" },
        ]),
        json!({ "real": { "name": "y", "offset": "2", "scale": "1" } }),
    );
    let long = format!("{}…", "n".repeat(60));
    let expected = [
        format!("column \"{long}\" is left out: a schema's names have 1 to 64 bytes and no control characters"),
        "column \"a\" is left out: the file has it more than once".into(),
        "column \"c\" holds the same number in every row".into(),
        "column \"big\" is left out: its numbers are too large or too small to be scaled".into(),
        "column \"mixed\" became labels: \"NA\" in row 3 is no number".into(),
        "column \"words\" is left out: 1 of its 3 cells hold no number, such as \"NA\" in row 4: make \
         them empty to have it read"
            .into(),
        format!("column \"text\" is left out: \"{long}\" is no label: 1 to 64 bytes without control characters are"),
    ];
    assert_eq!(notes(&inferred), expected);
}

#[track_caller]
fn check_error(text: &str, classes: bool, expected: &str) {
    let error = infer(&table(text), "y", classes, Scaling::Standard).unwrap_err();
    assert!(error.to_string().contains(expected), "{error}");
}

#[test]
fn a_target_that_cannot_be_one_is_refused() {
    check_error("a\n1\n", false, "has no column \"y\"; it has: a");
    check_error("a,y\n1,2\n1,\n", false, "row 3 has no value for \"y\"");
    check_error(
        "a,y\n1,b\n2,b\n",
        false,
        "the target \"y\" has 1 classes: 2 to 256 are needed",
    );
    check_error(
        "a,y\n1,1e200\n2,1\n",
        false,
        "numbers too large or too small",
    );
    check_error("a,y\n,2\n,3\n", false, "no column can be a feature");
    let many: String = (0..257).map(|row| format!("1,{row}\n")).collect();
    check_error(&format!("a,y\n{many}"), true, "has 257 classes: 2 to 256");
    let wide: Vec<String> = (0..1_025).map(|place| format!("c{place}")).collect();
    let row = "1,".repeat(1_025);
    check_error(
        &format!("{},y\n{row}1\n", wide.join(",")),
        false,
        "1025 features are more than the 1024 of a schema",
    );
}

#[test]
fn a_target_of_numbers_and_words_is_noted() {
    let inferred = infer(&table("a,y\n1,1\n2,x\n"), "y", false, Scaling::Standard).unwrap();
    assert_eq!(
        notes(&inferred),
        ["column \"y\" became labels: \"x\" in row 3 is no number"]
    );
}

fn declared<const N: usize>(columns: [(&str, Declared); N]) -> BTreeMap<String, Declared> {
    let named = |(name, declared): (&str, Declared)| (name.to_owned(), declared);
    columns.map(named).into()
}

fn bounds(lo: &str, hi: &str) -> Declared {
    Declared::Bounds {
        lo: lo.parse().unwrap(),
        hi: hi.parse().unwrap(),
    }
}

fn labels<const N: usize>(labels: [&str; N]) -> Declared {
    Declared::Labels(labels.map(|label| label.parse().unwrap()).into())
}

fn header() -> Vec<String> {
    ["age", "sex", "id", "y"].map(String::from).into()
}

#[test]
fn declared_bounds_become_offset_and_scale_exactly() {
    let columns = declared([
        ("age", bounds("0.1", "120")),
        ("sex", labels(["m", "f"])),
        ("y", bounds("-2e3", "1e3")),
    ]);
    let found = declare(&header(), "y", &columns).unwrap();
    check(
        &found,
        json!([
            { "name": "age", "offset": "6005e-2", "scale": "5995e-2" },
            { "name": "sex", "label": "m", "offset": "0", "scale": "1" },
            { "name": "sex", "label": "f", "offset": "0", "scale": "1" },
        ]),
        json!({ "real": { "name": "y", "offset": "-500", "scale": "1500" } }),
    );
    let undeclared = "column \"id\" is left out: it has neither bounds nor labels";
    assert_eq!(notes(&found), [undeclared]);
}

#[test]
fn what_is_declared_must_fit_the_file() {
    let refused = |columns: BTreeMap<_, _>| {
        let error = declare(&header(), "y", &columns).unwrap_err();
        error.to_string()
    };
    let classes = || ("y", labels(["0", "1"]));
    assert_eq!(
        refused(declared([("agee", bounds("0", "1")), classes()])),
        "the file has no column \"agee\"; it has: age, sex, id, y"
    );
    assert_eq!(
        refused(declared([("age", bounds("0", "1"))])),
        "the target \"y\" needs bounds or labels: they are not taken from the rows"
    );
    for (lo, hi) in [("1", "1"), ("2", "1"), ("1e-100", "1e100")] {
        let found = refused(declared([("age", bounds(lo, hi)), classes()]));
        assert!(found.contains("of \"age\" are no range"), "{found}");
    }
    assert_eq!(refused(declared([classes()])), "no column can be a feature");
    let one = refused(declared([("age", bounds("0", "1")), ("y", labels(["0"]))]));
    assert!(one.contains("2 to 256 are needed"), "{one}");
    let twice = declare(
        &header(),
        "y",
        &declared([("sex", labels(["f", "f"])), classes()]),
    );
    assert!(matches!(twice, Err(InferError::Rule(_))), "{twice:?}");
}

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
        let inferred = infer(&table, "y", false, scaling).unwrap();
        let data = Dataset::from_table(&table, &inferred.schema, None).unwrap();
        prop_assert_eq!(data.rows(), rows.len());
        prop_assert!(data.features.iter().all(|value| value.is_finite()));
        if let (Some(Targets::Real(targets)), true) = (&data.targets, range) {
            prop_assert!(targets.iter().all(|value| value.abs() <= 1.2), "{}", targets);
        }
        let text = serde_json::to_string(&inferred.schema).unwrap();
        prop_assert_eq!(serde_json::from_str::<Schema>(&text).unwrap(), inferred.schema);
    }
}

#[test]
fn labels_are_as_parquet_has_them() {
    let rows = table("flag,y\nTrue,1.0\nFalse,2.0\nTrue,1.0\n");
    let inferred = infer(&rows, "y", true, Scaling::Standard).unwrap();
    check(
        &inferred,
        json!([
            { "name": "flag", "label": "false", "offset": "0", "scale": "1" },
            { "name": "flag", "label": "true", "offset": "0", "scale": "1" },
        ]),
        json!({ "classes": { "name": "y", "labels": ["1", "2"] } }),
    );
}

#[test]
fn names_of_rows_are_no_feature() {
    let inferred = infer(&table("a,y\n1,5,2\n2,6,4\n"), "y", false, Scaling::Standard).unwrap();
    assert_eq!(inferred.schema.features.len(), 1);
    let expected = "the first cell of every row is left out: the header has no name for it, as where \
                    pandas or R write names of rows";
    assert_eq!(notes(&inferred), [expected]);
    let note = serde_json::to_value(inferred.notes.first()).unwrap();
    let expected = json!({ "column": "", "reason": "file", "remark": "row_names" });
    assert_eq!(note, expected);
}

#[test]
fn decimal_commas_become_no_classes() {
    let error = infer(&table("a;y\n1;2,5\n2;3,5\n"), "y", false, Scaling::Standard).unwrap_err();
    assert!(
        error.to_string().contains("\"2,5\" has a decimal comma"),
        "{error}"
    );
}

#[test]
fn a_target_is_found_by_how_its_name_looks_and_is_no_feature() {
    let rows = table("a,ty\u{301}p\n1,2\n2,4\n");
    let inferred = infer(&rows, "ty\u{301}p", false, Scaling::Standard).unwrap();
    assert_eq!(inferred.schema.features.len(), 1);
}

#[test]
fn a_note_repeats_a_cell_in_one_line() {
    let text = "a,b\u{7},y\n1,\"\u{1b}[31mred\nblue\",1\n2,3,2\n3,4,2\n4,5,2\n";
    let inferred = infer(&table(text), "y", false, Scaling::Standard).unwrap();
    let expected = "column \"b\\u{7}\" is left out: a schema's names have 1 to 64 bytes and no control \
                    characters";
    assert_eq!(notes(&inferred), [expected]);
    let text = text.replace("b\u{7}", "b");
    let inferred = infer(&table(&text), "y", false, Scaling::Standard).unwrap();
    let expected = "column \"b\" is left out: 1 of its 4 cells hold no number, such as \
                    \"\\u{1b}[31mred\\nblue\" in row 2: make them empty to have it read";
    assert_eq!(notes(&inferred), [expected]);
}
