//! Which value applies, and what a file may say.

use clap::{Arg, CommandFactory, FromArgMatches};

use super::{super::Cli, *};

/// A variable that cargo sets for every test.
const VARIABLE: &str = "CARGO_PKG_NAME";

fn config() -> Config {
    Config {
        url: Some("ws://file:1".into()),
        key: Some("//File".into()),
        federation: Some(7),
        state_dir: None,
    }
}

/// The values of some arguments of the innermost command of a line, with their defaults from a file.
#[track_caller]
fn values(command: Command, line: &str, of: &[&str]) -> Vec<String> {
    let command = config().defaults(command);
    let matches = command
        .try_get_matches_from(line.split_whitespace())
        .unwrap_or_else(|error| panic!("{line}: {error}"));
    Cli::from_arg_matches(&matches).unwrap_or_else(|error| panic!("{line}: {error}"));
    let mut inner = &matches;
    while let Some((_, deeper)) = inner.subcommand() {
        inner = deeper;
    }
    let raw = |id: &&str| {
        let value = inner.get_raw(id).and_then(|mut values| values.next());
        value.unwrap().to_string_lossy().into_owned()
    };
    of.iter().map(raw).collect()
}

#[test]
fn the_file_gives_what_the_line_does_not() {
    let check = |line, expected: [&str; 3]| {
        let found = values(Cli::command(), line, &["url", "key", "federation"]);
        assert_eq!(found, expected, "{line}");
    };
    check(
        "fedchain train --data rows.csv",
        ["ws://file:1", "//File", "7"],
    );
    check(
        "fedchain train 3 --data rows.csv --key //Flag --url ws://flag:1",
        ["ws://flag:1", "//Flag", "3"],
    );
    // The server goes before the file's federation.
    check(
        "fedchain train --server http://flag:1 --data rows.csv",
        ["ws://file:1", "//File", "7"],
    );
    check(
        "fedchain federation cancel --key //Flag",
        ["ws://file:1", "//Flag", "7"],
    );
}

#[test]
fn the_environment_goes_before_the_file_and_after_the_flag() {
    let command = || {
        let from_variable = |arg: Arg| arg.env(VARIABLE);
        Cli::command().mut_arg("url", from_variable)
    };
    assert_eq!(
        values(command(), "fedchain status", &["url"]),
        ["fedchain-trainer"]
    );
    assert_eq!(
        values(command(), "fedchain status --url ws://flag:1", &["url"]),
        ["ws://flag:1"]
    );
}

#[test]
fn a_single_number_is_the_argument_after_the_federation() {
    let check = |line, id, expected: [&str; 2]| {
        let found = values(Cli::command(), line, &["federation", id]);
        assert_eq!(found, expected, "{line}");
    };
    check("fedchain federation gate 2", "round", ["7", "2"]);
    check("fedchain federation gate 3 2", "round", ["3", "2"]);
    check(
        "fedchain federation invite //Bob",
        "account",
        ["7", "//Bob"],
    );
}

#[test]
fn the_definition_is_sound_with_defaults_and_the_help_shows_them() {
    let mut command = config().defaults(Cli::command());
    command.clone().debug_assert();
    let train = command.find_subcommand_mut("train").unwrap();
    let help = train.render_help().to_string();
    assert!(help.contains("[default: 7]"), "{help}");
    assert!(help.contains("[default: //File]"), "{help}");
}

#[test]
fn a_file_may_leave_out_all_and_names_files_from_where_it_is() {
    let parse = |text| Config::parse(text, Path::new("/me/config.toml"));
    assert_eq!(parse("").unwrap(), Config::default());
    let key = |text| parse(text).unwrap().key.unwrap();
    assert_eq!(key("key = \"key.txt\""), "/me/key.txt");
    assert_eq!(key("key = \"/keys/key.txt\""), "/keys/key.txt");
    assert_eq!(key("key = \"//Alice\""), "//Alice");
    assert_eq!(key("key = \"-\""), "-");
}

#[test]
fn mistakes_in_the_file_are_named() {
    let check = |text, expected| {
        let error = Config::parse(text, Path::new("/me/config.toml")).unwrap_err();
        let message = error.to_string();
        assert!(message.contains(expected), "{message}");
        assert!(message.contains("/me/config.toml"), "{message}");
        assert_eq!(error.exit_code(), 2);
    };
    check(
        "# mine\nuri = \"ws://node:9944\"",
        "line 2, column 1: unknown key `uri`: did you mean `url`?",
    );
    check(
        "nodes = 1",
        "unknown key `nodes`: possible here: url, key, federation, state_dir",
    );
    check(
        "url = \"ws://a\"\nurl = \"ws://b\"",
        "line 2, column 1: the key `url` stands twice",
    );
    check(
        "federation = -1",
        "line 1, column 14: invalid value: integer `-1`",
    );
    check("key = \"\"", "`key` is empty");
    check("key = \"a b c d e f g h i j k l\"", "`key` holds a secret");
}

#[test]
fn a_file_that_nobody_named_and_nobody_can_see_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let (missing, in_no_folder) = (folder.path().join("c.toml"), Path::new("/dev/null/c.toml"));
    for (file, is_named) in [
        (missing.as_path(), false),
        (&missing, true),
        (in_no_folder, false),
    ] {
        let found = Config::read(file, is_named).unwrap();
        assert_eq!(found, Config::default(), "{}", file.display());
    }
    // What is there, or was named, and cannot be read is told.
    for (file, is_named) in [(in_no_folder, true), (folder.path(), false)] {
        let error = Config::read(file, is_named).unwrap_err();
        assert!(error.to_string().contains("cannot be used"), "{error}");
    }
}

#[test]
fn the_file_is_where_the_environment_says() {
    let check = |variables: &'static [(&str, &str)], expected: Option<&str>| {
        let found = path(|name| {
            let set = variables.iter().find(|(set, _)| *set == name);
            set.map(|(_, value)| (*value).into())
        });
        assert_eq!(found.as_deref(), expected.map(Path::new));
    };
    check(
        &[("FEDCHAIN_CONFIG", "/c.toml"), ("HOME", "/h")],
        Some("/c.toml"),
    );
    check(
        &[("XDG_CONFIG_HOME", "/x"), ("HOME", "/h")],
        Some("/x/fedchain/config.toml"),
    );
    check(
        &[("XDG_CONFIG_HOME", ""), ("HOME", "/h")],
        Some("/h/.config/fedchain/config.toml"),
    );
    check(&[], None);
}
