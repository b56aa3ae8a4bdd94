//! `fedchain schema` and `fedchain data` as they are typed, and what they print.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    fs::{self, File},
    path::Path,
    process::Command,
    sync::Arc,
};

use parquet::{
    data_type::{ByteArray, ByteArrayType, DoubleType},
    file::{properties::WriterProperties, writer::SerializedFileWriter},
    schema::parser::parse_message_type,
};
use tempfile::TempDir;

/// Rows of three towns; a size, a colour and whether the fruit is ripe.
const ROWS: &str = "\
town,size,colour,ripe
Ulm,7.5,red,yes
Bonn,8,green,no
Ulm,6.5,,yes
Trier,9,red,no
Bonn,7,green,yes
Ulm,8.5,red,no
";

const SCHEMA: &str = r#"[task.schema]
features = [
    { name = "town", label = "Bonn" },
    { name = "town", label = "Trier" },
    { name = "town", label = "Ulm" },
    { name = "size", offset = "7.75", scale = "0.94" },
    { name = "colour", label = "green", missing = "0" },
    { name = "colour", label = "red", missing = "0" },
]
target = { classes = { name = "ripe", labels = ["no", "yes"] } }
"#;

const FEDERATION: &str = r#"
name = "fruit"
membership = "invited"
clients_min = 2
clients_max = 4
rounds_max = 5
sample_count_max = 1000
bond = "1 UNIT"
join_deposit = "1 UNIT"
reward = "0"

[windows]
commit_blocks = 10
settle_blocks = 1
reveal_blocks = 10

[task]
model = "softmax"
initial = "zeros"
strategy = "fed_avg"

"#;

/// A folder with the rows and the federation's file.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("rows.csv"), ROWS).unwrap();
    let spec = format!("{FEDERATION}{SCHEMA}");
    fs::write(folder.path().join("fruit.toml"), spec).unwrap();
    folder
}

/// Exit code, standard output and standard error.
fn run(folder: &Path, line: &str) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_fedchain"))
        .args(line.split_whitespace())
        .current_dir(folder)
        .env("FEDCHAIN_CONFIG", "config.toml")
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[track_caller]
fn check(folder: &TempDir, line: &str, expected: (i32, &str, &str)) {
    let (code, out, error) = run(folder.path(), line);
    assert_eq!((code, out.as_str(), error.as_str()), expected, "{line}");
}

const PUBLIC: &str = "a schema is public, and this one tells where the values of each column lie: with \
                      --private it comes from bounds that you give\n";

#[test]
fn a_schema_is_inferred_and_its_file_passes_the_check() {
    let folder = folder();
    check(
        &folder,
        "schema infer rows.csv --target ripe",
        (0, SCHEMA, PUBLIC),
    );
    let described = "\
rows.csv: 6 rows
column  empty        min       mean        max  after offset and scale
town        0  Bonn ×2, Trier ×1, Ulm ×3
size        0        6.5       7.75          9  -1.33 to 1.33
colour      1  green ×2, red ×3
ripe        0  no ×3, yes ×3
nothing would be refused
";
    check(
        &folder,
        "data check rows.csv --spec fruit.toml",
        (0, described, ""),
    );
}

#[test]
fn rows_beyond_the_federations_cap_are_said() {
    let folder = folder();
    let few = format!("{FEDERATION}{SCHEMA}").replace("max = 1000", "max = 4");
    fs::write(folder.path().join("few.toml"), few).unwrap();
    let (code, out, _) = run(folder.path(), "data check rows.csv --spec few.toml");
    assert_eq!(code, 0, "{out}");
    let end = "warning: 6 rows; this federation counts 4 per client at most (sample_count_max)\n\
               nothing would be refused\n";
    assert!(out.ends_with(end), "{out}");
    let line = "data check rows.csv --spec few.toml --format json";
    let (_, json, _) = run(folder.path(), line);
    assert!(
        json.contains(r#""problem":"too_many_rows","counted":4"#),
        "{json}"
    );
}

#[test]
fn a_misspelt_spec_is_refused_with_file_line_and_what_was_meant() {
    let folder = folder();
    let spec = format!("{FEDERATION}{SCHEMA}").replace("strategy", "stratgey");
    fs::write(folder.path().join("fruit.toml"), spec).unwrap();
    for line in [
        "data check rows.csv --spec fruit.toml",
        "simulate --spec fruit.toml --data rows.csv --clients 2",
        "serve --spec fruit.toml",
        "federation create --spec fruit.toml --key //Alice",
    ] {
        let refused = "error: fruit.toml: line 20, column 1: unknown key `stratgey`: did you mean \
                       `strategy`?\n";
        let (code, _, error) = run(folder.path(), line);
        assert_eq!((code, error.as_str()), (5, refused), "{line}");
    }
}

#[test]
fn a_private_schema_takes_names_from_the_file_and_nothing_else() {
    let folder = folder();
    let bounds = "size = [0, 20]\ncolour = [\"red\"]\n";
    fs::write(folder.path().join("bounds.toml"), bounds).unwrap();
    fs::write(folder.path().join("rows.csv"), "town,size,colour,ripe\n\"").unwrap();
    let line = "schema infer rows.csv --target ripe --private --bounds bounds.toml \
                --labels colour=red,green --labels ripe=no,yes --out schema.toml";
    let left_out = "column \"town\" is left out: it has neither bounds nor labels\n";
    check(
        &folder,
        line,
        (0, "schema of 3 features in schema.toml\n", left_out),
    );
    let expected = r#"[task.schema]
features = [
    { name = "size", offset = "10", scale = "10" },
    { name = "colour", label = "red" },
    { name = "colour", label = "green" },
]
target = { classes = { name = "ripe", labels = ["no", "yes"] } }
"#;
    let written = fs::read_to_string(folder.path().join("schema.toml")).unwrap();
    assert_eq!(written, expected);
    let undeclared = "error: the target \"ripe\" needs bounds or labels: they are not taken from the \
                      rows\n";
    check(
        &folder,
        "schema infer rows.csv --target ripe --private --bound size=0..20",
        (5, "", undeclared),
    );
    let (code, _, error) = run(
        folder.path(),
        "schema infer rows.csv --target ripe --bound size=0..20",
    );
    assert_eq!(code, 2, "{error}");
}

#[test]
fn everything_that_would_be_refused_is_said_at_once() {
    let folder = folder();
    let rows = "town,size,colour,ripeness\nUlm,large,red,yes\nParis,,blue,maybe\nUlm,700,red,no\n";
    fs::write(folder.path().join("bad.csv"), rows).unwrap();
    let described = "\
bad.csv: 3 rows
column    empty        min       mean        max  after offset and scale
town          0  Bonn ×0, Trier ×0, Ulm ×2
size          1        700        700        700  736.4 to 736.4
colour        0  green ×0, red ×2
ripeness      0  no ×1, yes ×1
refused: column \"town\": 1 cell with none of the labels Bonn, Trier, Ulm: row 3 \"Paris\"
refused: column \"size\": 1 cell without a value, for which the schema has no rule: row 3
refused: column \"size\": 1 cell without a number: row 2 \"large\"
refused: column \"colour\": 1 cell with none of the labels green, red: row 3 \"blue\"
refused: column \"ripeness\": 1 cell with none of the labels no, yes: row 3 \"maybe\"
warning: column \"size\": 1 cell more than 10 after offset and scale: are they in the federation's unit? \
Otherwise ask its owner for another offset or scale: row 4 \"700\"
";
    let line = "data check bad.csv --spec fruit.toml --target ripeness";
    let error = "error: bad.csv: it would be refused, for 5 reasons\n";
    check(&folder, line, (5, described, error));
    let (code, out, _) = run(folder.path(), &format!("{line} --format json"));
    let report: serde_json::Value = serde_json::from_str(out.lines().next().unwrap()).unwrap();
    assert_eq!(
        (code, &report["refused"][0]["problem"]),
        (5, &"unknown_label".into())
    );
}

#[test]
fn a_check_needs_a_federation_and_a_file() {
    let folder = folder();
    let which = "error: which federation? Add --spec FILE.toml, or --federation and its number\n";
    check(&folder, "data check rows.csv", (2, "", which));
    let both = "data check rows.csv --spec fruit.toml --federation 0";
    assert_eq!(run(folder.path(), both).0, 2);
    // A file goes before a federation that is configured.
    fs::write(folder.path().join("config.toml"), "federation = 7\n").unwrap();
    assert_eq!(
        run(folder.path(), "data check rows.csv --spec fruit.toml").0,
        0
    );
    assert_eq!(
        run(folder.path(), "data check rows.csv --url ws://127.0.0.1:1").0,
        3
    );
    let (code, _, error) = run(folder.path(), "data check none.csv --spec fruit.toml");
    assert_eq!(code, 5);
    assert!(
        error.starts_with("error: cannot read none.csv: No such file"),
        "{error}"
    );
}

#[test]
fn rows_are_dealt_by_a_column_and_never_written_over() {
    let folder = folder();
    let line =
        "data partition rows.csv --scheme column --column town --target ripe --out-dir parts";
    let dealt = "\
parts/client-001.csv: 2 rows  no ×1, yes ×1
parts/client-002.csv: 1 row  no ×1
parts/client-003.csv: 3 rows  no ×1, yes ×2
";
    check(&folder, line, (0, dealt, ""));
    let ulm = fs::read_to_string(folder.path().join("parts/client-003.csv")).unwrap();
    let expected = "town,size,colour,ripe\nUlm,7.5,red,yes\nUlm,6.5,,yes\nUlm,8.5,red,no\n";
    assert_eq!(ulm, expected);
    fs::remove_file(folder.path().join("parts/client-001.csv")).unwrap();
    let error = "error: parts/client-002.csv: it exists already: choose another --out-dir\n";
    check(&folder, line, (5, "", error));
    assert!(!folder.path().join("parts/client-001.csv").exists());
}

#[test]
fn every_row_is_in_one_file() {
    let folder = folder();
    for scheme in ["iid", "dirichlet --target ripe", "quantity --alpha 0.1"] {
        let line = format!(
            "data partition rows.csv --clients 2 --scheme {scheme} --hold-out 0.3 --seed 4 --out-dir"
        );
        let (code, out, error) = run(folder.path(), &format!("{line} a"));
        assert_eq!((code, error.as_str()), (0, ""), "{scheme}");
        let names = ["client-001.csv", "client-002.csv", "held-out.csv"];
        assert_eq!(out.lines().count(), names.len(), "{scheme}: {out}");
        let read = |dir: &str| {
            names.map(|name| fs::read_to_string(folder.path().join(dir).join(name)).unwrap())
        };
        let parts = read("a");
        let rows = |text: &str| text.lines().skip(1).map(String::from).collect::<Vec<_>>();
        assert_eq!(rows(&parts[2]).len(), 2, "{scheme}");
        let mut all: Vec<String> = parts.iter().flat_map(|part| rows(part)).collect();
        let mut expected = rows(ROWS);
        all.sort();
        expected.sort();
        assert_eq!(all, expected, "{scheme}");
        run(folder.path(), &format!("{line} b"));
        assert_eq!(read("b"), parts, "{scheme}");
        fs::remove_dir_all(folder.path().join("a")).unwrap();
        fs::remove_dir_all(folder.path().join("b")).unwrap();
    }
}

#[test]
fn too_few_rows_and_wrong_shares_are_refused() {
    let folder = folder();
    let few = "error: 6 rows are too few for 7 clients: ask for fewer clients\n";
    check(
        &folder,
        "data partition rows.csv --clients 7 --scheme iid --out-dir parts",
        (2, "", few),
    );
    for line in [
        "data partition rows.csv --scheme iid --out-dir parts",
        "data partition rows.csv --scheme column --out-dir parts",
        "data partition rows.csv --scheme dirichlet --clients 2 --out-dir parts",
        "data partition rows.csv --scheme iid --clients 2 --hold-out 1 --out-dir parts",
        "data partition rows.csv --scheme iid --clients 0 --out-dir parts",
    ] {
        assert_eq!(run(folder.path(), line).0, 2, "{line}");
    }
    assert!(!folder.path().join("parts").exists());
}

#[test]
fn a_schema_is_not_written_over_without_force() {
    let folder = folder();
    let line = "schema infer rows.csv --target ripe --out fruit.toml";
    let error = "error: fruit.toml exists already: replace it by --force\n";
    check(&folder, line, (2, "", error));
    let kept = fs::read_to_string(folder.path().join("fruit.toml")).unwrap();
    assert!(kept.starts_with(FEDERATION), "{kept}");
    let line = format!("{line} --force");
    check(
        &folder,
        &line,
        (0, "schema of 6 features in fruit.toml\n", PUBLIC),
    );
    let written = fs::read_to_string(folder.path().join("fruit.toml")).unwrap();
    assert_eq!(written, SCHEMA);
}

#[test]
fn a_partition_that_fails_leaves_no_file() {
    let folder = folder();
    let line = "data partition rows.csv --clients 2 --scheme iid --target ripeness --out-dir parts";
    let error = "error: rows.csv has no column \"ripeness\"; it has: town, size, colour, ripe\n";
    check(&folder, line, (5, "", error));
    assert!(!folder.path().join("parts").exists());
    // A column of a type that has no text cannot be written, which is known with the first file.
    let schema = "message rows { required double size; required binary blob; }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let out = File::create(folder.path().join("blobs.parquet")).unwrap();
    let mut writer = SerializedFileWriter::new(out, schema, Arc::default()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    column
        .typed::<DoubleType>()
        .write_batch(&[7.5, 8.0], None, None)
        .unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    column
        .typed::<ByteArrayType>()
        .write_batch(&["x", "y"].map(ByteArray::from), None, None)
        .unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.close().unwrap();
    let line = "data partition blobs.parquet --clients 2 --scheme iid --out-dir parts";
    let (code, _, error) = run(folder.path(), line);
    assert_eq!(code, 5, "{error}");
    assert!(error.contains("column \"blob\": its type is"), "{error}");
    assert!(!folder.path().join("parts").exists());
}

#[test]
fn a_feature_is_no_target() {
    let folder = folder();
    let line = "data check rows.csv --spec fruit.toml --target size";
    let (code, out, _) = run(folder.path(), line);
    let said = "refused: column \"size\": it is a feature of this federation";
    assert!(code == 5 && out.contains(said), "{out}");
    let line = "simulate --spec fruit.toml --data rows.csv --clients 2 --target size";
    let (code, _, error) = run(folder.path(), line);
    let said = "error: \"size\" is a feature of this federation: --target names the column";
    assert!(code == 5 && error.starts_with(said), "{error}");
    let spec = fs::read_to_string(folder.path().join("fruit.toml")).unwrap();
    let spec = spec.replace("name = \"ripe\"", "name = \"size\"");
    fs::write(folder.path().join("fruit.toml"), spec).unwrap();
    let error = "error: fruit.toml: line 31, column 10: the target \"size\" is a feature as well, in line 27: the model \
                 would read off what it shall predict\n";
    check(
        &folder,
        "data check rows.csv --spec fruit.toml",
        (5, "", error),
    );
}

#[test]
fn missing_words_and_rows_without_a_target_are_told() {
    let folder = folder();
    let rows = ROWS
        .replace("6.5,,yes", "6.5,?,yes")
        .replace("red,yes", "red,NA");
    fs::write(folder.path().join("rows.csv"), rows).unwrap();
    let refused = "error: the target \"ripe\" has cells that look like missing values (NA): say --missing NA if \
                   that is what they mean, and --missing '' if they are values like others\n";
    check(
        &folder,
        "schema infer rows.csv --target ripe",
        (5, "", refused),
    );
    let left_out = "rows.csv: 1 row is left out, without a value for \"ripe\"\n";
    let line = "schema infer rows.csv --target ripe --missing NA,? --skip-without-target";
    let (code, out, error) = run(folder.path(), line);
    assert_eq!((code, error), (0, format!("{left_out}{PUBLIC}")));
    assert!(out.contains("labels = [\"no\", \"yes\"]"), "{out}");
    let line = "data check rows.csv --spec fruit.toml --missing NA,? --skip-without-target";
    let (code, out, _) = run(folder.path(), line);
    assert_eq!(code, 0, "{out}");
    assert!(
        out.starts_with("rows.csv: 5 rows, and 1 row without a target, left out\n"),
        "{out}"
    );
    let line = "simulate --spec fruit.toml --data rows.csv --clients 2 --missing NA,? --skip-without-target";
    let (code, out, error) = run(folder.path(), line);
    assert!(code == 0 && error.starts_with(left_out), "{error}");
    assert!(out.contains("2 clients, 5 rows"), "{out}");
}

/// The rows with a size and ripeness, in Parquet; one size is null.
fn write_parquet(path: &Path) {
    let schema = "message rows { optional double size; required binary ripe (STRING); }";
    let schema = Arc::new(parse_message_type(schema).unwrap());
    let properties = Arc::new(WriterProperties::builder().build());
    let out = File::create(path).unwrap();
    let mut writer = SerializedFileWriter::new(out, schema, properties).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    let sizes = column.typed::<DoubleType>();
    sizes
        .write_batch(&[7.5, 8.0], Some(&[1, 0, 1]), None)
        .unwrap();
    column.close().unwrap();
    let mut column = group.next_column().unwrap().unwrap();
    let ripe = ["yes", "no", "yes"].map(ByteArray::from);
    let words = column.typed::<ByteArrayType>();
    words.write_batch(&ripe, None, None).unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.close().unwrap();
}

#[test]
fn parquet_is_read_like_csv() {
    let folder = tempfile::tempdir().unwrap();
    write_parquet(&folder.path().join("rows.parquet"));
    let schema = r#"[task.schema]
features = [
    { name = "size", offset = "7.75", scale = "0.35", missing = "7.75" },
]
target = { classes = { name = "ripe", labels = ["no", "yes"] } }
"#;
    check(
        &folder,
        "schema infer rows.parquet --target ripe",
        (0, schema, PUBLIC),
    );
    let line = "data partition rows.parquet --scheme column --column ripe --out-dir parts";
    let dealt = "parts/client-001.csv: 1 row\nparts/client-002.csv: 2 rows\n";
    check(&folder, line, (0, dealt, ""));
    let read = |name| fs::read_to_string(folder.path().join("parts").join(name)).unwrap();
    assert_eq!(read("client-001.csv"), "size,ripe\n,no\n");
    assert_eq!(read("client-002.csv"), "size,ripe\n7.5,yes\n8,yes\n");
}

#[test]
fn files_of_other_programs_are_read_or_named() {
    let folder = folder();
    let write = |name, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("semicolons.csv", &ROWS.replace(',', ";"));
    let line = "schema infer semicolons.csv --target ripe";
    check(&folder, line, (0, SCHEMA, PUBLIC));
    let comma = "error: semicolons.csv has no column \"ripe\"; it has: town;size;colour;ripe\n";
    check(&folder, &format!("{line} --delimiter ,"), (5, "", comma));
    write("bare.csv", "Ulm,7.5,yes\nBonn,8,no\nUlm,6.5,yes\n");
    let schema = r#"[task.schema]
features = [
    { name = "c1", label = "Bonn" },
    { name = "c1", label = "Ulm" },
    { name = "c2", offset = "7.33", scale = "0.76" },
]
target = { classes = { name = "c3", labels = ["no", "yes"] } }
"#;
    let line = "schema infer bare.csv --target c3 --no-header";
    check(&folder, line, (0, schema, PUBLIC));
    write("rows.xlsx", "PK\u{3}\u{4}xl/workbook.xml");
    let workbook =
        "error: rows.xlsx is an Excel workbook (xlsx), which is not read: save its sheet as CSV\n";
    let line = "data check rows.xlsx --spec fruit.toml";
    check(&folder, line, (5, "", workbook));
}

#[test]
fn names_of_rows_are_left_out_with_a_remark() {
    let folder = folder();
    let named = |(number, row)| match number {
        0 => format!("{row}\n"),
        number => format!("\"{number}\",{row}\n"),
    };
    let rows: String = ROWS.lines().enumerate().map(named).collect();
    fs::write(folder.path().join("named.csv"), rows).unwrap();
    let remark = "the first cell of every row is left out: the header has no name for it, as where pandas or \
                  R write names of rows\n";
    let line = "schema infer named.csv --target ripe";
    check(&folder, line, (0, SCHEMA, &format!("{remark}{PUBLIC}")));
    let (code, out, _) = run(folder.path(), "data check named.csv --spec fruit.toml");
    assert!(
        code == 0 && out.contains(&format!("warning: {remark}")),
        "{out}"
    );
    let line = "data partition named.csv --scheme iid --clients 2 --out-dir parts";
    assert_eq!(run(folder.path(), line).2, remark);
    let part = "data check parts/client-001.csv --spec fruit.toml";
    assert_eq!(run(folder.path(), part).0, 0);
}
