//! What may be typed.

use clap::{CommandFactory, error::ErrorKind};

use super::{Cli, Command, config::Config};

fn parse(line: &str) -> Result<Cli, clap::Error> {
    Cli::parse_with(line.split_whitespace(), &Config::default())
}

#[test]
fn the_definition_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn every_command_parses() {
    for line in [
        "fedchain init",
        "fedchain init --url ws://node:9944 --key //Alice --federation 3 --state-dir /tmp --force --yes",
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
        "fedchain transfer --to //Bob --amount 1.5 --key key.txt --yes --dry-run",
        "fedchain train 0 --key //Bob --data rows.csv",
        "fedchain train 0 --key //Bob --data rows.csv --target y --epochs 5 --batch-size 8 --learning-rate 0.1 --seed 7 --state-dir /tmp",
        "fedchain train 0 --key //Bob --data rows.csv --momentum 0.9 --l2 0.01 --proximal 0.1",
        "fedchain train 0 --key //Bob --data rows.csv --method genetic --population 20 --generations 5 --mutation 0.2",
        "fedchain train --server http://127.0.0.1:9955 --key //Bob --data rows.csv",
        "fedchain serve --spec spec.toml --client //Alice --client //Bob",
        "fedchain serve --spec spec.toml --listen 0.0.0.0:0 --round-timeout 5 --rounds 2 --out model.json",
        "fedchain train 0 --key //Bob --data rows.csv --clip 0.5 --noise 4 --delta 1e-6",
        "fedchain model get 0 --round 3 --out model.json",
        "fedchain model evaluate 0 --data rows.csv",
        "fedchain model predict 0 --data rows.csv --out predictions.csv --id patient --id visit --missing NA",
        "fedchain model card 0 --data rows.csv --purpose test --out card.md",
        "fedchain model export 0 --onnx m.onnx --json m.json --safetensors m.safetensors",
        "fedchain submit 0 --key //Bob --weights update.npy --samples 147 --round 2 --dry-run",
        "fedchain simulate --spec spec.toml --data rows.csv --clients 100 --sample 0.1 --hold-out 0.2",
        "fedchain evaluate 0 --key //Dave --data rows.csv --publish-rows",
        "fedchain data check rows.csv --federation 0 --target y",
        "fedchain data check rows.csv --federation 0 --missing -,-- --skip-without-target",
        "fedchain data check rows.csv --federation 0 --delimiter ; --no-header",
        "fedchain train 0 --key //Bob --data rows.csv --delimiter tab",
        "fedchain simulate --spec spec.toml --data rows.csv --clients 2 --delimiter |",
        "fedchain evaluate 0 --key //Dave --data rows.csv --no-header",
        "fedchain model evaluate 0 --data rows.csv --delimiter ;",
        "fedchain model predict 0 --data rows.csv --no-header",
        "fedchain model card 0 --data rows.csv --no-header",
        "fedchain watch 0 --data rows.csv --delimiter ;",
        "fedchain data partition rows.csv --clients 4 --scheme dirichlet --alpha 0.1 --target y --seed 2 --hold-out 0.2 --out-dir parts",
        "fedchain schema infer rows.csv --target y --classes --scaling range --out schema.toml --force",
        "fedchain schema infer rows.csv --target y --id patient --missing NA,? --skip-without-target",
        "fedchain schema infer rows.csv --target y --private --bounds b.toml --bound a=-1..1 --labels y=no,yes",
        "fedchain verify 0 --to 9 --model model.json",
        "fedchain block 12",
        "fedchain block 0x0101010101010101010101010101010101010101010101010101010101010101",
        "fedchain status --key //Alice",
        "fedchain completions zsh",
        "fedchain join 0 --key //Bob --dry-run",
        "fedchain --dry-run federation cancel 0 --key //Alice",
        "fedchain man --out-dir man",
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
            "fedchain train --key //Bob --data d",
            ErrorKind::MissingRequiredArgument,
        ),
        (
            "fedchain train 0 --server http://127.0.0.1:9955 --key //Bob --data d",
            ErrorKind::ArgumentConflict,
        ),
        (
            "fedchain train --server http://127.0.0.1:9955 --key //Bob --data d --clip 1 --noise 4",
            ErrorKind::ArgumentConflict,
        ),
        (
            "fedchain serve --spec spec.toml --listen localhost",
            ErrorKind::ValueValidation,
        ),
        (
            "fedchain serve --spec spec.toml --round-timeout 0",
            ErrorKind::ValueValidation,
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
            "fedchain train 0 --key //Bob --data d --clip 0.5",
            ErrorKind::MissingRequiredArgument,
        ),
        (
            "fedchain train 0 --key //Bob --data d --noise 4",
            ErrorKind::MissingRequiredArgument,
        ),
        (
            "fedchain train 0 --key //Bob --data d --delta 1e-6",
            ErrorKind::MissingRequiredArgument,
        ),
        (
            "fedchain train 0 --key //Bob --data d --clip 0.5 --noise 0",
            ErrorKind::ValueValidation,
        ),
        (
            "fedchain train 0 --key //Bob --data d --clip 0.5 --noise 4 --delta 1",
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
            "fedchain transfer --to //Bob --amount 0 --key //Alice",
            ErrorKind::ValueValidation,
        ),
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

#[test]
fn flags_of_another_method_are_refused() {
    for (flags, expected) in [
        ("--method sgd --momentum 0.9", None),
        (
            "--method adam --momentum 0.9",
            Some("--momentum belongs to --method sgd"),
        ),
        (
            "--population 9",
            Some("--population belongs to --method genetic"),
        ),
        (
            "--method least-squares --mutation 0.5",
            Some("--mutation belongs to --method genetic"),
        ),
    ] {
        let line = format!("fedchain train 0 --key //Bob --data rows.csv {flags}");
        let Command::Train(train) = parse(&line).unwrap().command else {
            panic!("train")
        };
        let found = train.hyper.hyper().err().map(|error| error.to_string());
        assert_eq!(found.as_deref(), expected, "{flags}");
    }
}

#[test]
fn what_is_missing_can_be_kept() {
    let check = |line, names, has_tip| {
        let message = parse(line).unwrap_err().to_string();
        assert!(message.contains(names), "{message}");
        assert_eq!(
            message.contains("`fedchain init` keeps"),
            has_tip,
            "{message}"
        );
    };
    check("fedchain leave --key //Alice", "<FEDERATION>", true);
    check("fedchain leave 0", "--key <KEY>", true);
    check("fedchain train 0 --key //Alice", "--data <DATA>", false);
}

#[test]
fn the_help_opens_with_what_fedchain_is() {
    let help = Cli::command().render_help().to_string();
    assert!(help.starts_with("Federated learning on a ledger"), "{help}");
}

#[test]
fn noise_is_asked_for_by_two_flags() {
    for (flags, expected) in [
        ("", None),
        ("--clip 0.5 --noise 4", Some((0.5, 4.0, "1e-5"))),
        (
            "--clip 0.5 --noise 4 --delta 2e-7",
            Some((0.5, 4.0, "2e-7")),
        ),
    ] {
        let line = format!("fedchain train 0 --key //Bob --data rows.csv {flags}");
        let Command::Train(train) = parse(&line).unwrap().command else {
            panic!("train")
        };
        let found = train.noise.noise();
        let found = found.map(|noise| (noise.clip, noise.multiplier, noise.delta.to_string()));
        let expected = expected.map(|(clip, multiplier, delta)| (clip, multiplier, delta.into()));
        assert_eq!(found, expected, "{flags}");
    }
}
