//! How a client trains; each chooses its own way.

use serde::Serialize;

use crate::LearnError;

/// Hyperparameters.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Hyper {
    /// How the loss is made small.
    pub method: Method,
    /// Passes over the rows in each round.
    pub epochs: u32,
    /// Rows per step.
    pub batch_size: usize,
    /// Step size in round 1; in round n it is an n-th of that. Of genetic search, the most by which a
    /// weight mutates.
    pub learning_rate: f64,
    /// Weight `mu` of FedProx's term `mu / 2 * |weights - server model|^2` in the loss, which keeps
    /// updates near the server model (Li et al., "Federated Optimization in Heterogeneous Networks",
    /// 2020).
    pub proximal: f64,
    /// Weight `l2` of the ridge penalty `l2 / 2 * |weights|^2` in the loss; biases are free.
    pub l2: f64,
    /// Seed of everything random: the order in which rows are visited, and genetic search.
    pub seed: u64,
}

/// Ways to train.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Mini-batch stochastic gradient descent.
    Sgd {
        /// Share of the last step that the next one repeats, below 1; zero: none.
        momentum: f64,
    },
    /// Adam (Kingma and Ba, 2015) with its authors' decays 0.9 and 0.999.
    Adam,
    /// The exact optimum of a linear model, in one step.
    LeastSquares,
    /// Evolution of weights, for losses without a useful slope.
    Genetic {
        /// Candidates per generation, two or more.
        population: usize,
        /// Generations per round, one or more.
        generations: usize,
        /// Share of an offspring's weights that change: above 0, at most 1.
        mutation: f64,
    },
}

impl Method {
    /// A step size to start with: for Adam what its authors propose, for genetic search a mutation
    /// that one sees.
    pub const fn learning_rate(self) -> f64 {
        match self {
            Self::Adam => 0.001,
            Self::Genetic { .. } => 0.5,
            Self::Sgd { .. } | Self::LeastSquares => Hyper::DEFAULT.learning_rate,
        }
    }
}

/// Far beyond what any loss can bear; larger steps overflow.
const LEARNING_RATE_MAX: f64 = 1e6;

impl Hyper {
    /// The same as [`Default`].
    pub const DEFAULT: Self = Self {
        method: Method::Sgd { momentum: 0.0 },
        epochs: 100,
        batch_size: 32,
        learning_rate: 0.05,
        proximal: 0.0,
        l2: 0.0,
        seed: 0,
    };

    /// Whether every setting is in its range.
    ///
    /// # Errors
    /// [`LearnError::Setting`] for the first that is not; [`LearnError::NoGenes`].
    pub fn check(&self) -> Result<(), LearnError> {
        let check = |setting, value: f64, is_usable, needs| match is_usable && value.is_finite() {
            true => Ok(()),
            false => Err(LearnError::Setting {
                setting,
                value,
                needs,
            }),
        };
        let (rate, proximal, l2) = (self.learning_rate, self.proximal, self.l2);
        let is_usable = rate > 0.0 && rate <= LEARNING_RATE_MAX;
        check("learning rate", rate, is_usable, "above 0 and at most 1e6")?;
        check("proximal", proximal, proximal >= 0.0, "at least 0")?;
        check("l2", l2, l2 >= 0.0, "at least 0")?;
        match self.method {
            Method::Sgd { momentum } => {
                let is_usable = (0.0..1.0).contains(&momentum);
                check("momentum", momentum, is_usable, "at least 0 and below 1")
            }
            Method::Adam | Method::LeastSquares => Ok(()),
            Method::Genetic {
                population,
                generations,
                ..
            } if population < 2 || generations < 1 => Err(LearnError::NoGenes),
            Method::Genetic { mutation, .. } => {
                let is_usable = mutation > 0.0 && mutation <= 1.0;
                check("mutation", mutation, is_usable, "above 0 and at most 1")
            }
        }
    }
}

impl Default for Hyper {
    fn default() -> Self {
        Self::DEFAULT
    }
}
