//! A model file beside the recomputed model.

use fedchain_fl::view::ModelView;
use fedchain_learn::dequantise;

use super::Replay;
use crate::verify::{Difference, What};

impl Replay {
    /// Compares a model file with the newest server model.
    ///
    /// # Errors
    /// The first difference.
    pub fn compare(&self, file: &ModelView) -> Result<(), Difference> {
        let differs = |what| self.difference(None, file.round, what);
        let states = |field, expected: String, found: String| {
            differs(What::File {
                field,
                expected,
                found,
            })
        };
        if file.federation != self.federation {
            let (expected, found) = (self.federation.to_string(), file.federation.to_string());
            return Err(states("federation", expected, found));
        }
        let frac_bits = self.spec.task.format.frac_bits;
        if file.frac_bits != frac_bits {
            return Err(states(
                "frac_bits",
                frac_bits.to_string(),
                file.frac_bits.to_string(),
            ));
        }
        let weights = self.model.iter().zip(&file.values);
        for (index, (expected, found)) in weights.enumerate() {
            if expected != found {
                let (expected, found) = (*expected, *found);
                return Err(differs(What::Weight {
                    index,
                    expected,
                    found,
                }));
            }
        }
        if file.values.len() != self.model.len() {
            let (expected, found) = (self.model.len().to_string(), file.values.len().to_string());
            return Err(states("a number of weights of", expected, found));
        }
        if file.root != self.model_root {
            let (expected, found) = (self.model_root, file.root);
            return Err(states(
                "the root",
                format!("{expected:?}"),
                format!("{found:?}"),
            ));
        }
        Ok(())
    }

    /// Compares weights in real numbers with the newest server model, which is exact in them.
    ///
    /// # Errors
    /// The first difference.
    pub fn compare_weights(&self, weights: &[f64]) -> Result<(), Difference> {
        let differs = |what| self.difference(None, self.closed, what);
        let model = dequantise(&self.model, self.spec.task.format);
        let mut pairs = model.iter().zip(weights).enumerate();
        if let Some((index, (expected, found))) = pairs.find(|(_, (model, file))| model != file) {
            return Err(differs(What::Real {
                index,
                expected: expected.to_string(),
                found: found.to_string(),
                is_rounded: f64::from(*expected as f32) == *found,
            }));
        }
        if weights.len() != model.len() {
            let (expected, found) = (model.len().to_string(), weights.len().to_string());
            let field = "a number of weights of";
            return Err(differs(What::File {
                field,
                expected,
                found,
            }));
        }
        Ok(())
    }
}
