//! Evolution of weights: the fitter half of the candidates crosses, their offspring mutates.
//!
//! Candidates are differences to the server model. What PyGAD does with its defaults, by the crate
//! `genetic_algorithm`.

use genetic_algorithm::strategy::evolve::prelude::*;
use ndarray::Array2;
use rand::{Rng, SeedableRng, rngs::StdRng};

use super::Hyper;
use crate::{
    LearnError,
    data::{Dataset, Targets},
    model::{loss::mean_loss, network::Network},
};

/// The farthest that a weight may go in a round, in mutations.
const STEPS_MAX: f64 = 1_000.0;

pub(super) struct Search {
    pub population: usize,
    pub generations: usize,
    pub mutation: f64,
}

impl Search {
    /// The best candidate on all rows; the server model where none is better. Mutations move a weight
    /// by at most the learning rate.
    pub fn run(
        &self,
        base: Network,
        data: &Dataset,
        targets: &Targets,
        hyper: &Hyper,
        round: u32,
    ) -> Result<Network, LearnError> {
        let start = base.to_vec();
        let step = hyper.learning_rate / f64::from(round.max(1));
        let seed = hyper.seed.wrapping_add(u64::from(round) << 32);
        let range = step * STEPS_MAX;
        let genotype = RangeGenotype::<f64>::builder()
            .with_genes_size(start.len())
            .with_allele_range(-range..=range)
            .with_mutation_type(MutationType::Range(step))
            .with_seed_genes_list(self.first(start.len(), step, seed))
            .build();
        let genotype = genotype.map_err(|_| LearnError::NoGenes)?;
        let mutations = (self.mutation * start.len() as f64).ceil().max(1.0) as usize;
        let mut loss = Loss {
            model: base.clone(),
            start: &start,
            features: &data.features,
            targets,
            hyper,
        };
        let evolved = Evolve::builder()
            .with_genotype(genotype)
            .with_select(SelectElite::new(0.5, 0.02))
            .with_crossover(CrossoverSinglePoint::new(0.5, 1.0))
            .with_mutate(MutateMultiGene::new(mutations, 1.0))
            .with_fitness(loss.clone())
            .with_fitness_ordering(FitnessOrdering::Minimize)
            .with_target_population_size(self.population)
            .with_max_generations(self.generations)
            .with_rng_seed_from_u64(seed)
            .call()
            .map_err(|_| LearnError::NoGenes)?;
        // The first generation is drawn from the candidates, and may lack the server model.
        let unmoved = loss.of(&vec![0.0; start.len()]);
        Ok(match evolved.best_genes() {
            Some(best) if loss.of(&best) < unmoved => loss.model,
            _ => base,
        })
    }

    /// The server model, and random ones around it.
    fn first(&self, genes: usize, step: f64, seed: u64) -> Vec<Vec<f64>> {
        let mut random = StdRng::seed_from_u64(seed);
        let mut candidates = vec![vec![0.0; genes]];
        candidates.extend((1..self.population).map(|_| {
            (0..genes)
                .map(|_| random.random_range(-step..=step))
                .collect()
        }));
        candidates
    }
}

/// The loss of a candidate on all rows, penalties included.
#[derive(Debug, Clone)]
struct Loss<'a> {
    /// The candidate measured last.
    model: Network,
    /// The server model.
    start: &'a [f64],
    features: &'a Array2<f64>,
    targets: &'a Targets,
    hyper: &'a Hyper,
}

impl Loss<'_> {
    /// That of the server model moved by `genes`.
    fn of(&mut self, genes: &[f64]) -> f64 {
        let weights = self.start.iter().zip(genes);
        self.model.load(weights.map(|(start, gene)| start + gene));
        let mut outputs = self.model.outputs(self.features);
        let rows = 0..outputs.nrows();
        let loss = mean_loss(&mut outputs.view_mut(), self.targets, rows);
        let weights = self.model.layers.iter().flat_map(|layer| &layer.weights);
        let ridge: f64 = weights.map(|weight| weight * weight).sum();
        let moved: f64 = genes.iter().map(|gene| gene * gene).sum();
        loss + self.hyper.l2 / 2.0 * ridge + self.hyper.proximal / 2.0 * moved
    }
}

impl Fitness for Loss<'_> {
    type Genotype = RangeGenotype<f64>;

    fn calculate_for_chromosome(
        &mut self,
        chromosome: &FitnessChromosome<Self>,
        _genotype: &FitnessGenotype<Self>,
    ) -> Option<FitnessValue> {
        let loss = self.of(&chromosome.genes);
        // The bits of numbers that are not negative are in the order of the numbers.
        loss.is_finite()
            .then(|| loss.max(0.0).to_bits() as FitnessValue)
    }
}
