//! From a node's blocks to what the replay takes.

use std::collections::BTreeSet;

use codec::Decode;
use fedchain_commitment::Part;
use fedchain_fl::{FederationSpec, view::ServerModel};
use fedchain_receipt::{Header, server_models};
use sp_runtime::{
    StateVersion,
    traits::{BlakeTwo256, Hash},
};

use super::{
    audit::{Broken, Flaw},
    replay::{Block, Certify, Commit, HoldoutReveal, Pledge, Refute, Reveal},
    signed::Ancestors,
};
use crate::{
    Error,
    chain::{
        AccountId, Chain, Head,
        call::PALLET,
        runtime::{Outcomes, Runtime, Transaction, Turn},
    },
};

/// What is wanted of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// What it holds of one federation.
    One(u32),
    /// What it holds of all of them.
    All {
        /// Whether a federation may end in it without a transaction.
        may_end: bool,
    },
}

/// A block as the node gives it.
pub struct Raw {
    /// Its place in the chain, as the node says.
    pub head: Head,
    /// Its header.
    pub header: Header,
    /// Its extrinsics.
    pub body: Vec<Vec<u8>>,
}

impl Raw {
    /// Fetches the block of a height.
    ///
    /// # Errors
    /// When the node does not have it.
    pub async fn fetch(chain: &Chain, number: u32) -> Result<Self, Error> {
        let hash = chain.block_hash(number).await?;
        let (header, body) = chain.body(hash).await?;
        let head = Head { number, hash };
        Ok(Self { head, header, body })
    }

    /// Checks that the header is the one of the block's hash.
    ///
    /// # Errors
    /// [`Flaw::Hash`].
    pub fn check_header(&self) -> Result<(), Broken> {
        let (found, stated) = (self.header.hash(), self.head.hash);
        match found == stated {
            true => Ok(()),
            false => Err(self.broken(Flaw::Hash { found, stated })),
        }
    }

    /// Checks that the extrinsics are those of the header.
    ///
    /// # Errors
    /// [`Flaw::Body`].
    pub fn check_body(&self) -> Result<(), Broken> {
        let found = BlakeTwo256::ordered_trie_root(self.body.clone(), StateVersion::V0);
        let expected = self.header.extrinsics_root;
        match found == expected {
            true => Ok(()),
            false => Err(self.broken(Flaw::Body { expected, found })),
        }
    }

    fn broken(&self, flaw: Flaw) -> Broken {
        Broken {
            block: self.head.number,
            flaw,
        }
    }

    /// Takes it apart, as far as `scope` goes. Signatures of all federations' calls are checked.
    ///
    /// # Errors
    /// [`Error::Protocol`] when the runtime does not understand the block, [`Flaw::Signature`].
    pub async fn contents(
        &self,
        chain: &Chain,
        runtime: &Runtime,
        ancestors: &mut Ancestors,
        scope: Scope,
    ) -> Result<Contents, Error> {
        let transactions = runtime.transactions(&self.body)?;
        for Transaction { index, signed, .. } in &transactions {
            let Some(signed) = signed else { continue };
            let number = self.head.number;
            let is_signed = ancestors.is_signed(chain, &runtime.rules, number, signed);
            if !is_signed.await? {
                let (index, account) = (*index, signed.account);
                return Err(self.broken(Flaw::Signature { index, account }).into());
            }
        }
        let is_signed = transactions.iter().any(|sent| sent.signer.is_some());
        let mut calls: Vec<Sent> = transactions.into_iter().filter_map(Sent::read).collect();
        let has_turns = match scope {
            Scope::One(of) => {
                calls.retain(|sent| sent.federation == Some(of));
                false
            }
            // Federations can also be created, and removed, within other calls.
            Scope::All { may_end } => is_signed || may_end,
        };
        let outcomes = match has_turns || !calls.is_empty() {
            true => match chain.outcomes(runtime, &self.header).await {
                Err(Error::Pruned(_)) => None,
                outcomes => Some(outcomes?),
            },
            false => Some(Outcomes::default()),
        };
        let number = self.head.number;
        let closed = server_models(&self.header).map_err(|_| {
            Error::Protocol(format!(
                "block {number} closes a round in a form that this version does not know"
            ))
        })?;
        Ok(Contents {
            number,
            closed,
            calls,
            outcomes,
        })
    }
}

/// What a block holds of federations.
pub struct Contents {
    number: u32,
    /// The rounds that it closed.
    pub closed: Vec<ServerModel>,
    calls: Vec<Sent>,
    outcomes: Option<Outcomes>,
}

impl Contents {
    /// What the block says of federations' beginning and end, in order. None when the node has pruned the
    /// block's events.
    pub fn turns(&self) -> Option<Vec<Turn>> {
        Some(self.outcomes.as_ref()?.turns.clone())
    }

    /// The spec of a federation that a transaction of its own created.
    pub fn spec(&self, created: Turn) -> Option<FederationSpec<u128>> {
        self.calls.iter().find_map(|sent| match &sent.call {
            Call::Create(spec) if Some(sent.index) == created.index => Some(*spec.clone()),
            _ => None,
        })
    }

    /// Who removed a federation by a transaction of its own.
    pub fn remover(&self, removed: Turn) -> Option<AccountId> {
        self.calls.iter().find_map(|sent| match &sent.call {
            Call::Remove(signer) if Some(sent.index) == removed.index => Some(*signer),
            _ => None,
        })
    }

    /// The federations that the block has anything of.
    pub fn federations(&self) -> BTreeSet<u32> {
        let called = self.calls.iter().filter_map(|sent| sent.federation);
        called
            .chain(self.closed.iter().map(|closed| closed.federation))
            .collect()
    }

    /// Takes out what there is of one federation.
    pub fn of(&mut self, federation: u32) -> Block {
        let mut block = Block {
            number: self.number,
            ..Block::default()
        };
        let closed = self.closed.iter();
        block.closed = closed
            .filter(|closed| closed.federation == federation)
            .cloned()
            .collect();
        let is_its_own = |sent: &mut Sent| sent.federation == Some(federation);
        for Sent { index, call, .. } in self.calls.extract_if(.., is_its_own) {
            let failed = self.outcomes.as_ref().map(|outcomes| &outcomes.failed);
            let succeeded = failed.map(|failed| !failed.contains(&index));
            match call {
                Call::Commit(commit) if succeeded != Some(false) => block.commits.push(commit),
                Call::Reveal(reveal) => block.reveals.push(Reveal {
                    succeeded,
                    ..reveal
                }),
                Call::Certify(certify) => block.certified.push(Certify {
                    succeeded,
                    ..certify
                }),
                Call::Refute(refute) => block.refuted.push(Refute {
                    succeeded,
                    ..refute
                }),
                Call::Pledge(pledge) if succeeded != Some(false) => block.pledges.push(pledge),
                Call::Holdout(reveal) => block.holdouts.push(HoldoutReveal {
                    succeeded,
                    ..reveal
                }),
                Call::Upload(part) if succeeded != Some(false) => block.uploads.push(part),
                Call::Commit(_)
                | Call::Pledge(_)
                | Call::Upload(_)
                | Call::Create(_)
                | Call::Remove(_) => {}
            }
        }
        block
    }
}

/// A call, with its place in the block; its federation has a number unless it creates it.
struct Sent {
    index: u32,
    federation: Option<u32>,
    call: Call,
}

enum Call {
    Create(Box<FederationSpec<u128>>),
    Commit(Commit),
    Reveal(Reveal),
    Certify(Certify),
    Refute(Refute),
    Pledge(Pledge),
    Holdout(HoldoutReveal),
    Upload(Part),
    /// By the account that signed it.
    Remove(AccountId),
}

impl Sent {
    /// A call that the replay takes.
    fn read(transaction: Transaction) -> Option<Self> {
        if transaction.pallet != PALLET {
            return None;
        }
        let signer = transaction.signer?;
        let arguments = &mut transaction.arguments.as_slice();
        let (federation, call) = match transaction.call.as_str() {
            "create" => (
                None,
                Call::Create(Box::new(Decode::decode(arguments).ok()?)),
            ),
            "commit" => {
                let (of, round, base_root, commitment) = Decode::decode(arguments).ok()?;
                let commit = Commit {
                    client: signer,
                    round,
                    base_root,
                    commitment,
                };
                (Some(of), Call::Commit(commit))
            }
            "reveal" => {
                let (of, round, sample_count, privacy, salt, part) =
                    Decode::decode(arguments).ok()?;
                let reveal = Reveal {
                    client: signer,
                    round,
                    sample_count,
                    privacy,
                    salt,
                    part,
                    succeeded: None,
                };
                (Some(of), Call::Reveal(reveal))
            }
            "certify" => {
                let (of, left_out, solution) = Decode::decode(arguments).ok()?;
                let certify = Certify {
                    left_out,
                    solution,
                    succeeded: None,
                };
                (Some(of), Call::Certify(certify))
            }
            "refute" => {
                let (of, client, vector) = Decode::decode(arguments).ok()?;
                let refute = Refute {
                    client,
                    vector,
                    succeeded: None,
                };
                (Some(of), Call::Refute(refute))
            }
            "commit_holdout" => {
                let (of, round, commitment) = Decode::decode(arguments).ok()?;
                let pledge = Pledge {
                    evaluator: signer,
                    round,
                    commitment,
                };
                (Some(of), Call::Pledge(pledge))
            }
            "reveal_holdout" => {
                let (of, round, salt, part) = Decode::decode(arguments).ok()?;
                let reveal = HoldoutReveal {
                    evaluator: signer,
                    round,
                    salt,
                    part,
                    succeeded: None,
                };
                (Some(of), Call::Holdout(reveal))
            }
            "upload" => {
                let (of, part) = Decode::decode(arguments).ok()?;
                (Some(of), Call::Upload(part))
            }
            "remove" => (Some(Decode::decode(arguments).ok()?), Call::Remove(signer)),
            _ => return None,
        };
        let index = transaction.index;
        Some(Self {
            index,
            federation,
            call,
        })
    }
}

#[cfg(test)]
mod tests {
    use codec::Encode;
    use fedchain_commitment::parts;
    use fedchain_fl::{H256, Privacy};

    use super::*;
    use crate::chain::runtime::TurnKind;

    fn read(call: &str, arguments: Vec<u8>) -> Option<Sent> {
        Sent::read(Transaction {
            index: 2,
            pallet: PALLET.into(),
            call: call.into(),
            signer: Some(AccountId([1; 32])),
            arguments,
            signed: None,
        })
    }

    #[test]
    fn commits_and_reveals_are_read() {
        let (base, commitment) = (H256::repeat_byte(3), H256::repeat_byte(4));
        let sent = read("commit", (7u32, 1u32, base, commitment).encode());
        let Some(Sent {
            index: 2,
            federation: Some(7),
            call: Call::Commit(found),
        }) = sent
        else {
            panic!("a commit")
        };
        assert_eq!(
            (found.round, found.base_root, found.commitment),
            (1, base, commitment)
        );

        let part = parts(&[1, 2]).remove(0);
        let sent = read(
            "reveal",
            (7u32, 1u32, 147u32, None::<Privacy>, [5u8; 32], &part).encode(),
        );
        let Some(Sent {
            index: 2,
            federation: Some(7),
            call: Call::Reveal(found),
        }) = sent
        else {
            panic!("a reveal")
        };
        assert_eq!(
            (found.sample_count, found.salt, found.part),
            (147, [5; 32], part)
        );
        assert!(read("join", 7u32.encode()).is_none());
    }

    #[test]
    fn holdouts_are_read() {
        let commitment = H256::repeat_byte(4);
        let sent = read("commit_holdout", (7u32, 1u32, commitment).encode());
        let Some(Sent {
            index: 2,
            federation: Some(7),
            call: Call::Pledge(found),
        }) = sent
        else {
            panic!("a commitment")
        };
        let evaluator = AccountId([1; 32]);
        let expected = Pledge {
            evaluator,
            round: 1,
            commitment,
        };
        assert_eq!(found, expected);

        let part = parts(&[1, 2]).remove(0);
        let sent = read("reveal_holdout", (7u32, 1u32, [5u8; 32], &part).encode());
        let Some(Sent {
            index: 2,
            federation: Some(7),
            call: Call::Holdout(found),
        }) = sent
        else {
            panic!("a reveal")
        };
        let expected = HoldoutReveal {
            evaluator,
            round: 1,
            salt: [5; 32],
            part,
            succeeded: None,
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn who_created_and_removed_a_federation_is_known_where_a_transaction_of_its_own_did() {
        let sent = read("remove", 7u32.encode()).unwrap();
        let contents = Contents {
            number: 9,
            closed: Vec::new(),
            calls: vec![sent],
            outcomes: None,
        };
        let removed = |index| Turn {
            index,
            federation: 7,
            kind: TurnKind::Removed,
        };
        assert_eq!(contents.remover(removed(Some(2))), Some(AccountId([1; 32])));
        for within_another in [Some(3), None] {
            assert_eq!(contents.remover(removed(within_another)), None);
            assert_eq!(contents.spec(removed(within_another)), None);
        }
        assert_eq!(contents.turns(), None, "the events are gone");
    }

    #[test]
    fn a_block_is_dealt_out_to_its_federations_without_what_failed() {
        let commit = |of: u32, index| Sent {
            index,
            ..read("commit", (of, 1u32, H256::zero(), H256::zero()).encode()).unwrap()
        };
        let outcomes = Outcomes {
            failed: [3].into(),
            ..Outcomes::default()
        };
        let mut contents = Contents {
            number: 9,
            closed: Vec::new(),
            calls: vec![commit(7, 1), commit(8, 2), commit(7, 3)],
            outcomes: Some(outcomes),
        };
        assert_eq!(contents.federations(), [7, 8].into());
        assert_eq!(contents.of(7).commits.len(), 1);
        assert_eq!(contents.of(8).commits.len(), 1);
        assert_eq!(contents.of(8).commits.len(), 0, "taken out");
    }
}
