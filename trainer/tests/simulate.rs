//! `fedchain simulate` as a user runs it: what it prints, which files it writes, and that both follow
//! from the seed.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde_json::{Value, json};
use tempfile::TempDir;

/// Two features, whose plane the rows below lie on.
const SPEC: &str = r#"
name = "plane"
membership = "invited"
clients_min = 2
clients_max = 8
rounds_max = 3
sample_count_max = 100
bond = "1 UNIT"
join_deposit = "1 UNIT"
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
    { name = "a", offset = "0", scale = "1" },
    { name = "b", offset = "0", scale = "1" },
]
target = { real = { name = "y", offset = "0", scale = "2" } }
"#;

/// `y = 2a - b + 1`; a clinic for each row.
const ROWS: &str = "\
clinic,a,b,y
north,1,0,3
north,0,1,0
north,1,1,2
south,-1,0,-1
south,0,-1,2
south,-1,-1,0
north,0.5,1,1
south,-0.5,1,-1
north,1,-0.5,3.5
south,-1,0.5,-1.5
north,0,0,1
south,0.5,-0.5,2.5
";

/// A folder with spec and rows.
struct World {
    folder: TempDir,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("plane.toml"), SPEC).unwrap();
        fs::write(folder.path().join("rows.csv"), ROWS).unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs `fedchain` in the folder.
    fn run(&self, line: &str) -> Output {
        Command::new(env!("CARGO_BIN_EXE_fedchain"))
            .args(line.split_whitespace())
            .current_dir(self.folder.path())
            .output()
            .unwrap()
    }

    /// Runs what must succeed; its standard output.
    #[track_caller]
    fn stdout(&self, line: &str) -> String {
        let output = self.run(line);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{line}: {said}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs what must fail: its exit code, and what it says.
    fn failure(&self, line: &str) -> (Option<i32>, String) {
        let output = self.run(line);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), said)
    }
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

const DEAL: &str = "simulate --spec plane.toml --data rows.csv --clients 3 --hold-out 0.25 --epochs 5 \
                    --batch-size 2 --learning-rate 0.1 --seed 4";

#[test]
fn every_round_has_a_line() {
    assert_eq!(
        World::new().stdout(DEAL),
        "\
[INIT] \"plane\": 3 clients, 9 rows, 3 held out; strategy fed_avg, linear model of 3 weights
[ROUND 0/3] initial model: loss 1.5417, rmse 2.4833 (3 rows)
[ROUND 1/3] 3 sampled, 0 dropped, 3 accepted, aggregated: loss 0.7238, rmse 1.7016 (3 rows)
[ROUND 2/3] 3 sampled, 0 dropped, 3 accepted, aggregated: loss 0.4476, rmse 1.3381 (3 rows)
[ROUND 3/3] 3 sampled, 0 dropped, 3 accepted, aggregated: loss 0.3194, rmse 1.1303 (3 rows)
[SUMMARY] 3 rounds, 3 aggregated; loss 1.5417 -> 0.3194
model: 0x74477a8101b341fd80d20c00cbac3736c55a9a3d46341ff4fcfce269a3778250
"
    );
}

#[test]
fn the_files_hold_what_was_simulated() {
    let world = World::new();
    world.stdout(&format!("{DEAL} --out-dir new/out"));
    let out = world.path("new/out");
    // Digits of losses beyond these depend on the processor.
    let rounds = read(&out.join("rounds.csv"));
    let rounds: Vec<&str> = rounds.lines().collect();
    for (line, expected) in rounds.iter().zip([
        "round,sampled,dropped,accepted,outcome,model_root,rows,loss,rmse",
        "0,0,0,0,initial,0x20e43067a52224e716377391c9fa66286b627e488a3d74f542acd6ae587a17dc,3,1.541666",
        "1,3,0,3,aggregated,0xfdf6ea732c936de344f3619a0b066790c588c860f207be07d586443eccc6428f,3,0.723827",
        "2,3,0,3,aggregated,0x2c67f7494b2e21233c0569302a85145a8d3034b7a522202a0549853e209fe53b,3,0.447604",
        "3,3,0,3,aggregated,0x74477a8101b341fd80d20c00cbac3736c55a9a3d46341ff4fcfce269a3778250,3,0.319368",
    ]) {
        assert!(line.starts_with(expected), "{line}");
    }
    assert_eq!(rounds.len(), 5);

    let result: Value = serde_json::from_str(&read(&out.join("result.json"))).unwrap();
    assert_eq!(
        result["setup"],
        json!({
            "federation": "plane",
            "model": "linear",
            "param_count": 3,
            "strategy": "fed_avg",
            "norm": null,
            "optimiser": "adopt",
            "rounds": 3,
            "clients": 3,
            "rows": 9,
            "held_out_rows": 3,
            "sampling": "1.0",
            "drop_out": 0.0,
            "attackers": 0,
            "attack": null,
            "hyper": {
                "method": { "sgd": { "momentum": 0.0 } },
                "epochs": 5,
                "batch_size": 2,
                "learning_rate": 0.1,
                "proximal": 0.0,
                "l2": 0.0,
                "seed": 4,
            },
            "seed": 4,
        })
    );
    assert_eq!(
        result["data"],
        json!({ "dealt": { "scheme": "iid" }, "rows_min": 3, "rows_max": 3 })
    );
    assert_eq!(result["rounds"].as_array().map(Vec::len), Some(4));

    let model: Value = serde_json::from_str(&read(&out.join("model.json"))).unwrap();
    assert_eq!(model["root"], result["rounds"][3]["model_root"]);
    assert_eq!(model["values"].as_array().map(Vec::len), Some(3));
    assert_eq!(model["param_count"], 3);
    for chart in ["loss.svg", "rmse.svg"] {
        assert!(read(&out.join(chart)).starts_with("<svg"), "{chart}");
    }
    let mut names: Vec<String> = fs::read_dir(&out)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let expected = [
        "loss.svg",
        "model.json",
        "result.json",
        "rmse.svg",
        "rounds.csv",
    ];
    assert_eq!(names, expected);
}

#[test]
fn the_seed_decides_everything_and_threads_nothing() {
    let world = World::new();
    let line = "simulate --spec plane.toml --data rows.csv --clients 4 --scheme quantity --alpha 0.7 \
                --epochs 3 --sample 3 --drop-out 0.3 --attack gaussian-noise --attackers 1 --rounds 6";
    let result = |more: &str| {
        world.stdout(&format!("{line} {more} --out-dir out"));
        [
            "result.json",
            "rounds.csv",
            "model.json",
            "loss.svg",
            "rmse.svg",
        ]
        .map(|name| read(&world.path("out").join(name)))
    };
    let first = result("--seed 1 --threads 1");
    assert_eq!(first, result("--seed 1 --threads 4"));
    assert_ne!(first[2], result("--seed 2 --threads 1")[2]);
}

#[test]
fn json_is_one_value_per_line() {
    let text = World::new().stdout(&format!("{DEAL} --rounds 1 --format json"));
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let events: Vec<_> = lines.iter().map(|line| line["event"].as_str()).collect();
    let expected = ["start", "round", "round", "summary"].map(Some);
    assert_eq!(events, expected);
    assert_eq!(lines[0]["clients"], 3);
    assert_eq!(
        (&lines[1]["round"], &lines[1]["outcome"], &lines[1]["rows"]),
        (&json!(0), &json!("initial"), &json!(3))
    );
    assert_eq!(
        (&lines[2]["accepted"], &lines[2]["outcome"]),
        (&json!(3), &json!("aggregated"))
    );
    assert_eq!(lines[3]["model_root"], lines[2]["model_root"]);
    assert_eq!(lines[3]["loss_last"], lines[2]["loss"]);
}

#[test]
fn a_column_deals_a_client_to_each_value_and_files_are_clients() {
    let world = World::new();
    let clinic = |name: &str| {
        let rows = ROWS.lines().filter(|row| row.starts_with(name));
        let rows: Vec<&str> = ROWS.lines().take(1).chain(rows).collect();
        fs::write(world.path(&format!("{name}.csv")), rows.join("\n")).unwrap();
    };
    clinic("north");
    clinic("south");
    let run = "simulate --spec plane.toml --epochs 2";
    let dealt = world.stdout(&format!(
        "{run} --data rows.csv --scheme column --column clinic"
    ));
    let files = world.stdout(&format!("{run} --data north.csv --data south.csv"));
    assert!(
        dealt.starts_with("[INIT] \"plane\": 2 clients, 12 rows; "),
        "{dealt}"
    );
    assert_eq!(dealt, files);
    // All rows held out are measured, and none of them is trained on.
    let measured = world.stdout(&format!(
        "{run} --data north.csv --data south.csv --held-out rows.csv"
    ));
    assert!(
        measured.contains("2 clients, 12 rows, 12 held out"),
        "{measured}"
    );
}

#[test]
fn what_cannot_be_simulated_is_said() {
    let world = World::new();
    let run = "simulate --spec plane.toml --data rows.csv";
    for (line, code, expected) in [
        (
            format!("{run} --clients 13"),
            2,
            "12 rows are too few for 13 clients",
        ),
        (
            format!("{run} --clients 2 --scheme dirichlet"),
            2,
            "a regression has none: take --scheme quantity",
        ),
        (
            format!("{run} --data rows.csv --clients 2"),
            2,
            "several --data are the rows of one client each",
        ),
        (format!("{run} --scheme quantity"), 2, "Add --clients"),
        (
            format!("{run} --clients 2 --sample 3"),
            5,
            "cannot sample 3 of 2 clients",
        ),
        (
            format!("{run} --clients 2 --attack label-flipper --attackers 1"),
            5,
            "the attack label_flipper changes labels",
        ),
        (
            format!("{run} --clients 2 --attack flipper --attackers 1"),
            2,
            "the attacks are copier, sign-flipper, scaler, gaussian-noise, label-flipper, \
             little-is-enough, overflow, minimum-integer, sample-count-inflator",
        ),
        (
            format!("{run} --clients 2 --drop-out 1"),
            2,
            "a probability from 0 to below 1 is expected",
        ),
        (
            "simulate --spec rows.csv --data rows.csv".into(),
            5,
            "rows.csv: line 1, column 7: ",
        ),
    ] {
        let (found, said) = world.failure(&line);
        assert!(
            found == Some(code) && said.contains(expected),
            "{line}: {found:?}: {said}"
        );
    }
}

#[test]
fn limits_of_the_chain_are_noted() {
    let world = World::new();
    let output = world.run("simulate --spec plane.toml --data rows.csv --clients 9 --rounds 1");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && said.contains("on chain this federation has 2 to 8 clients"),
        "{said}"
    );
}

#[test]
fn a_certified_regression_is_solved_instead() {
    let world = World::new();
    let strategy = "strategy = { least_squares = { penalty = \"0.001\", epsilon = \"0.001\" } }";
    let spec = SPEC.replace("strategy = \"fed_avg\"", strategy);
    fs::write(world.path("proven.toml"), &spec).unwrap();
    let line = "simulate --spec proven.toml --data rows.csv --clients 2";
    let told = world.stdout(line);
    let expected = "[CERTIFICATE] 2 clients, 12 rows: within ";
    assert!(
        told.starts_with(expected) && told.contains("0.001 allowed; curvature at least "),
        "{told}"
    );
    let json: Value =
        serde_json::from_str(&world.stdout(&format!("{line} --format json"))).unwrap();
    assert_eq!(
        (&json["event"], &json["rows"]),
        (&json!("certificate"), &json!(12))
    );
    assert!(json["distance"].as_f64().unwrap() < 0.001, "{json}");
    assert!(json["metrics"]["rmse"].as_f64().unwrap() < 0.1, "{json}");
    let (code, error) = world.failure(&format!("{line} --rounds 2"));
    assert!(
        code == Some(2) && error.contains("has one round"),
        "{error}"
    );
    // Three rows are too few for two features.
    let (code, error) = world.failure(&line.replace("--clients 2", "--clients 4"));
    assert_eq!(code, Some(5));
    assert!(
        error.contains("client 1 in round 1: you have 3 rows"),
        "{error}"
    );
}
