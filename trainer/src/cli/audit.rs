//! `fedchain audit`.

use clap::Args;

use super::{
    Common,
    output::{self, Output},
    progress::Progress,
    verify::line,
};
use crate::{
    Error,
    verify::audit::{Found, audit},
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
        let final_block = chain.finalised().await?.number;
        let to = self.to.unwrap_or(final_block);
        if to > final_block {
            output::hint(&format!(
                "blocks above {final_block} are not final: a fork in them looks like a fault"
            ));
        }
        let progress = Progress::new(common.format, "blocks");
        let tell = |found: &Found| {
            if common.format == Output::Text {
                progress.aside(|| common.print(found, || say(found)));
            }
        };
        let report = audit(&chain, to, tell, |done, all| progress.show(done, all)).await?;
        common.print(&report, || {
            format!(
                "audited: blocks 0 to {} follow from each other and took {} hashes; {} of {} follow from \
                 the updates in them\n  genesis    {:?}\n  last block {:?}",
                report.to,
                report.work,
                count(report.rounds, "server model"),
                count(report.federations, "federation"),
                report.genesis,
                report.hash
            )
        });
        Ok(())
    }
}

fn say(found: &Found) -> String {
    match found {
        Found::Federation {
            federation,
            name,
            block,
        } => format!("block {block}: federation {federation} is created: {name}"),
        Found::Round { federation, round } => format!("federation {federation}, {}", line(round)),
        Found::Upgrade { block } => format!(
            "block {block}: the runtime's code is replaced; what it is now, this program cannot know"
        ),
    }
}
