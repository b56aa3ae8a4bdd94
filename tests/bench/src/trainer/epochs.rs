//! Epochs per second of local training, beside scikit-learn's on as many threads: one.

use anyhow::{Result, anyhow};
use fedchain_bench::table::{median, row};
use fedchain_fl::{Column, Decimal, Initial, ModelSpec, Name, TaskSpec};
use fedchain_learn::{
    Hyper, Method, Trained,
    data::{Dataset, Targets},
    train,
};
use ndarray::{Array1, Array2};
use rand::{Rng, SeedableRng, rngs::StdRng};
use rand_distr::{Distribution, Normal};
use serde_json::Value;

use super::Digits;
use crate::{python::Python, robustness::digits};

const PIXELS: usize = 784;
const HIDDEN: u16 = 128;
const MLP_ROWS: usize = 10_000;
const MLP_EPOCHS: u32 = 5;
/// scikit-learn's default, and the trainer's.
const MLP_BATCHES: [usize; 2] = [200, 32];

/// Measures ours, then the peer's models on the same task, and prints ratios above one where ours is
/// faster.
pub fn run(peers: Option<&Python>, digits: &Digits) -> Result<()> {
    let mut ours = vec![softmax(digits)?];
    let images = synthetic()?;
    for batch_size in MLP_BATCHES {
        ours.push(mlp(&images, batch_size)?);
    }
    let theirs = match peers {
        Some(python) => python.run("train.py", &digits.args)?,
        None => Vec::new(),
    };
    for rate in ours {
        rate.print();
        let of_task = theirs.iter().filter(|found| {
            found["task"] == rate.task && (rate.task == SOFTMAX || found["batch"] == rate.batch)
        });
        for found in of_task {
            rate.compare(found);
        }
    }
    Ok(())
}

const SOFTMAX: &str = "softmax_64_10";
const MLP: &str = "mlp_784_128_10";

/// A figure of ours.
struct Rate {
    task: &'static str,
    batch: usize,
    epochs_per_second: f64,
    trained: Trained,
}

impl Rate {
    /// Trains several times; loss and accuracy before and after, which the trainer reports, count as
    /// training.
    fn measure(
        name: &'static str,
        task: &TaskSpec,
        base: &[i32],
        data: &Dataset,
        hyper: &Hyper,
    ) -> Result<Self> {
        let (time, trained) = median(|| train(task, base, data, hyper, 1));
        Ok(Self {
            task: name,
            batch: hyper.batch_size,
            epochs_per_second: f64::from(hyper.epochs) / time.as_secs_f64(),
            trained: trained?,
        })
    }

    fn print(&self) {
        let name = format!("train_{}_batch_{}", self.task, self.batch);
        row(&name, self.epochs_per_second, "epochs/s");
        row(&format!("{name}_loss"), self.trained.after.loss, "nats");
    }

    fn compare(&self, found: &Value) {
        let text = |key: &str| found[key].as_str().unwrap_or_default().to_owned();
        let number = |key: &str| found[key].as_f64().unwrap_or(f64::NAN);
        let name = format!(
            "train_{}_batch_{}_{}_{}",
            self.task,
            found["batch"],
            text("model"),
            text("dtype")
        );
        row(&name, number("epochs_per_second"), "epochs/s");
        row(&format!("{name}_loss"), number("loss"), "nats");
        let ratio = self.epochs_per_second / number("epochs_per_second");
        row(&format!("{name}_ratio"), ratio, "ratio");
    }
}

/// 100 passes over the digits, as peers/train.py makes them.
fn softmax(digits: &Digits) -> Result<Rate> {
    let task = digits::spec()?.task;
    let base = task.initial_model()?.unwrap_or_default();
    let hyper = Hyper {
        epochs: 100,
        batch_size: 32,
        learning_rate: 0.05,
        ..Hyper::default()
    };
    Rate::measure(SOFTMAX, &task, &base, &digits.training, &hyper)
}

fn mlp(images: &Dataset, batch_size: usize) -> Result<Rate> {
    let mut task = digits::spec()?.task;
    let hidden = vec![HIDDEN].try_into();
    task.model = ModelSpec::Mlp {
        hidden: hidden.map_err(|_| anyhow!("too many layers"))?,
    };
    task.initial = Initial::Seeded(1);
    let column = |pixel| -> Result<Column> {
        let name: Result<Name, _> = format!("p{pixel}").parse();
        let name = name.map_err(|_| anyhow!("a short name"))?;
        Ok(Column::number(name, Decimal::whole(0), Decimal::whole(1)))
    };
    let features: Vec<Column> = (0..PIXELS).map(column).collect::<Result<_>>()?;
    let features = features.try_into();
    task.schema.features = features.map_err(|_| anyhow!("too many features"))?;
    let base = task.initial_model()?.unwrap_or_default();
    let hyper = Hyper {
        method: Method::Sgd { momentum: 0.9 },
        epochs: MLP_EPOCHS,
        batch_size,
        learning_rate: 0.01,
        ..Hyper::default()
    };
    Rate::measure(MLP, &task, &base, images, &hyper)
}

/// Noisy copies of ten random images, as in peers/train.py.
fn synthetic() -> Result<Dataset> {
    let mut random = StdRng::seed_from_u64(1);
    let noise = Normal::new(0.0, 2.0)?;
    let images = Array2::from_shape_simple_fn((digits::CLASSES, PIXELS), || random.random::<f64>());
    let classes =
        Array1::from_shape_simple_fn(MLP_ROWS, || random.random_range(0..digits::CLASSES));
    let features = Array2::from_shape_fn((MLP_ROWS, PIXELS), |(row, pixel)| {
        (images[(classes[row], pixel)] + noise.sample(&mut random)).clamp(0.0, 1.0)
    });
    Ok(Dataset {
        features,
        targets: Some(Targets::Classes(classes)),
    })
}
