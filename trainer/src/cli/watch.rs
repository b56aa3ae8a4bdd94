//! `fedchain watch`.

use std::{
    io::{IsTerminal, stdout},
    path::PathBuf,
};

use clap::Args;
use ratatui::crossterm::terminal;

use super::{
    Common,
    config::Config,
    output::{self, Output},
    reading::TargetReadingArgs,
};
use crate::{
    Error, rows,
    watch::{self, Rows},
};

/// Cells of a screen that goes to no terminal.
const SCREEN: (u16, u16) = (80, 24);

#[derive(Debug, Args)]
pub(super) struct Watch {
    /// Number of the federation to begin with; without it that of the configuration, or the first.
    federation: Option<u32>,
    /// Rows of your own: shows the loss of the federation's server models on them.
    #[arg(long, requires = "federation")]
    data: Option<PathBuf>,
    /// Header of the target column, where your file calls it otherwise than the federation.
    #[arg(long, requires = "data")]
    target: Option<String>,
    #[command(flatten)]
    reading: TargetReadingArgs,
    /// Print one screen as text, and end; needs no terminal.
    #[arg(long)]
    once: bool,
}

impl Watch {
    pub(super) async fn run(self, common: &Common) -> Result<(), Error> {
        let is_terminal = stdout().is_terminal();
        if common.format == Output::Json {
            return Err(Error::Usage(
                "watch draws for people: programs ask `fedchain federation show N --format json`"
                    .into(),
            ));
        }
        if !self.once && !is_terminal {
            return Err(Error::Usage(
                "standard output is no terminal: `fedchain federation show N` says how a federation \
                 stands, `fedchain watch --once` prints one screen"
                    .into(),
            ));
        }
        let chain = common.connect().await?;
        let mut rows = None;
        let chosen = match self.federation {
            Some(federation) => {
                let head = chain.best().await?;
                let view = chain.federation(federation, head.hash).await?;
                if let Some(file) = &self.data {
                    let schema = &view.spec.task.schema;
                    let reading = self.reading.reading();
                    let target = self.target.as_deref();
                    let data = rows::read(file, &reading, schema, target, |note| {
                        output::hint(&note);
                    })?;
                    rows = Some(Rows { federation, data });
                }
                Some(federation)
            }
            None => Config::load()?.federation,
        };
        let url = common.url.clone();
        if self.once {
            let size = match is_terminal {
                true => terminal::size().unwrap_or(SCREEN),
                false => SCREEN,
            };
            let screen = watch::once(&chain, url, chosen, rows, size).await?;
            output::print(Output::Text, &(), || screen);
            return Ok(());
        }
        watch::run(chain, url, chosen, rows).await
    }
}
