//! Certified regressions: moments to commit to, and solutions to hand in.

use fedchain_fl::{Decimal, LeastSquares, Shape, Strategy};
use fedchain_verifier::optimality::{Moments, Problem, refute, solve};
use pallet_federation::{
    Call, Commitments, Federations, Specs,
    mock::{AccountId, Federation, Test, next_blocks},
    types::Phase,
};

/// Rows of every client.
const ROWS: u32 = 10;

/// The strategy, on terms that some solutions miss.
pub(crate) fn strategy() -> Strategy {
    let decimal = |exponent| Decimal {
        mantissa: 1,
        exponent,
    };
    Strategy::LeastSquares(LeastSquares {
        penalty: decimal(-2),
        epsilon: decimal(-4),
    })
}

/// Canonical bytes of the moments of ten rows about a value.
pub(crate) fn moments(shape: Shape, value: i32) -> Vec<u8> {
    let mut moments = Moments::zero(shape);
    let features = shape.weights() as usize - 1;
    for row in 0..ROWS as i16 {
        let value = (value % 8_192) as i16 + row;
        let values: Vec<i16> = (0..features as i16)
            .map(|place| value * (place + 1))
            .collect();
        if moments.add_row(&values, value).is_err() {
            break;
        }
    }
    if value == i32::MIN {
        return impossible(shape, moments);
    }
    moments.encode()
}

/// The same rows, with a product that no columns have.
fn impossible(shape: Shape, moments: Moments) -> Vec<u8> {
    let rows = moments.rows();
    let mut values = moments.into_values();
    if let [square, product, ..] = values.as_mut_slice() {
        (*square, *product) = (0, i64::from(rows) << 30);
    }
    Moments::new(shape, rows, values).map_or_else(|_| Vec::new(), |moments| moments.encode())
}

/// The call that refutes the first client whose moments are of no rows, if any are.
fn refutation(federation: u32) -> Option<Call<Test>> {
    let shape = Specs::<Test>::get(federation)?.task.shape().ok()?;
    let all = Federation::moments(federation, Vec::new())?;
    let all = Moments::new(shape, all.rows, all.values).ok()?;
    Commitments::<Test>::iter_key_prefix(federation).find_map(|client| {
        let rest = Federation::moments(federation, vec![client])?;
        let rest = Moments::new(shape, rest.rows, rest.values).ok()?;
        let mut own = all.clone();
        own.subtract(&rest).ok()?;
        let vector = refute(&own, 1.0)?.try_into().ok()?;
        Some(Call::refute {
            federation,
            client,
            vector,
        })
    })
}

/// The call that hands a solution in where one is waited for: right, changed, or without a client, as a
/// number says; or none at all.
pub(crate) fn certify(federation: u32, choice: u8) -> Option<Call<Test>> {
    let state = Federations::<Test>::get(federation)?;
    let Phase::Certify { .. } = state.phase else {
        return None;
    };
    if let Some(call) = refutation(federation) {
        return Some(call);
    }
    match choice % 8 {
        7 => return None,
        5 => {}
        // Solutions are taken after the pause.
        _ => next_blocks(4),
    }
    let task = Specs::<Test>::get(federation)?.task;
    let left_out: Vec<AccountId> = match choice % 4 {
        3 => Commitments::<Test>::iter_key_prefix(federation)
            .take(1)
            .collect(),
        _ => Vec::new(),
    };
    let view = Federation::moments(federation, left_out.clone())?;
    let moments = Moments::new(task.shape().ok()?, view.rows, view.values).ok()?;
    let penalty = task.strategy.terms()?.penalty_units()?;
    let mut solution =
        solve(&Problem::new(moments, penalty, u64::MAX, task.format).ok()?)?.encode();
    if choice % 4 == 2 {
        let place = usize::from(choice) % solution.len();
        solution[place] ^= 0x55;
    }
    Some(Call::certify {
        federation,
        left_out: left_out.try_into().unwrap_or_default(),
        solution: solution.try_into().unwrap_or_default(),
    })
}
