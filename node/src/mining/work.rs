//! The work cell: the one template that is being mined, and who may take it.
//!
//! ```text
//!         open                 take (valid seal)
//!  Idle --------> Open(template) ------------> Importing(parent)
//!    ^  <--------    |  ^ open: replaced            |
//!    |    close      +--+                           |
//!    +----------------------------------------------+  imported
//! ```
//!
//! Checking a seal and taking its template is one step under one lock, so no two threads can both
//! mine a template, and no seal meets a template that it was not found for. While a block is being
//! imported no template on the same parent is opened: it would only be its sibling.

use super::template::Template;
use fedchain_pow::{Seal, U256};
use fedchain_runtime::Hash;
use parking_lot::{Condvar, Mutex};
use std::{
    collections::VecDeque,
    sync::atomic::{AtomicU64, Ordering},
};

/// What is needed to search for a seal.
#[derive(Clone, Copy, Debug)]
pub struct Work {
    /// Number of the job: it changes with every template.
    pub job: u64,
    /// What the seal is searched for.
    pub pre_hash: Hash,
    /// What the seal must meet.
    pub difficulty: U256,
}

/// Why a seal takes no template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// Its template is gone.
    Stale,
    /// The same seal has taken its template before.
    Duplicate,
    /// It does not meet the difficulty.
    Wrong,
}

/// Seals that are remembered to recognise duplicates.
const TAKEN_MAX: usize = 16;

#[derive(Default)]
enum State {
    #[default]
    Idle,
    Open(Box<Template>),
    Importing(Hash),
}

/// The place where templates and seals meet.
#[derive(Default)]
pub struct WorkCell {
    state: Mutex<State>,
    opened: Condvar,
    /// Counts the changes of `state`; a cheap way for threads to see that their work is stale.
    version: AtomicU64,
    /// Jobs and seals of the newest templates taken.
    taken: Mutex<VecDeque<(u64, Seal)>>,
}

impl WorkCell {
    /// Offers a template to the search threads, in place of the one before.
    pub fn open(&self, template: Template) {
        let mut state = self.state.lock();
        if matches!(&*state, State::Importing(parent) if *parent == template.parent) {
            return;
        }
        self.set(&mut state, State::Open(Box::new(template)));
        self.opened.notify_all();
    }

    /// Withdraws the open template, if there is one.
    pub fn close(&self) {
        let mut state = self.state.lock();
        if let State::Open(_) = *state {
            self.set(&mut state, State::Idle);
        }
    }

    /// Waits for an open template.
    pub fn wait(&self) -> Work {
        let mut state = self.state.lock();
        loop {
            if let State::Open(template) = &*state {
                return self.work(template);
            }
            self.opened.wait(&mut state);
        }
    }

    /// The work at hand and the height of its block, if there is an open template.
    pub fn current(&self) -> Option<(Work, u32)> {
        match &*self.state.lock() {
            State::Open(template) => Some((self.work(template), template.number())),
            _ => None,
        }
    }

    fn work(&self, template: &Template) -> Work {
        Work {
            job: self.version.load(Ordering::Relaxed),
            pre_hash: template.pre_hash,
            difficulty: template.difficulty,
        }
    }

    /// Whether a job is still worth searching.
    pub fn is_current(&self, job: u64) -> bool {
        self.version.load(Ordering::Relaxed) == job
    }

    /// Takes the template of a job for a seal.
    pub fn take(&self, job: u64, seal: Seal) -> Result<Template, Refused> {
        let mut state = self.state.lock();
        let mut taken = self.taken.lock();
        if taken.contains(&(job, seal)) {
            return Err(Refused::Duplicate);
        }
        let State::Open(template) = &*state else {
            return Err(Refused::Stale);
        };
        if !self.is_current(job) {
            return Err(Refused::Stale);
        }
        if !seal.is_valid(template.pre_hash.as_fixed_bytes(), template.difficulty) {
            return Err(Refused::Wrong);
        }
        let parent = template.parent;
        let State::Open(template) = self.set(&mut state, State::Importing(parent)) else {
            return Err(Refused::Stale);
        };
        taken.truncate(TAKEN_MAX - 1);
        taken.push_front((job, seal));
        Ok(*template)
    }

    /// Whether a block on `parent` is being imported.
    pub fn is_importing_on(&self, parent: &Hash) -> bool {
        matches!(&*self.state.lock(), State::Importing(current) if current == parent)
    }

    /// Ends the import that [`Self::take`] began.
    pub fn imported(&self) {
        let mut state = self.state.lock();
        if let State::Importing(_) = *state {
            self.set(&mut state, State::Idle);
        }
    }

    fn set(&self, state: &mut State, to: State) -> State {
        self.version.fetch_add(1, Ordering::Relaxed);
        std::mem::replace(state, to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fedchain_runtime::{Header, opaque::Block};
    use sp_consensus::Proposal;
    use sp_runtime::traits::{Block as _, Header as _};

    /// A template on block `parent` that any seal solves.
    fn template(parent: u8, difficulty: U256) -> Template {
        let parent = Hash::repeat_byte(parent);
        let header = Header::new(
            1,
            Default::default(),
            Default::default(),
            parent,
            Default::default(),
        );
        Template {
            parent,
            pre_hash: header.hash(),
            difficulty,
            proposal: Proposal {
                block: Block::new(header, vec![]),
                storage_changes: Default::default(),
            },
        }
    }

    const EASY: U256 = U256([1, 0, 0, 0]);
    const SEAL: Seal = Seal { nonce: 0 };

    fn refusal(cell: &WorkCell, job: u64, seal: Seal) -> Option<Refused> {
        cell.take(job, seal).err()
    }

    #[test]
    fn a_template_is_taken_once() {
        let cell = WorkCell::default();
        cell.open(template(1, EASY));
        let work = cell.wait();

        assert!(cell.take(work.job, SEAL).is_ok());
        assert_eq!(refusal(&cell, work.job, SEAL), Some(Refused::Duplicate));
        let other = Seal { nonce: 1 };
        assert_eq!(refusal(&cell, work.job, other), Some(Refused::Stale));
        assert!(!cell.is_current(work.job));
    }

    #[test]
    fn an_invalid_seal_takes_nothing() {
        let cell = WorkCell::default();
        cell.open(template(1, U256::MAX));
        let work = cell.wait();

        assert_eq!(refusal(&cell, work.job, SEAL), Some(Refused::Wrong));
        assert!(cell.is_current(work.job));
    }

    #[test]
    fn stale_work_takes_nothing() {
        let cell = WorkCell::default();
        cell.open(template(1, EASY));
        let work = cell.wait();
        cell.open(template(2, EASY));
        assert_eq!(refusal(&cell, work.job, SEAL), Some(Refused::Stale));

        let work = cell.wait();
        cell.close();
        assert_eq!(refusal(&cell, work.job, SEAL), Some(Refused::Stale));
        assert!(cell.current().is_none());
    }

    #[test]
    fn no_sibling_while_importing() {
        let cell = WorkCell::default();
        cell.open(template(1, EASY));
        assert!(cell.take(cell.wait().job, SEAL).is_ok());
        assert!(cell.is_importing_on(&Hash::repeat_byte(1)));

        // A sibling is not opened, a template on another block is.
        cell.open(template(1, EASY));
        assert!(cell.is_importing_on(&Hash::repeat_byte(1)));
        cell.open(template(2, EASY));
        assert!(!cell.is_importing_on(&Hash::repeat_byte(1)));

        // The end of the import leaves the new template open.
        cell.imported();
        assert!(cell.take(cell.wait().job, SEAL).is_ok());
        cell.imported();
        assert!(!cell.is_importing_on(&Hash::repeat_byte(2)));
    }
}
