//! `fedchain completions` and `fedchain man`: what shells and `man` know of the command line, from
//! its own definition.

use std::{fs, io, path::PathBuf};

use clap::{Args, CommandFactory};
use clap_complete::Shell;
use serde_json::json;

use super::{Cli, Common, file_error, output, write_file};
use crate::Error;

#[derive(Debug, Args)]
pub(super) struct Completions {
    /// The shell.
    shell: Shell,
}

#[derive(Debug, Args)]
pub(super) struct Man {
    /// Directory for the pages; made if it is not there.
    #[arg(long)]
    out_dir: PathBuf,
}

impl Completions {
    pub(super) fn run(self) -> Result<(), Error> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "fedchain", &mut script);
        output::write(|out| out.write_all(&script));
        Ok(())
    }
}

impl Man {
    pub(super) fn run(self, common: &Common) -> Result<(), Error> {
        let failed = |error: io::Error| file_error(&self.out_dir, error);
        fs::create_dir_all(&self.out_dir).map_err(failed)?;
        let drafts = tempfile::tempdir_in(&self.out_dir).map_err(failed)?;
        clap_mangen::generate_to(Cli::command(), &drafts).map_err(failed)?;
        for page in fs::read_dir(&drafts).map_err(failed)? {
            let page = page.map_err(failed)?;
            let place = self.out_dir.join(page.file_name());
            let text = fs::read(page.path()).map_err(failed)?;
            write_file(&place, text)?;
        }
        common.print(&json!({ "out_dir": self.out_dir }), || {
            format!("the pages are in {}", self.out_dir.display())
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use clap::{Command, ValueEnum};

    use super::*;

    /// The names of all commands below one, joined as `man` names pages, and what they are about.
    fn commands(of: &Command, name: &str, into: &mut Vec<(String, String)>) {
        let about = of.get_about().map(ToString::to_string).unwrap_or_default();
        into.push((name.to_owned(), about));
        for command in of.get_subcommands() {
            commands(command, &format!("{name}-{}", command.get_name()), into);
        }
    }

    fn all() -> Vec<(String, String)> {
        let mut found = Vec::new();
        commands(&Cli::command(), "fedchain", &mut found);
        assert!(found.len() > 20, "{found:?}");
        found
    }

    #[test]
    fn every_command_is_in_every_shells_completions() {
        for shell in Shell::value_variants() {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Cli::command(), "fedchain", &mut script);
            let script = String::from_utf8(script).unwrap();
            for (name, _) in all() {
                let word = name.rsplit('-').next().unwrap();
                assert!(script.contains(word), "{shell}: {name}");
            }
        }
    }

    #[test]
    fn every_command_has_a_page_that_says_what_it_is_about() {
        let directory = tempfile::tempdir().unwrap();
        clap_mangen::generate_to(Cli::command(), directory.path()).unwrap();
        for (name, about) in all() {
            let page = fs::read_to_string(directory.path().join(format!("{name}.1")));
            // Roff has its own ways of writing an apostrophe and a hyphen.
            let page = page
                .unwrap_or_else(|error| panic!("{name}: {error}"))
                .replace("\\*(Aq", "'")
                .replace("\\-", "-");
            assert!(!about.is_empty(), "{name}");
            assert!(page.contains(&about), "{name}: {about}\n{page}");
        }
    }
}
