//! What a client's updates have spent of its privacy: remembered for ever, whatever else is forgotten.
//!
//! An update is counted before its commitment can be sent. So a crash may count one that was never
//! sent, but never forgets one that was.

use fedchain_learn::privacy::{Accountant, Mechanism};
use serde::{Deserialize, Serialize};

use super::{Store, StoreError, read};

/// Every update that one client made in one federation, sent or not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spent {
    /// Updates without noise.
    pub plain: u64,
    /// Updates with noise.
    pub noisy: Accountant,
}

impl Store {
    /// Name of the file that remembers.
    pub const SPENT: &str = "noise.json";

    /// What has been spent so far; nothing where there is no file.
    ///
    /// # Errors
    /// [`StoreError::Spent`] when the file cannot be understood, [`StoreError::Io`] otherwise.
    pub fn spent(&self) -> Result<Spent, StoreError> {
        match read(self.dir.join(Self::SPENT)) {
            Ok(spent) => Ok(spent.unwrap_or_default()),
            Err(StoreError::Damaged { file, reason }) => Err(StoreError::Spent { file, reason }),
            Err(error) => Err(error),
        }
    }

    /// Counts one more update, with the noise of `mechanism` or with none; it is on disk when this returns.
    ///
    /// # Errors
    /// As [`Self::spent`].
    pub fn spend(&self, mechanism: Option<&Mechanism>) -> Result<Spent, StoreError> {
        let mut spent = self.spent()?;
        match mechanism {
            Some(mechanism) => spent.noisy.add(mechanism, 1),
            None => spent.plain = spent.plain.saturating_add(1),
        }
        self.write(&self.dir.join(Self::SPENT), &spent)?;
        Ok(spent)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use fedchain_fl::{Format, H256};

    use super::*;
    use crate::{chain::AccountId, store::Place};

    fn place() -> Place {
        Place {
            genesis: H256::repeat_byte(1),
            federation: 2,
            created: H256::repeat_byte(3),
            account: AccountId([4; 32]),
        }
    }

    #[test]
    fn updates_add_up_over_restarts_and_outlive_the_rounds() {
        let state = tempfile::tempdir().unwrap();
        let mechanism = Mechanism::new(1.0, 4.0, Format::default()).unwrap();
        let store = Store::open(state.path(), &place()).unwrap();
        assert_eq!(store.spent().unwrap(), Spent::default());
        store.spend(Some(&mechanism)).unwrap();
        store.forget_before(u32::MAX).unwrap();
        drop(store);
        let store = Store::open(state.path(), &place()).unwrap();
        let spent = store.spend(Some(&mechanism)).unwrap();
        assert_eq!((spent.plain, spent.noisy.count()), (0, 2));
        assert_eq!(store.spend(None).unwrap().plain, 1);
        assert_eq!(
            fs::read_to_string(store.dir().join("noise.json")).unwrap(),
            r#"{"plain":1,"noisy":[{"sensitivity":131072,"deviation":262144,"count":2}]}"#
        );
    }

    #[test]
    fn a_damaged_file_is_neither_nothing_nor_overwritten() {
        let state = tempfile::tempdir().unwrap();
        let store = Store::open(state.path(), &place()).unwrap();
        for text in ["", "{}", r#"{"plain":0,"noisy":[],"more":1}"#] {
            fs::write(store.dir().join("noise.json"), text).unwrap();
            let message = store.spend(None).unwrap_err().to_string();
            assert!(message.contains("restore it from a backup"), "{message}");
            let left = fs::read_to_string(store.dir().join("noise.json")).unwrap();
            assert_eq!(left, text);
        }
    }
}
