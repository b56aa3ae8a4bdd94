//! How to train, as typed.

use clap::{Args, ValueEnum};
use fedchain_learn::{Hyper, Method};

use crate::Error;

/// How to train.
#[derive(Debug, Clone, Args)]
pub(super) struct HyperArgs {
    /// How the loss is made small.
    #[arg(long, value_enum, default_value_t)]
    method: MethodArg,
    /// Passes over your rows in each round.
    #[arg(long, default_value_t = Hyper::default().epochs, value_parser = clap::value_parser!(u32).range(1..))]
    epochs: u32,
    /// Rows per step.
    #[arg(long, default_value_t = Hyper::default().batch_size as u32, value_parser = clap::value_parser!(u32).range(1..))]
    batch_size: u32,
    /// Step size in round 1; later rounds take smaller steps. Of genetic search, the most by which a
    /// weight mutates.
    #[arg(long, default_value_t = Hyper::default().learning_rate, value_parser = positive)]
    learning_rate: f64,
    /// Share of the last step that the next one repeats; of sgd.
    #[arg(long, value_parser = share)]
    momentum: Option<f64>,
    /// Weight of FedProx's term, which keeps your update near the server model.
    #[arg(long, default_value_t = 0.0, value_parser = not_negative)]
    proximal: f64,
    /// Weight of the ridge penalty.
    #[arg(long, default_value_t = 0.0, value_parser = not_negative)]
    l2: f64,
    /// Candidates per generation; of genetic search [default: 50].
    #[arg(long, value_parser = clap::value_parser!(u32).range(2..))]
    population: Option<u32>,
    /// Generations per round; of genetic search [default: 100].
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
    generations: Option<u32>,
    /// Share of a candidate's weights that mutate; of genetic search [default: 0.1].
    #[arg(long, value_parser = share)]
    mutation: Option<f64>,
    /// Seed of everything random in training: the same seed gives the same update.
    #[arg(long, default_value_t = Hyper::default().seed)]
    seed: u64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, ValueEnum)]
enum MethodArg {
    /// Mini-batch gradient descent, with --momentum if you like.
    #[default]
    Sgd,
    /// Adam: steps in units of the slope's own size.
    Adam,
    /// The exact optimum; of linear models.
    LeastSquares,
    /// Evolution of weights.
    Genetic,
}

impl HyperArgs {
    /// What was typed, if it fits together.
    pub(super) fn hyper(&self) -> Result<Hyper, Error> {
        let of_genetic = [
            ("--population", self.population.is_some()),
            ("--generations", self.generations.is_some()),
            ("--mutation", self.mutation.is_some()),
        ];
        for (flag, is_given) in of_genetic {
            if is_given && self.method != MethodArg::Genetic {
                return Err(Error::Usage(format!("{flag} belongs to --method genetic")));
            }
        }
        if self.momentum.is_some() && self.method != MethodArg::Sgd {
            return Err(Error::Usage("--momentum belongs to --method sgd".into()));
        }
        Ok(Hyper {
            method: match self.method {
                MethodArg::Sgd => Method::Sgd {
                    momentum: self.momentum.unwrap_or(0.0),
                },
                MethodArg::Adam => Method::Adam,
                MethodArg::LeastSquares => Method::LeastSquares,
                MethodArg::Genetic => Method::Genetic {
                    population: self.population.unwrap_or(50) as usize,
                    generations: self.generations.unwrap_or(100) as usize,
                    mutation: self.mutation.unwrap_or(0.1),
                },
            },
            epochs: self.epochs,
            batch_size: self.batch_size as usize,
            learning_rate: self.learning_rate,
            proximal: self.proximal,
            l2: self.l2,
            seed: self.seed,
        })
    }
}

/// A finite number for which `fits` holds; else what is expected.
fn number(text: &str, fits: fn(f64) -> bool, expected: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() && fits(number) => Ok(number),
        _ => Err(format!("{expected} is expected")),
    }
}

pub(super) fn positive(text: &str) -> Result<f64, String> {
    number(text, |number| number > 0.0, "a number above zero")
}

fn not_negative(text: &str) -> Result<f64, String> {
    number(text, |number| number >= 0.0, "zero or a number above it")
}

fn share(text: &str) -> Result<f64, String> {
    number(
        text,
        |number| (0.0..1.0).contains(&number),
        "a number from 0 to below 1",
    )
}
