//! What a file says, and every mistake with its place.

use super::*;

const SPEC: &str = r#"
name = "diabetes"
membership = "invited"
clients_min = 2
clients_max = 4
rounds_max = 5
sample_count_max = 10000
bond = "1.5 UNIT"
join_deposit = "1"
reward = "0"

[windows]
commit_blocks = 10
settle_blocks = 1
reveal_blocks = 10

[task]
model = "linear"
initial = "zeros"
strategy = "fed_avg"

[task.schema]
features = [
    { name = "age", offset = "0", scale = "0.05" },
    { name = "sex", label = "f" },
]
target = { real = { name = "progression", offset = "150", scale = "77" } }
"#;

#[test]
fn a_spec_file_is_read_with_its_amounts() {
    let spec = parse(SPEC).unwrap();
    assert_eq!(
        (spec.bond, spec.join_deposit),
        (1_500_000_000_000, 1_000_000_000_000)
    );
    assert_eq!(spec.task.param_count(), Ok(3));
}

#[test]
fn without_a_strategy_the_default_withstands_a_third() {
    let text = SPEC
        .replace("strategy = \"fed_avg\"\n", "")
        .replace("clients_min = 2", "clients_min = 4");
    let task = parse(&text).unwrap().task;
    assert_eq!(task.strategy, Strategy::TrimmedMean { trim: 1 });
    assert_eq!(task.norm, Some(NormRule::ClipToMedian));
    let open = parse(&text.replace("\"invited\"", "\"open\"")).unwrap();
    assert_eq!(
        (open.task.strategy, open.task.norm),
        (Strategy::FedAvg, None)
    );
    let own = text.replace("[task]", "[task]\nnorm = { clip = { max = 9 } }");
    let task = parse(&own).unwrap().task;
    assert_eq!(task.norm, Some(NormRule::Clip { max: 9 }));
    assert_eq!(task.strategy, Strategy::TrimmedMean { trim: 1 });
}

/// What is said of the spec with one of its parts replaced, in one line.
#[track_caller]
fn check(from: &str, to: &str, message: &str) {
    assert!(SPEC.contains(from), "{from}");
    let reason = parse(&SPEC.replace(from, to)).unwrap_err().to_string();
    assert!(
        reason.contains(message) && !reason.contains('\n'),
        "{to}: {reason}"
    );
}

#[test]
fn mistakes_are_named_in_one_line() {
    check(
        "rounds_max = 5",
        "rounds_max = \"five\"",
        "line 6, column 14: invalid type",
    );
    check("name = \"diabetes\"", "", "the key `name` is missing");
    check("reward = \"0\"", "reward = ", "line 10, ");
}

#[test]
fn unknown_keys_are_refused_with_their_line_and_what_was_meant() {
    let strategy = "strategy = \"fed_avg\"";
    for (key, nearest) in [
        (
            "stratgey = \"fed_avg\"",
            "`stratgey`: did you mean `strategy`?",
        ),
        (
            "norms = \"clip_to_median\"",
            "`norms`: did you mean `norm`?",
        ),
        ("norm_max = 655360", "`norm_max`: did you mean `norm`?"),
        (
            "norm_bound = { clip = { max = 655360 } }",
            "`norm_bound`: did you mean `norm`?",
        ),
        (
            "optimizer = \"adopt\"",
            "`optimizer`: did you mean `optimiser`?",
        ),
        (
            "epochs = 3",
            "`epochs`: possible here: model, initial, format, strategy, norm, optimiser, schema",
        ),
    ] {
        let to = format!("{strategy}\n{key}");
        check(
            strategy,
            &to,
            &format!("line 21, column 1: unknown key {nearest}"),
        );
    }
    check(
        strategy,
        "stratgey = \"median\"",
        "line 20, column 1: unknown key `stratgey`: did you mean `strategy`?",
    );
    check(
        "[windows]",
        "[gates]\nrows = 10\n\n[windows]",
        "line 12, column 2: unknown key `gates`: did you mean `gate`?",
    );
    check(
        "label = \"f\"",
        "lable = \"f\"",
        "line 25, column 21: unknown key `lable`: did you mean `label`?",
    );
    check(
        strategy,
        "strategy = { multi_krum = { f = 1, kep = 3 } }",
        "line 20, column 36: unknown key `kep`: did you mean `keep`?",
    );
    check(
        strategy,
        "strategy = { least_squares = { penalty = \"1\", epsilon = \"1\", lambda = \"1\" } }",
        "unknown key `lambda`: possible here: penalty, epsilon",
    );
}

#[test]
fn a_key_in_another_table_is_told_where_it_belongs() {
    let gate = "[task.gate]\nrows = 10\n\n[task.schema]";
    check(
        "[task.schema]",
        gate,
        "line 22, column 7: unknown key `gate`: write the table as [gate]",
    );
    check(
        "[windows]",
        "commit_blocks = 10\n[windows]",
        "line 12, column 1: unknown key `commit_blocks`: it belongs into [windows]",
    );
    check(
        "[windows]",
        "[windows]\nreward = \"0\"",
        "unknown key `reward`: it belongs above the first [table]",
    );
    check(
        "[windows]",
        "[windows]\nbond = \"1\"",
        "unknown key `bond`: it belongs above the first [table] or into [gate]",
    );
    check(
        "[task.schema]",
        "[schema]",
        "unknown key `schema`: write the table as [task.schema]",
    );
}

#[test]
fn a_key_that_stands_twice_is_refused() {
    check(
        "rounds_max = 5",
        "rounds_max = 5\nrounds_max = 6",
        "line 7, column 1: the key `rounds_max` stands twice",
    );
    check(
        "[task]",
        "[windows]\n[task]",
        "line 17, column 2: the key `windows` stands twice",
    );
    check(
        "name = \"age\"",
        "name = \"age\", name = \"bmi\"",
        "the key `name` stands twice",
    );
}

#[test]
fn amounts_and_numbers_want_quotes_and_say_how_they_are_written() {
    let amount = "write an amount like \"1.5 UNIT\"";
    check(
        "bond = \"1.5 UNIT\"",
        "bond = 1",
        &format!("line 8, column 8: integer `1` stands without quotes: {amount}"),
    );
    check(
        "bond = \"1.5 UNIT\"",
        "bond = 1.5",
        &format!("line 8, column 8: floating point `1.5` stands without quotes: {amount}"),
    );
    for wrong in ["zero", "much", "1 DOT"] {
        check(
            "bond = \"1.5 UNIT\"",
            &format!("bond = \"{wrong}\""),
            &format!("line 8, column 8: {amount}"),
        );
    }
    check(
        "offset = \"0\"",
        "offset = 0",
        "line 24, column 30: integer `0` stands without quotes: write the number in decimal",
    );
    check(
        "name = \"diabetes\"",
        "name = 7",
        "line 2, column 8: integer `7` stands",
    );
}

#[test]
fn unknown_kinds_are_refused_with_what_was_meant() {
    check(
        "\"zeros\"",
        "\"zero\"",
        "line 19, column 11: unknown value `zero`: did you mean `zeros`?",
    );
    check(
        "\"fed_avg\"",
        "\"fedavg\"",
        "line 20, column 12: unknown value `fedavg`: did you mean `fed_avg`?",
    );
    check(
        "real = {",
        "reel = {",
        "line 27, column 12: unknown value `reel`: did you mean `real`?",
    );
    check(
        "\"invited\"",
        "\"closed\"",
        "line 3, column 14: unknown value `closed`: possible here: invited, open",
    );
}

#[test]
fn what_the_rules_refuse_is_refused_with_its_line() {
    check(
        "clients_min = 2",
        "clients_min = 9",
        "line 4, column 1: clients_min must be",
    );
    check(
        "\"linear\"",
        "\"softmax\"",
        "line 27, column 1: the target does not fit the model",
    );
    check(
        "reveal_blocks = 10",
        "reveal_blocks = 1",
        "line 15, column 1: reveal_blocks is 1",
    );
    check(
        "commit_blocks = 10",
        "commit_blocks = 0",
        "line 12, column 2: each window",
    );
    check(
        "\"0.05\"",
        "\"-1\"",
        "line 24, column 5: every scale must be above zero",
    );
    check(
        "\"fed_avg\"",
        "\"fed_avg\"\nformat = { frac_bits = 31, width = \"i32\" }",
        "line 21, column 12: frac_bits is 31",
    );
}

#[test]
fn columns_that_clash_are_named_with_their_lines() {
    check(
        "{ name = \"sex\", label = \"f\" }",
        "{ name = \"age\" }",
        "line 25, column 5: \"age\" is a feature already, in line 24",
    );
    check(
        "{ name = \"sex\", label = \"f\" },",
        "{ name = \"sex\", label = \"f\" },\n    { name = \"sex\", label = \"f\" },",
        "line 26, column 5: \"sex\" with the label \"f\" is a feature already, in line 25",
    );
    check(
        "\"progression\"",
        "\"age\"",
        "line 27, column 10: the target \"age\" is a feature as well, in line 24",
    );
    check(
        "{ name = \"age\", offset",
        "{ name = \"sex\", offset",
        "line 24, column 5: a column is a number or has labels, not both",
    );
    check(
        "target = { real = { name = \"progression\", offset = \"150\", scale = \"77\" } }",
        "target = { classes = { name = \"y\", labels = [\"a\", \"b\", \"a\"] } }",
        "line 27, column 10: the target's label \"a\" stands twice",
    );
}
