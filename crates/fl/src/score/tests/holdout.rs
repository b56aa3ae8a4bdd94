//! Holdouts: what is refused, and that bytes come back.

use alloc::{vec, vec::Vec};

use super::*;
use crate::limits::{HOLDOUT_BYTES_MAX, HOLDOUT_ROWS_MAX};
use proptest::prelude::*;

#[test]
fn bytes_are_pinned() {
    let holdout = Holdout::new(&softmax(2, 3), vec![1, -2, 2]).unwrap();
    let bytes = [1, 0, 0, 0, 254, 255, 255, 255, 2, 0, 0, 0];
    assert_eq!(holdout.encode(), bytes);
    assert_eq!(Holdout::decode(&softmax(2, 3), &bytes), Ok(holdout));
}

#[test]
fn lengths_are_checked() {
    let task = linear(2);
    for found in [0, 1, 4, 8, 11, 13, 16, 23] {
        assert_eq!(
            Holdout::decode(&task, &vec![0; found]),
            Err(Error::HoldoutLength { found, row: 12 }),
        );
    }
    for found in [0, 1, 2, 4, 7] {
        assert_eq!(
            Holdout::new(&task, vec![0; found]),
            Err(Error::HoldoutLength { found, row: 3 }),
        );
    }
}

#[test]
fn sizes_are_checked() {
    let most = HOLDOUT_ROWS_MAX;
    let (narrow, rows) = (linear(2), most as usize);
    assert_eq!(Holdout::rows_max(&narrow), most);
    let holdout = Holdout::decode(&narrow, &vec![0; rows * 12]).unwrap();
    assert_eq!(holdout.rows(), most);
    for too_many in [rows * 12 + 1, (rows + 1) * 12] {
        let rows = rows + 1;
        assert_eq!(
            Holdout::decode(&narrow, &vec![0; too_many]),
            Err(Error::HoldoutSize { rows, most }),
        );
    }
    let (broad, row) = (linear(1_024), 4_100);
    let most = Holdout::rows_max(&broad);
    assert_eq!(most, HOLDOUT_BYTES_MAX / row as u32);
    let rows = most as usize + 1;
    assert!(Holdout::decode(&broad, &vec![0; (rows - 1) * row]).is_ok());
    assert_eq!(
        Holdout::decode(&broad, &vec![0; rows * row]),
        Err(Error::HoldoutSize { rows, most }),
    );
}

#[test]
fn classes_are_checked() {
    let task = softmax(1, 3);
    for (found, is_class) in [
        (0, true),
        (2, true),
        (3, false),
        (-1, false),
        (i32::MIN, false),
    ] {
        let expected = Err(Error::Class {
            row: 1,
            found,
            classes: 3,
        });
        let holdout = Holdout::new(&task, vec![9, 0, -9, found]);
        assert!(holdout.is_ok() == is_class, "{found}");
        assert!(is_class || holdout == expected, "{found}");
    }
    assert!(Holdout::new(&linear(1), vec![9, i32::MIN]).is_ok());
}

#[test]
fn another_tasks_holdout_is_refused() {
    let task = softmax(1, 3);
    let model = [0; 6];
    for other in [softmax(1, 2), softmax(1, 4), softmax(3, 3), linear(1)] {
        let row = vec![0; other.schema.features.len() + 1];
        let holdout = Holdout::new(&other, row).unwrap();
        assert_eq!(mean_loss(&task, &model, &holdout), Err(Error::OtherTask));
    }
}

proptest! {
    #[test]
    fn bytes_come_back(
        features in 0..5usize,
        rows in 1..20usize,
        values in prop::collection::vec(any::<i32>(), 100),
    ) {
        let task = linear(features);
        let values: Vec<_> = values.into_iter().take(rows * (features + 1)).collect();
        let holdout = Holdout::new(&task, values).unwrap();
        prop_assert_eq!(holdout.rows() as usize, rows);
        let bytes = holdout.encode();
        prop_assert_eq!(bytes.len(), rows * (features + 1) * 4);
        prop_assert_eq!(Holdout::decode(&task, &bytes), Ok(holdout));
    }
}
