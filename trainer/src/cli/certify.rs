//! `fedchain certify` and `fedchain certificate`: proven optima of regressions.

use clap::Args;
use fedchain_fl::view::{CertificateView, PhaseView};

use super::{Common, KeyArg};
use crate::{
    Error,
    certify::{self, Examination},
    chain::{AccountId, call::Call},
    keys,
    words::count,
};

#[derive(Debug, Args)]
pub(super) struct Certify {
    /// Number of the federation.
    federation: u32,
    #[command(flatten)]
    key: KeyArg,
    /// A client to leave out, by the owner, after the first certificate; may be repeated.
    #[arg(long = "without", value_name = "ACCOUNT", value_parser = keys::parse_account)]
    left_out: Vec<AccountId>,
}

#[derive(Debug, Args)]
pub(super) struct Certificate {
    /// Number of the federation.
    federation: u32,
    /// The round whose model it is of; the newest certified one when missing.
    #[arg(long)]
    round: Option<u32>,
}

impl Certify {
    pub(super) async fn run(mut self, common: &Common) -> Result<(), Error> {
        let (chain, key) = common.connect_with(&self.key).await?;
        let head = chain.best().await?;
        let view = chain.federation(self.federation, head.hash).await?;
        self.left_out.sort_by_key(|account| account.0);
        let mut examination = Examination::default();
        // A certificate would make false moments unassailable.
        if let PhaseView::Certify {
            deadline: Some(_), ..
        } = view.phase
        {
            let account = keys::account(&key);
            examination.look(&chain, &view, &account, head).await?;
        }
        if let Some((client, call)) = examination.refutation(self.federation) {
            let done = format!(
                "{client} has sent moments that no rows have: this is proven on chain now; a solution for \
                 the others is taken after a new pause"
            );
            return common.send(&chain, &key, &call, &done).await;
        }
        if let PhaseView::Certify { opens_at, .. } = view.phase
            && head.number.saturating_add(1) < opens_at
        {
            return Err(Error::Impossible(format!(
                "federation {}: no client is to be refuted; a solution is taken from block #{opens_at} on, and \
                 the chain is at #{}: try again then",
                self.federation, head.number
            )));
        }
        let solution = certify::solve(&chain, &view, &self.left_out, head).await?;
        let call = Call::certify(self.federation, &self.left_out, &solution);
        let done = format!("federation {}: the model is certified", self.federation);
        common.send(&chain, &key, &call, &done).await
    }
}

impl Certificate {
    pub(super) async fn run(self, common: &Common) -> Result<(), Error> {
        let chain = common.connect().await?;
        let head = chain.best().await?;
        let found = chain
            .certificate(self.federation, self.round, head.hash)
            .await?;
        let Some(certificate) = found else {
            let view = chain.federation(self.federation, head.hash).await?;
            return Err(Error::Impossible(format!(
                "federation {} has no such certificate: its strategy must be least_squares, and \
                 somebody must have handed in a solution",
                view.federation
            )));
        };
        common.print(&certificate, || describe(&certificate));
        Ok(())
    }
}

/// The certificate in lines.
fn describe(certificate: &CertificateView<AccountId>) -> String {
    let mut lines = vec![
        format!(
            "federation {}, round {}: the ridge optimum of {}, within {:.3e}",
            certificate.federation,
            certificate.round,
            count(certificate.rows, "row"),
            certificate.bound.distance(),
        ),
        format!("curvature at least {:.3e}", certificate.bound.curvature()),
    ];
    for (what, accounts) in [
        ("client", &certificate.clients),
        ("left out", &certificate.left_out),
        ("committed and did not reveal", &certificate.withheld),
        ("sent moments of no rows", &certificate.guilty),
    ] {
        lines.extend(accounts.iter().map(|account| format!("{what}: {account}")));
    }
    lines.join("\n")
}
