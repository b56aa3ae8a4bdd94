//! What the documents say to type is typed, and what they show is compared with what appears.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};
use fedchain_e2e::document::{run, steps};
use fedchain_test_support::{binary, free_port};

/// The project's folder.
fn root() -> Result<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    Ok(root.canonicalize()?)
}

/// Runs a document in a folder that has the examples and data sets of the project, with ports and a
/// home of its own.
fn check(document: &str) -> Result<()> {
    let root = root()?;
    let home = tempfile::tempdir()?;
    for name in ["docs", "datasets"] {
        std::os::unix::fs::symlink(root.join(name), home.path().join(name))?;
    }
    let (rpc, peers, server) = (free_port()?, free_port()?, free_port()?);
    let own_ports = format!("fedchain-node --rpc-port {rpc} --port {peers} --no-prometheus --dev");
    let text = fs::read_to_string(root.join(document))?;
    let mut steps = steps(&text);
    assert!(!steps.is_empty(), "{document} has no commands");
    for step in &mut steps {
        let command = step.command.replace("fedchain-node --dev", &own_ports);
        step.command = command.replace("127.0.0.1:9955", &format!("127.0.0.1:{server}"));
    }
    let programs = binary("fedchain")?;
    let folder = programs.parent().context("a program is in a folder")?;
    let variables = [
        ("FEDCHAIN_URL", format!("ws://127.0.0.1:{rpc}")),
        ("HOME", home.path().display().to_string()),
        (
            "XDG_STATE_HOME",
            home.path().join("state").display().to_string(),
        ),
        (
            "XDG_CONFIG_HOME",
            home.path().join("config").display().to_string(),
        ),
    ];
    run(&steps, home.path(), folder, &variables).with_context(|| document.to_owned())
}

#[test]
fn the_tutorial() -> Result<()> {
    check("docs/tutorial.md")
}

#[test]
fn every_command_at_work() -> Result<()> {
    check("docs/commands.md")
}

#[test]
fn no_command_is_left_out() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let fedchain = binary("fedchain")?;
    let mut man = Command::new(&fedchain);
    let man = man.args(["man", "--out-dir"]).arg(folder.path());
    ensure!(man.status()?.success(), "no manual pages");
    let mut pages = Vec::new();
    for page in fs::read_dir(folder.path())? {
        let name = page?.file_name().into_string().unwrap_or_default();
        pages.push(name.trim_end_matches(".1").replace('-', " "));
    }
    let mut typed = String::new();
    for document in ["docs/tutorial.md", "docs/commands.md"] {
        let text = fs::read_to_string(root()?.join(document))?;
        typed.extend(steps(&text).into_iter().map(|step| step.command + "\n"));
    }
    let is_group = |page: &&String| pages.iter().any(|p| p.starts_with(&format!("{page} ")));
    let commands: Vec<_> = pages.iter().filter(|page| !is_group(page)).collect();
    assert!(commands.len() > 30, "{commands:?}");
    for command in commands {
        let is_typed = [" ", "\n"].map(|end| typed.contains(&format!("{command}{end}")));
        assert!(is_typed.contains(&true), "`{command}` is not shown at work");
    }
    Ok(())
}
