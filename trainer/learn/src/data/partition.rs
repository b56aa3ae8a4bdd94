//! Rows dealt to the clients of an experiment: alike, or skewed as real clients are.
//!
//! Every row is dealt exactly once, every client gets at least one, and the same seed deals alike.
//!
//! ```
//! use fedchain_learn::data::partition::{Partition, groups};
//! let classes = groups(["cat", "dog", "cat", "dog"]);
//! let parts = Partition::Dirichlet { alpha: 0.5 }.deal(&classes, 2, 1)?;
//! assert_eq!(parts.concat().len(), 4);
//! # Ok::<(), fedchain_learn::data::partition::PartitionError>(())
//! ```

use std::collections::BTreeMap;

use fedchain_fl::limits::CLASSES_MAX;
use rand::{Rng, SeedableRng, rngs::StdRng, seq::SliceRandom};
use rand_distr::{Distribution, Gamma};
use thiserror::Error;

/// Sets the random numbers of [`hold_out`] apart from those of [`Partition::deal`] with the same
/// seed.
const HOLD_OUT_STREAM: u64 = 0x686f_6c64_206f_7574;

/// How rows are dealt.
#[derive(Debug, Clone, PartialEq)]
pub enum Partition {
    /// At random, in parts whose sizes differ by one row at most.
    Iid,
    /// Skewed labels: the rows of each class in shares drawn from a symmetric Dirichlet distribution
    /// over the clients (Yurochkin et al., "Bayesian nonparametric federated learning of neural
    /// networks", 2019). Of the kind of Hsu, Qi and Brown, "Measuring the effects of non-identical
    /// data distribution", 2019, who draw each client's mix of classes and keep sizes equal.
    Dirichlet {
        /// Concentration, above zero: at 0.1 most of a class is at a few clients, at 100 the classes
        /// are spread almost evenly.
        alpha: f64,
    },
    /// Skewed sizes: rows at random, the clients' shares of them drawn from a symmetric Dirichlet
    /// distribution (Li, Diao, Chen and He, "Federated learning on non-IID data silos", 2022).
    Quantity {
        /// Concentration, above zero.
        alpha: f64,
    },
    /// One client per value of a column, as with a hospital's name in each row.
    Column {
        /// Header of the column.
        name: String,
    },
}

/// Why rows cannot be dealt.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum PartitionError {
    /// Somebody must get the rows.
    #[error("there are no clients to deal rows to: ask for one at least")]
    NoClients,
    /// A client would be left without a row.
    #[error("{rows} rows are too few for {clients} clients: ask for fewer clients")]
    TooFewRows {
        /// Rows.
        rows: usize,
        /// Clients.
        clients: usize,
    },
    /// The concentration is no number above zero.
    #[error("alpha is {0}: a number above zero is needed, such as 0.5")]
    Alpha(f64),
    /// The column by which rows are dealt has another number of values.
    #[error(
        "the column \"{name}\" has {values} values, one per client: {clients} clients were asked for"
    )]
    Values {
        /// Header of the column.
        name: String,
        /// Its distinct values.
        values: usize,
        /// Clients.
        clients: usize,
    },
    /// The target has so many values that it cannot be a class.
    #[error(
        "the rows have {0} classes, more than {CLASSES_MAX}: skew the sizes instead, or name a column of classes"
    )]
    TooManyClasses(usize),
    /// The part to hold out is none or all.
    #[error(
        "{share} of {rows} rows cannot be held out: at least one must be, and one must be left"
    )]
    Share {
        /// What was asked for.
        share: f64,
        /// Rows.
        rows: usize,
    },
}

/// Rows in two parts, each in ascending order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldOut {
    /// Rows to train on.
    pub training: Vec<usize>,
    /// Rows that nobody trains on.
    pub held_out: Vec<usize>,
}

/// Numbers the distinct values in ascending order: for each value its number.
pub fn groups<T: Ord + Clone>(values: impl IntoIterator<Item = T>) -> Vec<usize> {
    let values: Vec<T> = values.into_iter().collect();
    let mut numbers: BTreeMap<T, usize> = values.iter().cloned().map(|it| (it, 0)).collect();
    for (number, place) in numbers.values_mut().enumerate() {
        *place = number;
    }
    let number = |value| numbers.get(value).copied().unwrap_or_default();
    values.iter().map(number).collect()
}

/// Holds out `share` (0 to 1) of `rows` rows, chosen by `seed`; their number is rounded.
///
/// # Errors
/// [`PartitionError::Share`] when no row would be held out, or none be left.
pub fn hold_out(rows: usize, share: f64, seed: u64) -> Result<HoldOut, PartitionError> {
    // A share that is no number rounds to no rows.
    let count = (rows as f64 * share).round() as usize;
    if !(1..rows).contains(&count) {
        return Err(PartitionError::Share { share, rows });
    }
    let mut order = shuffled(rows, &mut StdRng::seed_from_u64(seed ^ HOLD_OUT_STREAM));
    let mut training = order.split_off(count);
    training.sort_unstable();
    order.sort_unstable();
    Ok(HoldOut {
        training,
        held_out: order,
    })
}

impl Partition {
    /// Deals rows to `clients` clients: the places of each client's rows, in ascending order.
    ///
    /// `groups` has one entry per row, `[rows]`: its class for [`Partition::Dirichlet`], the number of
    /// its value for [`Partition::Column`] (as [`groups`] numbers them, which is the clients' order);
    /// the others need their count only.
    ///
    /// # Errors
    /// Any but [`PartitionError::Share`].
    pub fn deal(
        &self,
        groups: &[usize],
        clients: usize,
        seed: u64,
    ) -> Result<Vec<Vec<usize>>, PartitionError> {
        let rows = groups.len();
        if clients == 0 {
            return Err(PartitionError::NoClients);
        }
        if rows < clients {
            return Err(PartitionError::TooFewRows { rows, clients });
        }
        let mut random = StdRng::seed_from_u64(seed);
        let mut parts = match self {
            Self::Iid => {
                let order = shuffled(rows, &mut random);
                let part = |client| order.iter().skip(client).step_by(clients).copied();
                (0..clients).map(|client| part(client).collect()).collect()
            }
            Self::Dirichlet { alpha } => {
                let members = members(groups);
                if members.len() > CLASSES_MAX as usize {
                    return Err(PartitionError::TooManyClasses(members.len()));
                }
                let mut parts = vec![Vec::new(); clients];
                for mut of_class in members.into_values() {
                    of_class.shuffle(&mut random);
                    let shares = dirichlet(*alpha, clients, &mut random)?;
                    deal_shares(&of_class, &shares, &mut parts);
                }
                parts
            }
            Self::Quantity { alpha } => {
                let mut parts = vec![Vec::new(); clients];
                let order = shuffled(rows, &mut random);
                let shares = dirichlet(*alpha, clients, &mut random)?;
                deal_shares(&order, &shares, &mut parts);
                parts
            }
            Self::Column { name } => {
                let members = members(groups);
                if members.len() != clients {
                    return Err(PartitionError::Values {
                        name: name.clone(),
                        values: members.len(),
                        clients,
                    });
                }
                members.into_values().collect()
            }
        };
        feed_the_empty(&mut parts);
        parts.iter_mut().for_each(|part| part.sort_unstable());
        Ok(parts)
    }
}

fn shuffled(rows: usize, random: &mut StdRng) -> Vec<usize> {
    let mut order: Vec<usize> = (0..rows).collect();
    order.shuffle(random);
    order
}

/// The rows of each group.
fn members(groups: &[usize]) -> BTreeMap<usize, Vec<usize>> {
    let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for (row, group) in groups.iter().enumerate() {
        members.entry(*group).or_default().push(row);
    }
    members
}

/// Shares of `clients` clients, `[clients]`, which sum to one.
///
/// Gamma variates over their sum. They are drawn as logarithms, by
/// `Gamma(alpha) = Gamma(alpha + 1) * U^(1 / alpha)` (Marsaglia and Tsang, "A simple method for
/// generating gamma variables", 2000): with a small `alpha` all of them would become zero otherwise.
fn dirichlet(alpha: f64, clients: usize, random: &mut StdRng) -> Result<Vec<f64>, PartitionError> {
    if !(alpha.is_finite() && alpha > 0.0) {
        return Err(PartitionError::Alpha(alpha));
    }
    let gamma = Gamma::new(alpha + 1.0, 1.0).map_err(|_| PartitionError::Alpha(alpha))?;
    let logarithms: Vec<f64> = (0..clients)
        .map(|_| {
            // In (0, 1]: its logarithm is finite.
            let uniform = 1.0 - random.random::<f64>();
            gamma.sample(random).ln() + uniform.ln() / alpha
        })
        .collect();
    let largest = logarithms.iter().copied().fold(f64::MIN, f64::max);
    let shares = logarithms
        .iter()
        .map(|logarithm| (logarithm - largest).exp());
    let sum: f64 = shares.clone().sum();
    Ok(shares.map(|share| share / sum).collect())
}

/// Cuts `rows` in parts of about these shares; rounding errors do not add up.
fn deal_shares(rows: &[usize], shares: &[f64], parts: &mut [Vec<usize>]) {
    let mut left = rows.iter();
    let (mut reached, mut dealt) = (0.0, 0);
    let last = parts.len().saturating_sub(1);
    for (client, (part, share)) in parts.iter_mut().zip(shares).enumerate() {
        reached += share;
        // The last client takes what is left: shares may sum to a little less than one.
        let end = match client == last {
            true => rows.len(),
            false => (reached * rows.len() as f64).round() as usize,
        };
        part.extend(left.by_ref().take(end.saturating_sub(dealt)));
        dealt = end.max(dealt);
    }
}

/// Whoever got nothing takes a row of the richest: every client can train.
fn feed_the_empty(parts: &mut [Vec<usize>]) {
    while let Some(empty) = parts.iter().position(Vec::is_empty) {
        let richest = parts.iter_mut().max_by_key(|part| part.len());
        // With as many rows as clients the richest has two while another has none.
        let Some(row) = richest.and_then(Vec::pop) else {
            return;
        };
        if let Some(part) = parts.get_mut(empty) {
            part.push(row);
        }
    }
}

#[cfg(test)]
mod tests;
