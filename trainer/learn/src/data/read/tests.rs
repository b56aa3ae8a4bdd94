//! Literal files, and what becomes of them.

use std::io::Write;

use fedchain_fl::{Column, Decimal, Name};
use ndarray::array;
use tempfile::NamedTempFile;

use super::*;
use crate::data::nearest;

fn column(name: &str, offset: &str, scale: &str) -> Column {
    Column::number(
        name.parse().unwrap(),
        offset.parse().unwrap(),
        scale.parse().unwrap(),
    )
}

/// Two features; the target "y".
fn schema() -> Schema {
    Schema {
        features: vec![column("a", "1", "0.5"), column("b", "0", "1")]
            .try_into()
            .unwrap(),
        target: Target::Real(column("y", "100", "10")),
    }
}

fn labelled() -> Schema {
    let labels: Vec<Name> = ["low", "high"].map(|label| label.parse().unwrap()).into();
    let target = Target::Classes {
        name: "y".parse().unwrap(),
        labels: labels.try_into().unwrap(),
    };
    Schema { target, ..schema() }
}

fn file(text: &[u8]) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(text).unwrap();
    file
}

#[track_caller]
fn check_error(schema: &Schema, text: &[u8], expected: &str) {
    let file = file(text);
    let error = Dataset::read(file.path(), &Reading::default(), schema, None)
        .unwrap_err()
        .to_string();
    assert_eq!(
        error,
        expected.replace("FILE", &file.path().display().to_string())
    );
}

#[test]
fn columns_are_found_by_name_and_scaled() {
    let expected = Dataset {
        features: array![[2.0, 7.0], [-2.0, -8.5]],
        targets: Some(Targets::Real(array![1.0, -0.5])),
    };
    for text in [
        "a,b,y\n2,7,110\n0,-8.5,95\n",
        "y,note,b,a\n110,\"x, y\",7,2\n95,,-8.5,0",
        "\u{feff} a , b,y\r\n\r\n 2 ,7.0,1.1e2\r\n0,-8.5,95\r\n",
    ] {
        let file = file(text.as_bytes());
        assert_eq!(
            Dataset::read(file.path(), &Reading::default(), &schema(), None).unwrap(),
            expected,
            "{text}"
        );
    }
}

#[test]
fn rows_are_selected_in_the_order_asked_for() {
    let data = Dataset {
        features: array![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]],
        targets: Some(Targets::Classes(array![0, 1, 2])),
    };
    let expected = Dataset {
        features: array![[5.0, 6.0], [1.0, 2.0], [5.0, 6.0]],
        targets: Some(Targets::Classes(array![2, 0, 2])),
    };
    assert_eq!(data.select(&[2, 0, 2]), expected);
    assert_eq!(data.select(&[]).rows(), 0);
}

#[test]
fn labels_become_their_place_in_the_list() {
    let file = file(b"a,b,y\n1,0,high\n1,0,low\n");
    let data = Dataset::read(file.path(), &Reading::default(), &labelled(), None).unwrap();
    assert_eq!(data.targets, Some(Targets::Classes(array![1, 0])));
}

/// One feature per colour, and a number that may be missing.
fn coloured() -> Schema {
    let colour = |label: &str, missing: Option<Decimal>| Column {
        label: label.parse().ok(),
        missing,
        ..column("colour", "0", "1")
    };
    let size = Column {
        missing: Some(Decimal::whole(3)),
        ..column("size", "1", "2")
    };
    let nothing = Some(Decimal::whole(0));
    let features = vec![colour("red", nothing), size, colour("blue", nothing)];
    Schema {
        features: features.try_into().unwrap(),
        ..schema()
    }
}

#[test]
fn labels_become_features_and_empty_cells_take_their_value() {
    let file = file(b"size,colour,y\n1,red,100\n,blue,100\n5,,100\n");
    let data = Dataset::read(file.path(), &Reading::default(), &coloured(), None).unwrap();
    let expected = array![[1.0, 0.0, 0.0], [0.0, 1.0, 1.0], [0.0, 2.0, 0.0]];
    assert_eq!(data.features, expected);
}

#[test]
fn labels_are_the_same_in_csv_as_in_parquet() {
    let label = |name: &str, label: &str| Column {
        label: label.parse().ok(),
        ..column(name, "0", "1")
    };
    let labels: Vec<Name> = ["1", "2"].map(|label| label.parse().unwrap()).into();
    let schema = Schema {
        features: vec![label("c", "false"), label("c", "true")]
            .try_into()
            .unwrap(),
        target: Target::Classes {
            name: "k".parse().unwrap(),
            labels: labels.try_into().unwrap(),
        },
    };
    for text in ["c,k\nTrue,1.0\nFALSE,2.0\n", "c,k\ntrue,1\nfalse,2\n"] {
        let file = file(text.as_bytes());
        let data = Dataset::read(file.path(), &Reading::default(), &schema, None).unwrap();
        assert_eq!(data.features, array![[0.0, 1.0], [1.0, 0.0]]);
        assert_eq!(data.targets, Some(Targets::Classes(array![0, 1])));
    }
}

#[test]
fn decimal_commas_and_what_a_terminal_obeys_are_named() {
    check_error(
        &schema(),
        b"a;b;y\n1;2,5;3\n",
        "FILE row 2, column \"b\": \"2,5\" is not a number: write 2.5, if that is meant",
    );
    check_error(
        &schema(),
        b"a,b,y\n1,\"\x1b[31mred\nline\",3\n",
        "FILE row 2, column \"b\": \"\\u{1b}[31mred\\nline\" is not a number",
    );
    check_error(
        &schema(),
        b"a,\"\x1b[31mb\",y\n1,2,3\n",
        "FILE has no column \"b\"; it has: a, \\u{1b}[31mb, y",
    );
}

#[test]
fn a_label_of_no_feature_is_refused() {
    check_error(
        &coloured(),
        b"size,colour,y\n1,red,100\n1,rde,100\n",
        "FILE row 3, column \"colour\": \"rde\" is none of the labels red, blue",
    );
}

#[test]
fn the_target_may_have_another_name_or_be_absent() {
    let file = file(b"a,b,outcome\n1,0,100\n");
    let named =
        Dataset::read(file.path(), &Reading::default(), &schema(), Some("outcome")).unwrap();
    assert_eq!(named.targets, Some(Targets::Real(array![0.0])));
    let features = Dataset::read_features(file.path(), &Reading::default(), &schema()).unwrap();
    assert_eq!(
        features,
        Dataset {
            features: named.features,
            targets: None
        }
    );
}

#[test]
fn a_decimal_becomes_the_nearest_float() {
    for text in ["0.1", "-0.0476190475", "1e-7", "123456789.987654321"] {
        let decimal: Decimal = text.parse().unwrap();
        assert_eq!(
            nearest(decimal).to_bits(),
            text.parse::<f64>().unwrap().to_bits(),
            "{text}"
        );
    }
}

#[test]
fn errors_name_file_row_and_column() {
    let schema = schema();
    check_error(
        &schema,
        b"",
        "FILE is empty: it needs a header and at least one row",
    );
    check_error(&schema, b"a,b,y\n", "FILE has a header but no rows");
    check_error(
        &schema,
        b"a,c,y\n1,2,3\n",
        "FILE has no column \"b\"; it has: a, c, y",
    );
    check_error(
        &schema,
        b"a,b\n1,2\n",
        "FILE has no column \"y\"; it has: a, b",
    );
    check_error(
        &schema,
        b"a,b,b,y\n1,2,3,4\n",
        "FILE has the column \"b\" more than once",
    );
    check_error(
        &schema,
        b"a,b,y\n1,2,3\n1,,3\n",
        "FILE row 3 has no value for \"b\"",
    );
    check_error(
        &schema,
        b"a,b,y\n1,2\n",
        "FILE row 2 has no value for \"y\": fill it in, or leave such rows out by --skip-without-target",
    );
    check_error(
        &schema,
        b"a,b,y\n1,2,3\n\n\"1\n\",2,3\n1,two,3\n",
        "FILE row 6, column \"b\": \"two\" is not a number",
    );
    check_error(
        &schema,
        b"a,b,y\n1,2,NaN\n",
        "FILE row 2, column \"y\": \"NaN\" is not finite (with --missing NaN it counts as an empty cell)",
    );
    for cell in ["inf", "-Infinity", "1e999"] {
        check_error(
            &schema,
            format!("a,b,y\n1,2,{cell}\n").as_bytes(),
            &format!("FILE row 2, column \"y\": \"{cell}\" is not finite"),
        );
    }
    check_error(
        &labelled(),
        b"a,b,y\n1,2,middle\n",
        "FILE row 2, column \"y\": \"middle\" is none of the labels low, high",
    );
    check_error(
        &schema,
        b"a,b,y\n1,2,3\n1,\xff,3\n",
        "FILE row 3 is not in UTF-8: save the file as UTF-8",
    );
    check_error(
        &schema,
        b"a,b,y\n1,2,3,\n1,5,110,7\n1,2,3\n",
        "FILE row 3 has 4 cells, the header 3: put cells with commas in quotes, and write decimals with a \
         point",
    );
    check_error(
        &schema,
        b"a,b,y,note\n1,2,3,5\" disk\n1,2,3,\"5 in disk\n1,2,4,ok\n",
        "FILE row 3 has a quote that is never closed: close it, or write it twice within quotes",
    );
    check_error(
        &schema,
        b"a,b,y\r1,2,3\r1,two,3\r",
        "FILE row 3, column \"b\": \"two\" is not a number",
    );
    check_error(
        &schema,
        format!("a,b,y\n1,{},3\n", "x".repeat(61)).as_bytes(),
        &format!(
            "FILE row 2, column \"b\": \"{}…\" is not a number",
            "x".repeat(60)
        ),
    );
}

#[test]
fn a_quote_within_a_cell_is_a_character() {
    for text in [
        "a,b,y,note\n1,2,3,5\" disk\n",
        "a,b,y,note\n1,2,3,\"a\nb\"\n",
    ] {
        let file = file(text.as_bytes());
        assert!(
            Dataset::read(file.path(), &Reading::default(), &schema(), None).is_ok(),
            "{text}"
        );
    }
}

#[test]
fn a_missing_file_is_named() {
    let error = Dataset::read(
        Path::new("no/such.csv"),
        &Reading::default(),
        &schema(),
        None,
    )
    .unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("cannot read no/such.csv: No such file"),
        "{error}"
    );
}

#[test]
fn a_feature_is_no_target() {
    let file = file(b"a,b,y\n1,0,100\n");
    let error = Dataset::read(file.path(), &Reading::default(), &schema(), Some("a")).unwrap_err();
    let expected = "\"a\" is a feature of this federation: --target names the column of your file that holds \
                    what the model is to predict";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn missing_words_are_empty_cells_and_rows_without_a_target_may_be_left_out() {
    let file = file(b"size,colour,y\n1,red,100\nNA,blue,100\n5,red,NA\n5,red,\n5,NA,100\n");
    let reading = Reading {
        missing: Some(vec!["NA".into()]),
        skip_without_target: true,
        ..Reading::default()
    };
    let data = Dataset::read(file.path(), &reading, &coloured(), None).unwrap();
    let expected = array![[1.0, 0.0, 0.0], [0.0, 1.0, 1.0], [0.0, 2.0, 0.0]];
    assert_eq!(data.features, expected);
    let strict = Reading {
        skip_without_target: false,
        ..reading
    };
    let error = Dataset::read(file.path(), &strict, &coloured(), None)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("row 4 has no value for \"y\": fill it in"),
        "{error}"
    );
}

#[test]
fn a_file_without_any_target_is_refused() {
    let file = file(b"a,b,y\n1,0,\n1,0,\n");
    let reading = Reading {
        skip_without_target: true,
        ..Reading::default()
    };
    let error = Dataset::read(file.path(), &reading, &schema(), None)
        .unwrap_err()
        .to_string();
    assert!(error.ends_with("no row has a value for \"y\""), "{error}");
}
