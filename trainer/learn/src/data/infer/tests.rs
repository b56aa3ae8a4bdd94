//! Literal files and their schemas, and that each reads its own file.

mod properties;

use std::{collections::BTreeMap, fs};

use serde_json::json;

use super::*;
use crate::data::{Dataset, Reading, Targets};

fn table(text: &str) -> Table {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.csv");
    fs::write(&path, text).unwrap();
    Table::read(&path, &Reading::default()).unwrap()
}

fn wanted(target: &str) -> Wanted<'_> {
    Wanted {
        target,
        ..Wanted::default()
    }
}

fn classes(target: &str) -> Wanted<'_> {
    Wanted {
        classes: true,
        ..wanted(target)
    }
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
    let inferred = infer(&table(ROWS), &wanted("y")).unwrap();
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
    let rows = table("a,y\n-1,no\n2,yes\n0,no\n");
    let by_range = Wanted {
        scaling: Scaling::Range,
        ..wanted("y")
    };
    let inferred = infer(&rows, &by_range).unwrap();
    check(
        &inferred,
        json!([{ "name": "a", "offset": "5e-1", "scale": "15e-1" }]),
        json!({ "classes": { "name": "y", "labels": ["no", "yes"] } }),
    );
}

#[test]
fn classes_may_be_numbers() {
    let rows = table("a,y\n1,10\n2,9\n3,9\n");
    let inferred = infer(&rows, &classes("y")).unwrap();
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
    let inferred = infer(&table(&rows), &wanted("y")).unwrap();
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
        "column \"mixed\" became labels: \"NA\" in row 3 is no number (with --missing NA it counts as an \
         empty cell)"
            .into(),
        "column \"words\" is left out: 1 of its 3 cells hold no number, such as \"NA\" in row 4: make \
         them empty to have it read (with --missing NA it counts as an empty cell)"
            .into(),
        format!("column \"text\" is left out: \"{long}\" is no label: 1 to 64 bytes without control characters are"),
    ];
    assert_eq!(notes(&inferred), expected);
}

#[track_caller]
fn check_error(text: &str, classes: bool, expected: &str) {
    let wanted = Wanted {
        classes,
        ..wanted("y")
    };
    let error = infer(&table(text), &wanted).unwrap_err();
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
    let inferred = infer(&table("a,y\n1,1\n2,x\n"), &wanted("y")).unwrap();
    assert_eq!(
        notes(&inferred),
        ["column \"y\" became labels: \"x\" in row 3 is no number"]
    );
}

/// The table with these words as empty cells.
fn table_with(text: &str, missing: &[&str]) -> Table {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rows.csv");
    fs::write(&path, text).unwrap();
    let words = missing.iter().map(ToString::to_string);
    let reading = Reading {
        missing: Some(words.collect()),
        ..Reading::default()
    };
    Table::read(&path, &reading).unwrap()
}

const GRADES: &str = "a,y\n1,good\n2,bad\n3,NA\n4,good\n";

#[test]
fn words_for_missing_values_are_no_classes_unless_somebody_says_so() {
    check_error(
        GRADES,
        false,
        "the target \"y\" has cells that look like missing values (NA): say --missing NA if that is what \
         they mean, and --missing '' if they are values like others",
    );
    check_error(
        "a,y\n1,1\n2,nan\n3,?\n",
        true,
        "(?, nan): say --missing '?,nan' if",
    );
    let empty = infer(&table_with(GRADES, &["NA"]), &wanted("y")).unwrap_err();
    let expected =
        "row 4 has no value for \"y\": fill it in, or leave such rows out by --skip-without-target";
    assert!(empty.to_string().ends_with(expected), "{empty}");
    let kept = infer(&table_with(GRADES, &[]), &wanted("y")).unwrap();
    let labels = json!({ "classes": { "name": "y", "labels": ["NA", "bad", "good"] } });
    assert_eq!(serde_json::to_value(&kept.schema.target).unwrap(), labels);
}

#[test]
fn numbers_with_missing_words_are_numbers() {
    let rows = "a,colour,y\n1,red,1\nNA,none,2\n4,red,4\n-,none,5\n";
    let said = infer(&table_with(rows, &["NA", "-"]), &wanted("y")).unwrap();
    check(
        &said,
        json!([
            { "name": "a", "offset": "25e-1", "scale": "21e-1", "missing": "25e-1" },
            { "name": "colour", "label": "none", "offset": "0", "scale": "1" },
            { "name": "colour", "label": "red", "offset": "0", "scale": "1" },
        ]),
        json!({ "real": { "name": "y", "offset": "3", "scale": "18e-1" } }),
    );
    assert_eq!(notes(&said), [""; 0]);
    let unsaid = infer(&table(rows), &wanted("y")).unwrap();
    assert_eq!(
        notes(&unsaid),
        [
            "column \"a\" is left out: 2 of its 4 cells hold no number, such as \"NA\" in row 3: make them \
             empty to have it read (with --missing NA it counts as an empty cell)",
            "column \"colour\" has the label \"none\", first in row 3: say --missing none if it means that \
             there is no value, and --missing '' if it is a label",
        ]
    );
}

#[test]
fn columns_that_name_rows_are_no_features() {
    let rows = ",Unnamed: 0,Unnamed: 0.1,__index_level_0__,Unnamed: 3,patient,a,y\n\
                0,0,0,0,7,p1,1,1\n1,1,1,1,8,p2,2,2\n";
    let ids = ["patient".to_owned()];
    let named = Wanted {
        ids: &ids,
        ..wanted("y")
    };
    let inferred = infer(&table(rows), &named).unwrap();
    let names: Vec<String> = inferred
        .schema
        .features
        .iter()
        .map(|it| it.name.to_string())
        .collect();
    assert_eq!(names, ["Unnamed: 3", "a"]);
    let left_out: Vec<&str> = inferred
        .notes
        .iter()
        .map(|note| note.column.as_str())
        .collect();
    assert_eq!(
        left_out,
        ["", "Unnamed: 0", "Unnamed: 0.1", "__index_level_0__"]
    );
    assert!(
        inferred
            .notes
            .iter()
            .all(|note| note.reason == Reason::RowNames)
    );
    for (id, expected) in [
        ("y", "cannot name rows as well"),
        ("z", "has no column \"z\""),
    ] {
        let ids = [id.to_owned()];
        let wanted = Wanted { ids: &ids, ..named };
        let error = infer(&table(rows), &wanted).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn a_whole_number_for_each_row_is_noted() {
    let rows = |last: u32| {
        let rows = (0..10).map(|row| format!("{},{}.5,{row}\n", 900 - row * 3, row * row));
        format!("number,size,y\n{}{last},7,3\n", rows.collect::<String>())
    };
    let noted = infer(&table(&rows(5)), &wanted("y")).unwrap();
    assert_eq!(
        notes(&noted),
        [
            "column \"number\" has a different whole number in every row: where these name rows, leave it out by \
          --id number"
        ]
    );
    assert_eq!(noted.schema.features.len(), 2);
    let twice = infer(&table(&rows(900)), &wanted("y")).unwrap();
    assert_eq!(notes(&twice), [""; 0]);
}

#[test]
fn labels_that_are_almost_the_same_are_noted() {
    let rows = "size,y\nS,not good\ns,not\u{a0}good\nS,Not good\ns,bad\n";
    let inferred = infer(&table(rows), &wanted("y")).unwrap();
    assert_eq!(
        notes(&inferred),
        [
            "column \"y\" has labels that are almost the same: \"Not good\" and \"not good\" and \
             \"not\\u{a0}good\"; write them alike if they mean the same",
            "column \"size\" has labels that are almost the same: \"S\" and \"s\"; write them alike if they \
             mean the same",
        ]
    );
    let classes = infer(&table("a,y\n1,a 1\n2,A  1\n3,2\n"), &classes("y")).unwrap();
    let expected = Reason::Alike {
        groups: vec![vec!["A  1".into(), "a 1".into()]],
    };
    assert_eq!(classes.notes[0].reason, expected);
}

#[test]
fn few_whole_numbers_as_a_target_are_noted() {
    let found = |text: &str, wanted: &Wanted<'_>| infer(&table(text), wanted).unwrap().notes;
    let binary = "a,y\n1,0\n2,1\n4,0\n5,0\n";
    assert_eq!(
        found(binary, &wanted("y"))
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>(),
        [
            "column \"y\" holds 2 different whole numbers, and is a number to predict: --classes makes them \
          classes"
        ]
    );
    assert_eq!(found(binary, &classes("y")), []);
    let stars: String = (0..20)
        .map(|row| format!("{row}.5,{}\n", row % 10))
        .collect();
    let stars = found(&format!("a,y\n{stars}"), &wanted("y"));
    assert_eq!(stars[0].reason, Reason::FewNumbers { different: 10 });
    // Each number once, more than ten, or not whole.
    let counts: String = (0..22)
        .map(|row| format!("{row}.5,{}\n", row % 11))
        .collect();
    for text in [
        "a,y\n1,0\n2,1\n4,2\n",
        "a,y\n1,0.5\n2,1\n4,1\n",
        &format!("a,y\n{counts}"),
    ] {
        assert_eq!(found(text, &wanted("y")), [], "{text}");
    }
}

#[test]
fn numbers_written_for_people_are_noted() {
    let rows = "price,share,y\n$1234,12 %,1\n\"2,500\",5 %,2\n\"1,000\",12 %,4\n\"3,000\",5 %,8\n";
    let inferred = infer(&table(rows), &wanted("y")).unwrap();
    assert_eq!(
        notes(&inferred),
        [
            "column \"price\" is left out: \"$1234\" in row 2 is text; write 1234 to have numbers",
            "column \"share\" became labels: \"12 %\" in row 2 is text; write 12 to have numbers",
        ]
    );
    let target = infer(&table("a,y\n1,€ 5\n2,€ 7\n"), &wanted("y")).unwrap();
    assert_eq!(
        notes(&target),
        ["column \"y\" became labels: \"€ 5\" in row 2 is text; write 5 to have numbers"]
    );
    let many: String = (1_000..1_300)
        .map(|row| format!("1,\"${},{:03}\"\n", row / 1_000, row % 1_000))
        .collect();
    check_error(
        &format!("a,y\n{many}"),
        false,
        "the target \"y\" is text: \"$1,000\" in row 2; write 1000 to have numbers",
    );
}

#[test]
fn zeros_and_ones_stay_as_they_are() {
    let rows: String = (0..200)
        .map(|row| format!("{},{},{row}.5\n", u8::from(row == 7), row % 2))
        .collect();
    let rows = format!("rare,even,y\n{rows}");
    let inferred = infer(&table(&rows), &wanted("y")).unwrap();
    let as_it_is = |name| json!({ "name": name, "offset": "0", "scale": "1" });
    let features = serde_json::to_value(&inferred.schema.features).unwrap();
    assert_eq!(features, json!([as_it_is("rare"), as_it_is("even")]));
    assert_eq!(notes(&inferred), [""; 0]);
    let by_range = Wanted {
        scaling: Scaling::Range,
        ..wanted("y")
    };
    let features = infer(&table(&rows), &by_range).unwrap().schema.features;
    assert_eq!(
        features[0],
        Column::number("rare".parse().unwrap(), half(), half())
    );
}

fn half() -> Decimal {
    "0.5".parse().unwrap()
}

#[test]
fn a_number_far_from_the_others_widens_the_scale() {
    let rows: String = (0..100)
        .map(|row| format!("{}.5,{row}.5\n", row % 3))
        .collect();
    let inferred = infer(&table(&format!("a,y\n{rows}1000,7.5\n")), &wanted("y")).unwrap();
    // (1000 - 11.4) / 7.5 in two digits, and 11.4 to the second of them.
    let expected = json!([{ "name": "a", "offset": "10", "scale": "130" }]);
    assert_eq!(
        serde_json::to_value(&inferred.schema.features).unwrap(),
        expected
    );
    assert_eq!(
        notes(&inferred),
        [
            "column \"a\" holds 1000, far from its other numbers: the scale is larger for it, and the others lie \
          closer together; correct it or leave its row out if it is a mistake"
        ]
    );
    // No classes are certified: they are learned from the usual numbers as these lie.
    let rows: String = (0..100)
        .map(|row| format!("{}.5,{}\n", row % 3, row % 2))
        .collect();
    let inferred = infer(&table(&format!("a,y\n{rows}1000,1\n")), &classes("y")).unwrap();
    assert_eq!(notes(&inferred), [""; 0]);
    assert_eq!(inferred.schema.features[0].scale, Decimal::whole(99));
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
    let found = refused(declared([classes()]));
    let expected = "no column can be a feature: column \"age\" is left out: it has neither bounds nor labels; ";
    assert!(found.starts_with(expected), "{found}");
    let one = refused(declared([("age", bounds("0", "1")), ("y", labels(["0"]))]));
    assert!(one.contains("2 to 256 are needed"), "{one}");
    let twice = declare(
        &header(),
        "y",
        &declared([("sex", labels(["f", "f"])), classes()]),
    );
    assert!(matches!(twice, Err(InferError::Rule(_))), "{twice:?}");
}

#[test]
fn labels_are_as_parquet_has_them() {
    let rows = table("flag,y\nTrue,1.0\nFalse,2.0\nTrue,1.0\n");
    let inferred = infer(&rows, &classes("y")).unwrap();
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
    let inferred = infer(&table("a,y\n\"1\",5,2\n\"2\",6,4\n"), &wanted("y")).unwrap();
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
    let error = infer(&table("a;y\n1;2,5\n2;3,5\n"), &wanted("y")).unwrap_err();
    assert!(error.to_string().contains("\"2,5\" has a comma"), "{error}");
}

#[test]
fn a_target_is_found_by_how_its_name_looks_and_is_no_feature() {
    let rows = table("a,ty\u{301}p\n1,2\n2,4\n");
    let inferred = infer(&rows, &wanted("ty\u{301}p")).unwrap();
    assert_eq!(inferred.schema.features.len(), 1);
}

#[test]
fn a_note_repeats_a_cell_in_one_line() {
    let text = "a,b\u{7},y\n1,\"\u{1b}[31mred\nblue\",1.5\n2,3,2\n3,4,2\n4,5,2\n";
    let inferred = infer(&table(text), &wanted("y")).unwrap();
    let expected = "column \"b\\u{7}\" is left out: a schema's names have 1 to 64 bytes and no control \
                    characters";
    assert_eq!(notes(&inferred), [expected]);
    let text = text.replace("b\u{7}", "b");
    let inferred = infer(&table(&text), &wanted("y")).unwrap();
    let expected = "column \"b\" is left out: 1 of its 4 cells hold no number, such as \
                    \"\\u{1b}[31mred\\nblue\" in row 2: make them empty to have it read";
    assert_eq!(notes(&inferred), [expected]);
}
