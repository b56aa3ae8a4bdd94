//! What a runtime's metadata tells of a block: its transactions, and which of them failed.

use std::collections::BTreeSet;

use codec::{Compact, Decode};
use fedchain_fl::H256;
use subxt::{
    events::Phase,
    ext::frame_decode::extrinsics::{Extrinsic, decode_extrinsic},
    metadata::Metadata,
};

use super::{
    AccountId,
    bounded::{Bounded, with_stack},
    call::PALLET,
    code::Version,
    signature::{Rules, Signed},
};
use crate::Error;

/// A transaction in a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    /// Its place in the block.
    pub index: u32,
    /// Pallet of its call.
    pub pallet: String,
    /// Name of its call.
    pub call: String,
    /// Who signed it.
    pub signer: Option<AccountId>,
    /// Encoded arguments of the call.
    pub arguments: Vec<u8>,
    /// What shows that the signer signed it; of the federations' pallet only.
    pub signed: Option<Signed>,
}

/// What a block's events say of its transactions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcomes {
    /// Places of those that failed.
    pub failed: BTreeSet<u32>,
    /// What became of federations, in order.
    pub turns: Vec<Turn>,
}

/// A federation's beginning or end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// Place of the transaction; a hook has none, or that of the first one after it.
    pub index: Option<u32>,
    /// The federation.
    pub federation: u32,
    /// What happened.
    pub kind: TurnKind,
}

/// What can happen to a federation once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TurnKind {
    /// It was created, by this owner.
    Created(AccountId),
    /// Its owner asked to end it with the current round.
    Ending,
    /// It ended before its last round.
    Cancelled,
    /// It was deleted from the state.
    Removed,
}

/// A runtime's metadata: it takes transactions apart.
pub struct Runtime {
    metadata: Metadata,
    /// What its signatures are over.
    pub rules: Rules,
}

impl Runtime {
    /// The runtime of this metadata, on the chain that begins with `genesis`.
    ///
    /// # Errors
    /// As [`Rules::new`].
    pub fn new(metadata: Metadata, version: Version, genesis: H256) -> Result<Self, Error> {
        let rules = Rules::new(&metadata, version, genesis)?;
        Ok(Self { metadata, rules })
    }

    /// Takes a block's extrinsics apart.
    ///
    /// # Errors
    /// [`Error::Protocol`] when they are not of this runtime.
    pub fn transactions(&self, body: &[Vec<u8>]) -> Result<Vec<Transaction>, Error> {
        with_stack(|| {
            let bytes = body.iter().map(Vec::len).sum();
            let types = Bounded::new(self.metadata.types(), bytes);
            let transactions = (0u32..).zip(body).map(|(index, encoded)| {
                let extrinsic = decode_extrinsic(&mut encoded.as_slice(), &self.metadata, &types);
                let extrinsic = extrinsic
                    .map_err(|error| Error::Protocol(format!("transaction {index}: {error}")))?;
                Ok(transaction(index, encoded, &extrinsic))
            });
            transactions.collect()
        })
    }

    /// What encoded events say of their block's transactions.
    ///
    /// # Errors
    /// [`Error::Protocol`] when they are not of this runtime.
    pub fn outcomes(&self, events: &[u8]) -> Result<Outcomes, Error> {
        let outcomes = with_stack(|| self.read_events(events));
        outcomes.map_err(|error| Error::Protocol(format!("the block's events: {error}")))
    }

    fn read_events(&self, mut events: &[u8]) -> Result<Outcomes, String> {
        let mut outcomes = Outcomes::default();
        if events.is_empty() {
            return Ok(outcomes);
        }
        let types = Bounded::new(self.metadata.types(), events.len());
        let input = &mut events;
        let Compact(count) = read::<Compact<u32>>(input)?;
        for _ in 0..count {
            let phase: Phase = read(input)?;
            let (pallet, event): (u8, u8) = read(input)?;
            let pallet = self.metadata.pallet_by_event_index(pallet);
            let pallet = pallet.ok_or("one is of no pallet")?;
            let event = pallet.event_variant_by_index(event);
            let event = event.ok_or("one is none of its pallet")?;
            let fields = *input;
            for field in &event.fields {
                types.skip(field.ty.id, input)?;
            }
            let _topics: Vec<H256> = read(input)?;
            let index = match phase {
                Phase::ApplyExtrinsic(index) => Some(index),
                Phase::Initialization | Phase::Finalization => None,
            };
            if (pallet.name(), event.name.as_str()) == ("System", "ExtrinsicFailed") {
                outcomes.failed.extend(index);
            }
            if pallet.name() == PALLET {
                outcomes.turns.extend(turn(index, &event.name, fields)?);
            }
        }
        Ok(outcomes)
    }
}

/// What an event of the federations' pallet says of a federation's life.
fn turn(index: Option<u32>, event: &str, mut fields: &[u8]) -> Result<Option<Turn>, String> {
    let fields = &mut fields;
    let (federation, kind) = match event {
        "FederationCreated" => {
            let (federation, owner) = read(fields)?;
            (federation, TurnKind::Created(AccountId(owner)))
        }
        "CancelRequested" => (read(fields)?, TurnKind::Ending),
        "FederationCancelled" => (read(fields)?, TurnKind::Cancelled),
        "FederationRemoved" => (read(fields)?, TurnKind::Removed),
        _ => return Ok(None),
    };
    Ok(Some(Turn {
        index,
        federation,
        kind,
    }))
}

fn read<T: Decode>(input: &mut &[u8]) -> Result<T, String> {
    T::decode(input).map_err(|error| error.to_string())
}

fn transaction(index: u32, encoded: &[u8], extrinsic: &Extrinsic<'_, u32>) -> Transaction {
    /// The variant `Id` of the runtime's address type.
    const ADDRESS_ID: u8 = 0;
    let of = |range| encoded.get(range).unwrap_or_default();
    let payload = extrinsic.signature_payload();
    let signer = payload.and_then(|payload| match of(payload.address_range()) {
        [ADDRESS_ID, account @ ..] => account.try_into().ok().map(AccountId),
        _ => None,
    });
    let is_ours = extrinsic.pallet_name() == PALLET;
    let signature = payload.filter(|_| is_ours);
    let signed = signer.zip(signature).map(|(account, payload)| {
        let extensions = extrinsic.transaction_extension_payload();
        let extensions = extensions.iter().flat_map(|extensions| extensions.iter());
        Signed {
            account,
            signature: of(payload.signature_range()).to_vec(),
            call: of(extrinsic.call_data_range()).to_vec(),
            extensions: extensions
                .map(|carried| (carried.name().to_owned(), of(carried.range()).to_vec()))
                .collect(),
        }
    });
    Transaction {
        index,
        pallet: extrinsic.pallet_name().to_owned(),
        call: extrinsic.call_name().to_owned(),
        signer,
        arguments: of(extrinsic.call_data_args_range()).to_vec(),
        signed,
    }
}

#[cfg(test)]
mod tests {
    use codec::Encode;

    use super::*;

    #[test]
    fn turns_of_federations_are_read() {
        let owner = AccountId([1; 32]);
        for (event, fields, kind) in [
            (
                "FederationCreated",
                (7u32, owner.0).encode(),
                TurnKind::Created(owner),
            ),
            ("CancelRequested", 7u32.encode(), TurnKind::Ending),
            ("FederationCancelled", 7u32.encode(), TurnKind::Cancelled),
            ("FederationRemoved", 7u32.encode(), TurnKind::Removed),
        ] {
            let expected = Turn {
                index: Some(2),
                federation: 7,
                kind,
            };
            assert_eq!(turn(Some(2), event, &fields), Ok(Some(expected)));
            let cut = &fields[..fields.len() - 1];
            assert!(turn(Some(2), event, cut).is_err(), "{event}");
        }
        assert_eq!(turn(None, "FederationFinished", &7u32.encode()), Ok(None));
    }
}
