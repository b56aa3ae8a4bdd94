//! `fedchain audit`.

use clap::Args;

use super::{
    Common,
    output::{self, Output},
    progress::Progress,
    verify::{line, rejected},
};
use crate::{
    Error,
    verify::audit::{Found, Report, audit},
    words::count,
};

#[derive(Debug, Args)]
pub(super) struct Audit {
    /// Last block [default: the newest finalised block].
    #[arg(long)]
    to: Option<u32>,
}

impl Audit {
    pub(super) async fn run(self, common: &Common) -> Result<(), Error> {
        let chain = common.connect().await?;
        let finalised = chain.finalised().await?.number;
        if self.to.is_some_and(|to| to > finalised) {
            output::hint(&format!(
                "blocks above {finalised} are not final: a fork in them looks like a fault"
            ));
        }
        let progress = Progress::new(common.format, "blocks");
        let tell = |found: &Found| {
            if common.format == Output::Text {
                progress.aside(|| common.print(found, || say(found)));
            }
        };
        let passed = |done, all| progress.show(done, all);
        let report = audit(&chain, self.to, tell, passed).await?;
        // What the blocks took is proven, whatever they hold.
        common.print(&report, || summary(&report));
        Ok(report.proves_models()?)
    }
}

fn summary(report: &Report) -> String {
    let follow = match (report.models, report.rejected) {
        (1, 0) => "follows from the updates in it",
        _ => "follow from the updates in them",
    };
    let models = match report.proves_models() {
        Ok(()) => format!(
            "; {}{} of {} {follow}",
            count(report.models, "server model"),
            rejected(report.rejected),
            count(report.federations, "federation")
        ),
        Err(_) => String::new(),
    };
    format!(
        "audited: blocks 0 to {} follow from each other and took {}{models}\n  genesis    {:?}\n  {}",
        report.reach.to,
        count(report.work, "hash"),
        report.genesis,
        report.reach.line()
    )
}

fn say(found: &Found) -> String {
    match found {
        Found::Federation {
            federation,
            name,
            block,
        } => format!("block {block}: federation {federation} is created: {name}"),
        Found::Round { federation, round } => format!("federation {federation}, {}", line(round)),
        Found::Removal { federation, block } => {
            format!("block {block}: federation {federation} is removed; it was over")
        }
        Found::Upgrade { block } => format!(
            "block {block}: the runtime's code is replaced; what it is now, this program cannot know"
        ),
    }
}
