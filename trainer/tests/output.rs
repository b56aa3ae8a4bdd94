//! What cannot be printed, written or read: no command ends as if nothing had happened.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    fs::{self, OpenOptions},
    io,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Output, Stdio},
};

use tempfile::TempDir;

const FULL: &str =
    "error: cannot write to standard output: No space left on device (os error 28)\n";

const ROWS: &str = "\
a,b,y
1,0,3
0,1,0
1,1,2
-1,0,-1
0,-1,2
-1,-1,0
";

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

/// Commands that print and need no node.
const COMMANDS: [&str; 13] = [
    "--help",
    "--version",
    "help federation invite",
    "completions bash",
    "completions zsh",
    "man --out-dir man",
    "key new",
    "key show --key //Alice",
    "key show --key //Alice --format json",
    "schema infer rows.csv --target y",
    "schema infer rows.csv --target y --format json",
    "data check rows.csv --spec plane.toml",
    "simulate --spec plane.toml --data rows.csv --clients 2",
];

fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("rows.csv"), ROWS).unwrap();
    fs::write(folder.path().join("plane.toml"), SPEC).unwrap();
    folder
}

/// `fedchain` in a folder, with no configuration and nothing on standard input.
fn fedchain(folder: &TempDir, line: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fedchain"));
    command
        .args(line.split_whitespace())
        .current_dir(folder.path())
        .env("HOME", folder.path())
        .stdin(Stdio::null());
    for variable in ["FEDCHAIN_CONFIG", "FEDCHAIN_KEY", "XDG_CONFIG_HOME"] {
        command.env_remove(variable);
    }
    command
}

/// Exit code and what was said to people.
fn end(output: &Output) -> (i32, String) {
    let said = String::from_utf8(output.stderr.clone()).unwrap();
    (output.status.code().unwrap(), said)
}

#[test]
fn a_full_disk_is_told() {
    for line in COMMANDS {
        let folder = folder();
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = fedchain(&folder, line).stdout(full).output().unwrap();
        let (code, said) = end(&output);
        assert_eq!(code, 1, "{line}: {said}");
        assert!(said.ends_with(FULL), "{line}: {said}");
    }
}

#[test]
fn a_reader_that_went_away_is_no_failure() {
    for line in COMMANDS {
        let folder = folder();
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        let output = fedchain(&folder, line).stdout(writer).output().unwrap();
        let (code, said) = end(&output);
        assert_eq!(code, 0, "{line}: {said}");
        assert!(
            !said.contains("panicked") && !said.contains("error"),
            "{line}: {said}"
        );
    }
}

#[test]
fn an_error_keeps_its_code_when_it_cannot_be_printed() {
    let folder = folder();
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    let line = "schema infer missing.csv --target y --format json";
    let output = fedchain(&folder, line).stdout(full).output().unwrap();
    assert_eq!(end(&output), (5, FULL.to_owned()));
}

/// Runs a command that may write no byte into a file: the system says so as on a full disk.
fn without_room(folder: &TempDir, line: &str) -> Output {
    let script = format!(
        "trap '' XFSZ; ulimit -f 0; exec {} {line}",
        env!("CARGO_BIN_EXE_fedchain")
    );
    Command::new("sh")
        .args(["-c", &script])
        .current_dir(folder.path())
        .env("HOME", folder.path())
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn half_a_file_is_none() {
    for (line, code) in [
        ("key new --out my.key", 7),
        ("schema infer rows.csv --target y --out schema.toml", 5),
        ("init --yes --url ws://127.0.0.1:1", 5),
        (
            "data partition rows.csv --clients 2 --scheme iid --out-dir .",
            5,
        ),
        ("man --out-dir .", 5),
    ] {
        let folder = folder();
        let (found, said) = end(&without_room(&folder, line));
        assert_eq!(found, code, "{line}: {said}");
        assert!(said.contains("File too large"), "{line}: {said}");
        let left: Vec<String> = names(folder.path())
            .into_iter()
            .filter(|name| name != ".config")
            .collect();
        assert_eq!(left, ["plane.toml", "rows.csv"], "{line}");
        let config = folder.path().join(".config/fedchain");
        assert!(!config.exists() || names(&config).is_empty(), "{line}");
    }
}

#[test]
fn an_empty_key_is_none() {
    let folder = folder();
    let file = folder.path().join("empty.key");
    for text in ["", "\n", " \r\n", "///"] {
        fs::write(&file, text).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        let output = fedchain(&folder, "key show --key empty.key").output();
        let (code, said) = end(&output.unwrap());
        assert_eq!(code, 7, "{text:?}: {said}");
        assert!(
            said.starts_with("error: empty.key holds no key: "),
            "{text:?}: {said}"
        );
    }
    for source in ["-", "///", "//"] {
        let output = fedchain(&folder, &format!("key show --key {source}")).output();
        let (code, said) = end(&output.unwrap());
        assert_eq!(code, 7, "{source}: {said}");
        assert!(said.contains("holds no key"), "{source}: {said}");
    }
}

#[test]
fn a_home_that_cannot_be_read_has_no_configuration() {
    let folder = folder();
    let line = "data check rows.csv --spec plane.toml";
    for home in [Some("/dev/null"), Some(""), None] {
        let mut command = fedchain(&folder, line);
        match home {
            Some(home) => command.env("HOME", home),
            None => command.env_remove("HOME"),
        };
        let (code, said) = end(&command.output().unwrap());
        assert_eq!((code, said.as_str()), (0, ""), "{home:?}");
    }
    let mut named = fedchain(&folder, line);
    let output = named.env("FEDCHAIN_CONFIG", "/dev/null/c.toml").output();
    let (code, said) = end(&output.unwrap());
    assert_eq!(code, 2);
    assert!(said.contains("/dev/null/c.toml cannot be used"), "{said}");
}

#[test]
fn a_place_for_results_is_checked_before_the_work() {
    let folder = folder();
    fs::create_dir(folder.path().join("taken")).unwrap();
    let made = fedchain(&folder, "key new --out owner.key")
        .output()
        .unwrap();
    assert_eq!(made.status.code(), Some(0));
    for line in [
        "schema infer rows.csv --target y --out rows.csv --force",
        "schema infer rows.csv --target y --out owner.key --force",
        "serve --spec plane.toml --out ./plane.toml",
        "model predict 0 --data rows.csv --out rows.csv --url ws://127.0.0.1:1",
        "model card 0 --out owner.key --url ws://127.0.0.1:1",
        "simulate --spec plane.toml --data rows.csv --clients 2 --out-dir rows.csv",
        "schema infer rows.csv --target y --out taken",
        "schema infer rows.csv --target y --out missing/schema.toml",
        "serve --spec plane.toml --out taken/model.txt",
        "serve --spec plane.toml --out missing/model.json",
        // Nothing answers there.
        "model predict 0 --data rows.csv --out taken --url ws://127.0.0.1:1",
        "model export 0 --onnx missing/m.onnx --url ws://127.0.0.1:1",
        "model get 0 --out missing/m.json --url ws://127.0.0.1:1",
        "model card 0 --out missing/card.md --url ws://127.0.0.1:1",
        "receipt get 0 1 --client //Bob --out missing/bob.receipt --url ws://127.0.0.1:1",
    ] {
        let output = fedchain(&folder, line).output().unwrap();
        let (code, said) = end(&output);
        assert_eq!(code, 5, "{line}: {said}");
        assert_eq!(output.stdout, b"", "{line}");
        assert_eq!(said.lines().count(), 1, "{line}: {said}");
    }
}

#[test]
fn addresses_are_taken_as_people_write_them() {
    let folder = folder();
    for (url, expected) in [
        (
            "http://127.0.0.1:1",
            "no node answers at ws://127.0.0.1:1 (",
        ),
        ("127.0.0.1:1", "no node answers at ws://127.0.0.1:1 ("),
    ] {
        let output = fedchain(&folder, &format!("status --url {url}")).output();
        let (code, said) = end(&output.unwrap());
        assert_eq!(code, 3, "{said}");
        assert!(said.contains(expected), "{said}");
    }
}

#[test]
fn pipes_get_no_colours_at_any_width() {
    for columns in ["40", "80"] {
        for line in COMMANDS
            .into_iter()
            .chain(["status --format xml", "joyn 0"])
        {
            let folder = folder();
            let output = fedchain(&folder, line).env("COLUMNS", columns).output();
            let Output { stdout, stderr, .. } = output.unwrap();
            let said = [stdout, stderr].concat();
            assert!(!said.contains(&0x1b), "{line}");
            let said = String::from_utf8(said).unwrap();
            assert!(!said.contains("panicked"), "{line}: {said}");
        }
    }
}
