//! What may be typed.

use clap::{CommandFactory, Parser, error::ErrorKind};

use super::Cli;

fn parse(line: &str) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(line.split_whitespace())
}

#[test]
fn the_definition_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn every_command_parses() {
    for line in [
        "fedchain key new",
        "fedchain key new --out key.txt",
        "fedchain key show --key //Alice",
        "fedchain federation create --spec spec.toml --key //Alice",
        "fedchain federation list --format json",
        "fedchain --url ws://127.0.0.1:1 federation show 0",
        "fedchain federation invite 0 //Bob --key //Alice",
        "fedchain federation invite 0 5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY --key - --fund 1.5",
        "fedchain federation appoint 0 //Dave --key //Alice --fund 10",
        "fedchain federation gate 0 1",
        "fedchain federation advance 0 --key //Alice",
        "fedchain federation cancel 0 --key //Alice",
        "fedchain federation remove 0 --key //Alice",
        "fedchain join 0 --key key.txt --yes",
        "fedchain leave 0 --key key.txt",
        "fedchain train 0 --key //Bob --data rows.csv",
        "fedchain train 0 --key //Bob --data rows.csv --target y --epochs 5 --batch-size 8 --learning-rate 0.1 --seed 7 --state-dir /tmp",
        "fedchain model get 0 --round 3 --out model.json",
        "fedchain model evaluate 0 --data rows.csv",
        "fedchain model predict 0 --data rows.csv --out predictions.csv",
        "fedchain evaluate 0 --key //Dave --data rows.csv --publish-rows",
        "fedchain verify 0 --to 9 --model model.json",
        "fedchain block 12",
        "fedchain block 0x0101010101010101010101010101010101010101010101010101010101010101",
        "fedchain status --key //Alice",
    ] {
        parse(line).unwrap_or_else(|error| panic!("{line}: {error}"));
    }
}

#[test]
fn mistakes_are_usage_errors() {
    for (line, kind) in [
        (
            "fedchain train zero --key //Bob --data rows.csv",
            ErrorKind::ValueValidation,
        ),
        (
            "fedchain train 0 --key //Bob",
            ErrorKind::MissingRequiredArgument,
        ),
        (
            "fedchain train 0 --key //Bob --data d --learning-rate -1",
            ErrorKind::UnknownArgument,
        ),
        (
            "fedchain train 0 --key //Bob --data d --learning-rate 0",
            ErrorKind::ValueValidation,
        ),
        (
            "fedchain train 0 --key //Bob --data d --epochs 0",
            ErrorKind::ValueValidation,
        ),
        (
            "fedchain federation invite 0 nobody --key //Alice",
            ErrorKind::ValueValidation,
        ),
        (
            "fedchain federation invite 0 //Bob --key //Alice --fund 1,5",
            ErrorKind::ValueValidation,
        ),
        ("fedchain block 0x12", ErrorKind::ValueValidation),
        (
            "fedchain federation",
            ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand,
        ),
        ("fedchain status --format xml", ErrorKind::InvalidValue),
    ] {
        let error = parse(line)
            .err()
            .unwrap_or_else(|| panic!("{line} was accepted"));
        assert_eq!(error.kind(), kind, "{line}: {error}");
    }
}

#[test]
fn the_exit_codes_are_part_of_the_help() {
    let help = Cli::command().render_long_help().to_string();
    assert!(
        help.contains("6  verification found a difference"),
        "{help}"
    );
}
