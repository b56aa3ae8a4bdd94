//! `fedchain simulate`: a whole federation in this process, without a chain.

mod files;
mod rows;

use std::{path::PathBuf, time::Instant};

use clap::{Args, builder::RangedU64ValueParser};
use fedchain_fl::{FederationSpec, H256, limits::ROUNDS_MAX};
use fedchain_learn::{
    data::Dataset,
    simulate::{
        Attackers, Certified, Outcome, Round, Sampling, Setup, Simulation, Summary,
        attack::{self, Attack},
        certify,
    },
    whole,
};
use rayon::{ThreadPool, ThreadPoolBuilder};
use serde::Serialize;

use super::{
    Common, file_error,
    hyper::HyperArgs,
    output::{self, Output},
    progress::Progress,
    spec,
};
use crate::{
    Error,
    phase::inline,
    session::report::describe,
    words::{self, count, plain},
};
use rows::RowsArgs;

/// What is run. The seed of training is that of everything else as well.
#[derive(Debug, Args)]
pub(super) struct Simulate {
    /// The federation's file, as `fedchain federation create` reads it; money and windows do not
    /// matter here.
    #[arg(long)]
    spec: PathBuf,
    #[command(flatten)]
    rows: RowsArgs,
    #[command(flatten)]
    hyper: HyperArgs,
    /// Rounds, instead of the file's `rounds_max`.
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=i64::from(ROUNDS_MAX)))]
    rounds: Option<u32>,
    /// Who takes part in a round: a share of the clients like 0.1, or a number like 20 [default: all].
    #[arg(long, default_value_t, hide_default_value = true)]
    sample: Sampling,
    /// Probability, below 1, that a sampled client sends nothing.
    #[arg(long, value_name = "PROBABILITY", default_value_t = 0.0, value_parser = probability)]
    drop_out: f64,
    /// What attackers do: copier, sign-flipper, scaler, gaussian-noise, label-flipper,
    /// little-is-enough, overflow, minimum-integer or sample-count-inflator.
    #[arg(long, requires = "attackers", value_name = "NAME", value_parser = attack_named)]
    attack: Option<&'static dyn Attack>,
    /// How many of the clients attack, the first ones.
    #[arg(long, requires = "attack", value_name = "NUMBER")]
    attackers: Option<usize>,
    /// Threads that train [default: one per core]; they change nothing but the time it takes.
    #[arg(long, value_parser = RangedU64ValueParser::<usize>::new().range(1..=1024))]
    threads: Option<usize>,
    /// Directory for rounds.csv, result.json, model.json and charts as SVG files; made if missing.
    #[arg(long)]
    out_dir: Option<PathBuf>,
}

fn probability(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if (0.0..1.0).contains(&number) => Ok(number),
        _ => Err("a probability from 0 to below 1 is expected".into()),
    }
}

fn attack_named(name: &str) -> Result<&'static dyn Attack, String> {
    attack::by_name(name).ok_or_else(|| {
        let known = attack::ALL.map(|attack| attack.name().replace('_', "-"));
        format!("the attacks are {}", known.join(", "))
    })
}

/// What is told while rounds are run.
#[derive(Debug, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
enum Event<'a> {
    Start(&'a Summary),
    Round(&'a Round),
    Summary(End),
    Certificate(&'a Certified),
}

/// How a simulation ended.
#[derive(Debug, Serialize)]
struct End {
    rounds: usize,
    aggregated: usize,
    loss_first: f64,
    loss_last: f64,
    model_root: H256,
}

impl Simulate {
    pub(super) fn run(self, common: &Common) -> Result<(), Error> {
        let spec = self.read_spec()?;
        let hyper = self.hyper.hyper()?;
        let rows = self.rows.read(&spec.task.schema, hyper.seed)?;
        let most = rows.clients.iter().map(Dataset::rows).max();
        note(&spec, rows.clients.len(), most.unwrap_or(0));
        let setup = Setup {
            held_out: &rows.held_out,
            sampling: self.sample,
            drop_out: self.drop_out,
            attackers: self
                .attack
                .zip(self.attackers)
                .map(|(attack, count)| Attackers { count, attack }),
            seed: hyper.seed,
            ..Setup::new(&spec, &rows.clients, hyper)
        };
        if spec.task.strategy.terms().is_some() {
            return self.certify(common, &setup);
        }
        let summary = setup.summary()?;
        let simulation = Simulation::new(setup)?;
        if let Some(dir) = &self.out_dir {
            whole::folder(dir).map_err(|error| file_error(dir, error))?;
        }
        tell(common, &Event::Start(&summary), || header(&summary));
        let began = Instant::now();
        let pool = pool(self.threads)?;
        let (rounds, model) = pool.install(|| run_rounds(common, simulation, spec.rounds_max))?;
        let seconds = began.elapsed().as_secs_f64();
        if let Some(dir) = &self.out_dir {
            let federation = files::Simulated {
                summary: &summary,
                rows: &rows,
                rounds: &rounds,
                format: spec.task.format,
                model: &model,
            };
            federation.write(dir)?;
        }
        if let Some(end) = End::of(&rounds) {
            tell(common, &Event::Summary(end), || footer(&rounds));
        }
        if common.format == Output::Text {
            let each = 1_000.0 * seconds / f64::from(spec.rounds_max);
            output::hint(&format!("took {seconds:.2} s, {each:.1} ms per round"));
        }
        Ok(())
    }

    /// Solves a certified regression, which has no rounds to run.
    fn certify(&self, common: &Common, setup: &Setup<'_, u128>) -> Result<(), Error> {
        let has_rounds = self.rounds.is_some()
            || self.sample != Sampling::ALL
            || self.drop_out > 0.0
            || self.attack.is_some()
            || self.out_dir.is_some();
        if has_rounds {
            return Err(Error::Usage(
                "a certified regression has one round, with everybody in it, and no files are made of it: leave \
                 out --rounds, --sample, --drop-out, --attack and --out-dir"
                    .into(),
            ));
        }
        let found = certify(setup)?;
        tell(common, &Event::Certificate(&found), || certificate(&found));
        Ok(())
    }

    fn read_spec(&self) -> Result<FederationSpec<u128>, Error> {
        let mut spec = spec::read(&self.spec)?;
        if let Some(rounds) = self.rounds {
            spec.rounds_max = rounds;
        }
        Ok(spec)
    }
}

/// Says where the chain would differ.
fn note(spec: &FederationSpec<u128>, clients: usize, rows: usize) {
    let (min, max) = (spec.clients_min as usize, spec.clients_max as usize);
    if !(min..=max).contains(&clients) {
        output::hint(&format!(
            "note: on chain this federation has {min} to {max} clients (clients_min, clients_max)"
        ));
    }
    if let Some(cut) = words::cut(spec, rows) {
        output::hint(&format!("note: a client has {cut}"));
    }
    if spec.gate.is_some() {
        output::hint("note: the quality gate is left out, every aggregate is adopted");
    }
}

fn pool(threads: Option<usize>) -> Result<ThreadPool, Error> {
    ThreadPoolBuilder::new()
        .num_threads(threads.unwrap_or(0))
        .build()
        .map_err(|error| Error::Usage(format!("cannot start threads: {error}: lower --threads")))
}

/// Runs all rounds and tells of each; the rounds and the last server model.
fn run_rounds(
    common: &Common,
    mut simulation: Simulation<'_, u128>,
    rounds_max: u32,
) -> Result<(Vec<Round>, Vec<i32>), Error> {
    let progress = Progress::new(common.format, "rounds");
    let mut rounds = Vec::new();
    for round in simulation.by_ref() {
        let round = round?;
        progress.show(round.round, rounds_max);
        progress.aside(|| {
            tell(common, &Event::Round(&round), || line(&round, rounds_max));
        });
        rounds.push(round);
    }
    Ok((rounds, simulation.model().to_vec()))
}

fn tell(common: &Common, event: &Event<'_>, text: impl FnOnce() -> String) {
    common.print(event, text);
}

impl End {
    fn of(rounds: &[Round]) -> Option<Self> {
        let (first, last) = (rounds.first()?, rounds.last()?);
        let aggregated = rounds
            .iter()
            .filter(|round| round.outcome == Outcome::Aggregated);
        Some(Self {
            // The first one is the initial model.
            rounds: rounds.len().saturating_sub(1),
            aggregated: aggregated.count(),
            loss_first: first.metrics.loss,
            loss_last: last.metrics.loss,
            model_root: last.model_root,
        })
    }
}

fn header(summary: &Summary) -> String {
    let held_out = match summary.held_out_rows {
        0 => String::new(),
        rows => format!(", {rows} held out"),
    };
    format!(
        "[INIT] \"{}\": {}, {}{held_out}; strategy {}, {} model of {}",
        summary.federation,
        count(summary.clients, "client"),
        count(summary.rows, "row"),
        inline(&summary.strategy),
        inline(&summary.model),
        count(summary.param_count, "weight")
    )
}

fn line(round: &Round, rounds_max: u32) -> String {
    let metrics = describe(&round.metrics);
    let happened = match round.outcome {
        Outcome::Initial => "initial model".to_owned(),
        Outcome::Aggregated | Outcome::Skipped => format!(
            "{} sampled, {} dropped, {} accepted, {}",
            round.sampled,
            round.dropped,
            round.accepted,
            round.outcome.name()
        ),
    };
    format!("[ROUND {}/{rounds_max}] {happened}: {metrics}", round.round)
}

fn certificate(found: &Certified) -> String {
    format!(
        "[CERTIFICATE] {} clients, {} rows: within {:.3e} of the ridge optimum, {} allowed; curvature at least \
         {:.3e}: {}",
        found.clients,
        found.rows,
        found.distance,
        plain(found.epsilon),
        found.curvature,
        describe(&found.metrics)
    )
}

fn footer(rounds: &[Round]) -> String {
    End::of(rounds).map_or(String::new(), |end| {
        format!(
            "[SUMMARY] {}, {} aggregated; loss {:.4} -> {:.4}\nmodel: {:?}",
            count(end.rounds, "round"),
            end.aggregated,
            end.loss_first,
            end.loss_last,
            end.model_root
        )
    })
}
