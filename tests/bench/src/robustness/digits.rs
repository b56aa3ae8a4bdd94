//! The optical digits: their rows, and a federation that learns them.

use std::{fs::File, path::Path};

use anyhow::{Context, Result};
use fedchain_fl::FederationSpec;
use fedchain_learn::data::{Dataset, Targets};
use flate2::read::GzDecoder;
use ndarray::{Array1, Array2};

/// Clients of the federation.
pub const CLIENTS: usize = 20;
/// Digits.
pub const CLASSES: usize = 10;
const PIXELS: usize = 64;
const PIXEL_MAX: usize = 16;

/// Reads the copy in this repository; pixels are scaled as [`spec`] says.
pub fn load() -> Result<Dataset> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets/digits.csv.gz");
    let file = File::open(&path).with_context(|| path.display().to_string())?;
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(GzDecoder::new(file));
    let rows: Vec<Vec<usize>> = reader.deserialize().collect::<Result<_, _>>()?;
    let pixels = rows.iter().flat_map(|row| row.iter().take(PIXELS));
    let pixels = pixels.map(|pixel| *pixel as f64 / PIXEL_MAX as f64);
    let classes: Option<Array1<usize>> = rows.iter().map(|row| row.get(PIXELS).copied()).collect();
    Ok(Dataset {
        features: Array2::from_shape_vec((rows.len(), PIXELS), pixels.collect())?,
        targets: Some(Targets::Classes(
            classes.context("a row without its digit")?,
        )),
    })
}

/// A federation that learns the digits in ten rounds.
pub fn spec() -> Result<FederationSpec<u128>> {
    let feature = |pixel| format!(r#"{{"name":"p{pixel}","offset":"0","scale":"{PIXEL_MAX}"}}"#);
    let features: Vec<String> = (0..PIXELS).map(feature).collect();
    let labels: Vec<String> = (0..CLASSES).map(|class| format!("\"{class}\"")).collect();
    let text = format!(
        r#"{{"name":"digits","membership":"invited","clients_min":{CLIENTS},"clients_max":{CLIENTS},
        "rounds_max":10,"windows":{{"commit_blocks":1,"settle_blocks":1,"reveal_blocks":2}},
        "sample_count_max":1000,"bond":"0","join_deposit":"0","reward":"0",
        "task":{{"model":"softmax","initial":"zeros","strategy":"fed_avg","schema":
        {{"features":[{}],"target":{{"classes":{{"name":"digit","labels":[{}]}}}}}}}}}}"#,
        features.join(","),
        labels.join(",")
    );
    Ok(serde_json::from_str(&text)?)
}
