//! The configuration file: what a user does not want to type each time.
//!
//! Its values become the defaults of the arguments with the same names when the command line is
//! built. So a flag goes before the environment, the environment before the file, the file before
//! what is built in, and `--help` shows what applies.

use std::{
    env,
    ffi::OsString,
    fs, io,
    path::{Path, PathBuf},
};

use clap::{Arg, Command};
use serde::{Deserialize, Serialize};

use super::written;
use crate::{Error, keys};

/// Positional arguments that a command may have for the first of them to be optional: clap tells no
/// more than two apart.
const POSITIONALS_MAX: usize = 2;

/// The file's values.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Config {
    /// Address of the node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) url: Option<String>,
    /// Key as `--key` takes it, never a secret; a relative path is one from the file's directory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) key: Option<String>,
    /// Number of the federation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) federation: Option<u32>,
    /// Where openings of commitments are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) state_dir: Option<PathBuf>,
}

/// The variable that names the file.
const NAMED: &str = "FEDCHAIN_CONFIG";

/// Whether the user has named the file.
fn is_named(variable: impl Fn(&str) -> Option<OsString>) -> bool {
    variable(NAMED).is_some_and(|value| !value.is_empty())
}

/// Where the file is, by the environment: `FEDCHAIN_CONFIG`, or in the user's configuration
/// directory. None where there is no such directory.
pub(super) fn path(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let set = |name| {
        variable(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    set(NAMED).or_else(|| {
        set("XDG_CONFIG_HOME")
            .or_else(|| set("HOME").map(|home| home.join(".config")))
            .map(|directory| directory.join("fedchain/config.toml"))
    })
}

impl Config {
    /// Reads the user's file; without one nothing is set.
    ///
    /// # Errors
    /// [`Error::Usage`] when the file is there and cannot be used.
    pub(super) fn load() -> Result<Self, Error> {
        let Some(file) = path(|name| env::var_os(name)) else {
            return Ok(Self::default());
        };
        Self::read(&file, is_named(|name| env::var_os(name)))
    }

    /// What a file says, if there is one; `is_named` says whether the user has named it.
    fn read(file: &Path, is_named: bool) -> Result<Self, Error> {
        let error = match fs::read_to_string(file) {
            Ok(text) => return Self::parse(&text, file),
            Err(error) => error,
        };
        // Whoever may not look into the folder, as in a container, or has a home that is no folder, has no
        // file there.
        let is_hidden = || !is_named && fs::symlink_metadata(file).is_err();
        match error.kind() {
            io::ErrorKind::NotFound => Ok(Self::default()),
            _ if is_hidden() => Ok(Self::default()),
            _ => Err(unusable(file, &error.to_string())),
        }
    }

    /// What a file says.
    fn parse(text: &str, file: &Path) -> Result<Self, Error> {
        let mut config: Self = written::parse(text)
            .and_then(|document| written::read(text, document, &[]))
            .map_err(|mistake| unusable(file, &mistake.to_string()))?;
        if config.key.as_deref().is_some_and(keys::is_secret) {
            let reason = "`key` holds a secret: put it into a file with mode 600, and name that";
            return Err(unusable(file, reason));
        }
        if config
            .key
            .as_deref()
            .is_some_and(|key| key.trim().is_empty())
        {
            return Err(unusable(
                file,
                "`key` is empty: name a file, or leave it out",
            ));
        }
        let directory = file.parent().unwrap_or(Path::new(""));
        config.key = config.key.map(|key| match key.as_str() {
            "-" => key,
            _ => directory.join(key).display().to_string(),
        });
        config.state_dir = config.state_dir.map(|dir| directory.join(dir));
        Ok(config)
    }

    /// The command line with these values as its defaults.
    pub(super) fn defaults(&self, command: Command) -> Command {
        let is_simple = command.get_positionals().count() <= POSITIONALS_MAX;
        command
            .allow_missing_positional(self.federation.is_some() && is_simple)
            .mut_args(|arg| self.with_default(arg, is_simple))
            .mut_subcommands(|command| self.defaults(command))
    }

    fn with_default(&self, arg: Arg, is_simple: bool) -> Arg {
        // An optional federation means something when it is missing.
        let takes_federation = !arg.is_positional() || (arg.is_required_set() && is_simple);
        let value: Option<OsString> = match arg.get_id().as_str() {
            "url" => self.url.as_ref().map(Into::into),
            "key" => self.key.as_ref().map(Into::into),
            "state_dir" => self.state_dir.as_ref().map(Into::into),
            "federation" if takes_federation => self.federation.map(|n| n.to_string().into()),
            _ => None,
        };
        match value {
            Some(value) => arg.required(false).default_value(value),
            None => arg,
        }
    }
}

fn unusable(file: &Path, reason: &str) -> Error {
    Error::Usage(format!(
        "the configuration file {} cannot be used: {reason}\nCorrect it, or write it anew by `fedchain \
         init --force`",
        file.display()
    ))
}

#[cfg(test)]
mod tests;
