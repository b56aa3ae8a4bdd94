//! The transaction extension: refuses out-of-phase calls at the pool, marks direct calls, and has answers
//! taken first.
//!
//! Commits and reveals of updates and holdouts, upload, certify and refute must be transactions of their own, so
//! that a block's record, verification and audit find every one of them. The extension replaces the signed
//! origin of such a transaction by [`RawOrigin::Direct`], which no wrapping call can make.
//!
//! A window runs in blocks that had room for an answer of the largest size. Whoever makes blocks by the pool's
//! order has tried the answers before all else, so that none waits for another reason; a larger transaction
//! gets no priority.

use codec::{Decode, DecodeWithMemTracking, Encode, Input, MaxEncodedLen};
use core::fmt;
use fedchain_fl::Refusal;
use frame_support::{
    dispatch::{DispatchErrorWithPostInfo, DispatchInfo},
    pallet_prelude::*,
    traits::IsSubType,
};
use frame_system::ensure_signed;
use scale_info::TypeInfo;
use sp_runtime::{
    traits::{
        AsSystemOriginSigner, DispatchInfoOf, Dispatchable, TransactionExtension, ValidateResult,
    },
    transaction_validity::{
        InvalidTransaction, TransactionPriority, TransactionSource, ValidTransaction,
    },
};

use crate::{WeightInfo, pallet::*};

/// Priority of an answer in the pool, to which that of its tip is added: others come before it by a tip of ten
/// thousand units and more for each small transaction, or of a million for each that fills a tenth of a block.
pub const ANSWER_PRIORITY: TransactionPriority = TransactionPriority::MAX / 2;
/// Priority of a solution or a refutation, of which one is enough. Once one is taken the others are void and cost
/// nothing, so they must not stand before commits and reveals.
pub const SHARED_ANSWER_PRIORITY: TransactionPriority = ANSWER_PRIORITY / 2;

/// The pallet's own origin.
///
/// It cannot be decoded: whoever may dispatch a call with an origin of its choice, as root may by
/// `dispatch_as`, cannot name this one.
#[derive(Debug, Clone, PartialEq, Eq, Encode, MaxEncodedLen, TypeInfo)]
pub enum RawOrigin<AccountId> {
    /// This account signed this very call as a transaction.
    Direct(AccountId),
}

impl<AccountId> Decode for RawOrigin<AccountId> {
    fn decode<I: Input>(_: &mut I) -> Result<Self, codec::Error> {
        Err("a direct origin comes from a signed transaction only".into())
    }
}

impl<AccountId> DecodeWithMemTracking for RawOrigin<AccountId> {}

/// Checks federation calls before they enter the pool or a block.
#[derive(Clone, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, TypeInfo)]
#[scale_info(skip_type_params(T))]
pub struct CheckFederation<T: Config>(core::marker::PhantomData<T>);

impl<T: Config> Default for CheckFederation<T> {
    fn default() -> Self {
        Self(core::marker::PhantomData)
    }
}

impl<T: Config> fmt::Debug for CheckFederation<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CheckFederation")
    }
}

impl<T> TransactionExtension<T::RuntimeCall> for CheckFederation<T>
where
    T: Config + Send + Sync,
    T::RuntimeCall: IsSubType<Call<T>> + Dispatchable<Info = DispatchInfo>,
    T::RuntimeOrigin: AsSystemOriginSigner<T::AccountId> + Clone,
{
    const IDENTIFIER: &'static str = "CheckFederation";
    type Implicit = ();
    type Val = ();
    type Pre = ();

    fn weight(&self, call: &T::RuntimeCall) -> Weight {
        match call.is_sub_type() {
            Some(_) => T::WeightInfo::check(),
            None => Weight::zero(),
        }
    }

    fn validate(
        &self,
        mut origin: T::RuntimeOrigin,
        call: &T::RuntimeCall,
        info: &DispatchInfoOf<T::RuntimeCall>,
        len: usize,
        _self_implicit: (),
        _inherited_implication: &impl Encode,
        _source: TransactionSource,
    ) -> ValidateResult<(), T::RuntimeCall> {
        let mut valid = ValidTransaction::default();
        if let (Some(call), Some(signer)) = (call.is_sub_type(), origin.as_system_origin_signer()) {
            let signer = signer.clone();
            Pallet::<T>::check(&signer, call)
                .map_err(|refusal| InvalidTransaction::Custom(refusal.code()))?;
            if Pallet::<T>::is_within_room(info.total_weight(), len) {
                valid.priority = Pallet::<T>::priority(&signer, call);
            }
            if matches!(
                call,
                Call::commit { .. }
                    | Call::reveal { .. }
                    | Call::upload { .. }
                    | Call::certify { .. }
                    | Call::refute { .. }
                    | Call::commit_holdout { .. }
                    | Call::reveal_holdout { .. }
            ) {
                origin = Origin::<T>::Direct(signer).into();
            }
        }
        Ok((valid, (), origin))
    }

    fn prepare(
        self,
        _val: (),
        _origin: &T::RuntimeOrigin,
        _call: &T::RuntimeCall,
        _info: &DispatchInfoOf<T::RuntimeCall>,
        _len: usize,
    ) -> Result<(), TransactionValidityError> {
        Ok(())
    }
}

impl<T: Config> Pallet<T> {
    /// Whether a phase-bound call can succeed now; others pass.
    fn check(signer: &T::AccountId, call: &Call<T>) -> Result<(), Refusal> {
        let state =
            |federation| Federations::<T>::get(federation).ok_or(Refusal::UnknownFederation);
        match call {
            Call::commit {
                federation,
                round,
                base_root,
                ..
            } => Self::may_commit(
                &state(*federation)?,
                signer,
                *federation,
                *round,
                *base_root,
            ),
            Call::reveal {
                federation,
                round,
                part,
                ..
            } => {
                let state = state(*federation)?;
                Self::may_reveal(&state, signer, *federation, *round, part.first).map(|_| ())
            }
            Call::commit_holdout {
                federation, round, ..
            } => Self::may_commit_holdout(&state(*federation)?, signer, *federation, *round),
            Call::reveal_holdout {
                federation,
                round,
                part,
                ..
            } => {
                let state = state(*federation)?;
                Self::may_reveal_holdout(&state, signer, *federation, *round, part.first)
                    .map(|_| ())
            }
            Call::certify { federation, .. } => {
                let state = state(*federation)?;
                let is_anew = state.phase.window().is_none();
                ensure!(!is_anew || state.owner == *signer, Refusal::CertifyClosed);
                Self::may_certify(&state)
            }
            Call::refute {
                federation, client, ..
            } => Self::may_refute(&state(*federation)?, *federation, client),
            Call::advance { federation } => Self::may_advance(&state(*federation)?).map(|_| ()),
            Call::remove { federation } => match Self::may_remove(signer, *federation) {
                // It may be over before the call is executed.
                Err(Refusal::FederationRuns) if state(*federation)?.cancelling => Ok(()),
                may => may.map(|_| ()),
            },
            _ => Ok(()),
        }
    }

    /// The priority of a call that can succeed, if it is what its federation waits for, by somebody with a stake
    /// in it.
    fn priority(signer: &T::AccountId, call: &Call<T>) -> TransactionPriority {
        match call {
            Call::commit { .. }
            | Call::reveal { .. }
            | Call::commit_holdout { .. }
            | Call::reveal_holdout { .. } => ANSWER_PRIORITY,
            Call::certify { federation, .. } | Call::refute { federation, .. } => {
                let has_end = |state: FederationOf<T>| state.phase.window().is_some();
                let is_answer = Commitments::<T>::contains_key(federation, signer)
                    && Federations::<T>::get(federation).is_some_and(has_end);
                match is_answer {
                    true => SHARED_ANSWER_PRIORITY,
                    false => 0,
                }
            }
            _ => 0,
        }
    }

    /// The account behind a direct call.
    pub(crate) fn ensure_direct(
        origin: T::RuntimeOrigin,
    ) -> Result<T::AccountId, DispatchErrorWithPostInfo> {
        match origin.into() {
            Ok(Origin::<T>::Direct(account)) => Ok(account),
            Err(other) => {
                ensure_signed(other)?;
                Err(Self::early(Error::WrappedCall))
            }
        }
    }
}
