//! The forward pass: layer by layer, in fixed point.

use alloc::vec::Vec;
use core::{
    iter::{repeat, repeat_n},
    mem,
};

use super::{
    Error, FEATURE_FRAC_BITS,
    dot::{self, Batch, LANES},
};
use crate::{ModelSpec, TaskSpec};

/// One layer of a model: borrowed weights at scale `2^-frac_bits`.
#[derive(Debug, Clone, Copy)]
struct Layer<'a> {
    inputs: usize,
    /// `[outputs, inputs]`, row-major.
    weights: &'a [i32],
    /// `[outputs]`
    biases: &'a [i32],
    /// Largest absolute weight.
    weight_max: u32,
    /// Largest absolute bias, at the scale of a product.
    offset_max: u64,
    /// Smallest output: zero where ReLU follows.
    output_min: i32,
}

impl<'a> Layer<'a> {
    /// Takes a layer off the front of `model`; none when that is too short.
    fn take(model: &mut &'a [i32], inputs: u32, outputs: u32, output_min: i32) -> Option<Self> {
        let (inputs, outputs) = (inputs as usize, outputs as usize);
        let (weights, rest) = model.split_at_checked(inputs.checked_mul(outputs)?)?;
        let (biases, rest) = rest.split_at_checked(outputs)?;
        *model = rest;
        Some(Self {
            inputs,
            weights,
            biases,
            weight_max: dot::largest(weights),
            offset_max: u64::from(dot::largest(biases)) << FEATURE_FRAC_BITS,
            output_min,
        })
    }

    /// Weights `[inputs]` and bias of each output.
    fn units(self) -> impl Iterator<Item = (&'a [i32], i32)> {
        // Without inputs there are no weights, yet an output for each bias.
        let rows = self.weights.chunks_exact(self.inputs.max(1));
        rows.chain(repeat(&[][..]))
            .zip(self.biases)
            .map(|(weights, bias)| (weights, *bias))
    }

    /// Writes `weights * batch + biases`, rounded half to even to 2^-16 and saturated: `[outputs, LANES]`
    /// of `[inputs, LANES]`, both at 2^-16.
    fn run(self, batch: &[[i32; LANES]], frac_bits: u8, outputs: &mut Batch) {
        let value_max = dot::largest(batch.as_flattened());
        let fits = dot::fits(self.weight_max, value_max, self.inputs, self.offset_max);
        outputs.clear();
        outputs.extend(self.units().map(|(weights, bias)| {
            let offset = i64::from(bias) << FEATURE_FRAC_BITS;
            let sums = dot::dot(weights, batch, offset, fits);
            sums.map(|sum| rescale(sum, frac_bits).max(self.output_min))
        }));
    }
}

/// `sum * 2^-bits`, rounded half to even and saturated; of up to 30 bits and sums up to 2^62.
pub(super) fn rescale(sum: i64, bits: u8) -> i32 {
    let floor = sum >> bits;
    let twice = sum.wrapping_sub(floor << bits) << 1;
    let one = 1i64 << bits;
    let is_up = (twice > one) | ((twice == one) & (floor & 1 == 1));
    floor
        .saturating_add(is_up.into())
        .clamp(i32::MIN.into(), i32::MAX.into()) as i32
}

/// A model that can be run.
#[derive(Debug, Clone)]
pub(super) struct Network<'a> {
    layers: Vec<Layer<'a>>,
    frac_bits: u8,
}

impl<'a> Network<'a> {
    /// The task's network with the weights of `model`, flattened as [`ModelSpec`] says.
    ///
    /// # Errors
    /// [`Error::Opaque`], [`Error::ModelLength`], as [`TaskSpec::param_count`].
    pub(super) fn new(task: &TaskSpec, model: &'a [i32]) -> Result<Self, Error> {
        if matches!(task.model, ModelSpec::Opaque { .. }) {
            return Err(Error::Opaque);
        }
        task.format.check()?;
        let expected = task.param_count()?;
        let wrong_length = Error::ModelLength {
            found: model.len(),
            expected,
        };
        let layers = task.layers();
        let hidden = layers.len().saturating_sub(1);
        let outputs_min = repeat_n(0, hidden).chain([i32::MIN]);
        let mut rest = model;
        let layers: Option<Vec<_>> = layers
            .into_iter()
            .zip(outputs_min)
            .map(|((inputs, outputs), least)| Layer::take(&mut rest, inputs, outputs, least))
            .collect();
        match layers {
            Some(layers) if rest.is_empty() => Ok(Self {
                layers,
                frac_bits: task.format.frac_bits,
            }),
            _ => Err(wrong_length),
        }
    }

    /// Puts into `batch`, `[inputs, LANES]`, what the model makes of it: `[outputs, LANES]`, both at
    /// 2^-16. ReLU stands between the layers. What `spare` holds before and after means nothing.
    pub(super) fn run(&self, batch: &mut Batch, spare: &mut Batch) {
        for layer in &self.layers {
            layer.run(batch, self.frac_bits, spare);
            mem::swap(batch, spare);
        }
    }
}
