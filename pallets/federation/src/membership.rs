//! Who takes part: invite, join, leave, and the end of a membership.

use fedchain_fl::Membership;
use frame_support::ensure;
use sp_runtime::{DispatchResult, traits::Saturating};

use crate::{
    pallet::*,
    types::{FederationId, Member, Phase},
};

impl<T: Config> Pallet<T> {
    pub(crate) fn do_invite(
        owner: &T::AccountId,
        federation: FederationId,
        client: T::AccountId,
    ) -> DispatchResult {
        let (mut state, spec) = Self::running(federation)?;
        ensure!(state.owner == *owner, Error::<T>::NotOwner);
        ensure!(
            spec.membership == Membership::Invited,
            Error::<T>::InvitationNotNeeded
        );
        ensure!(
            !Members::<T>::contains_key(federation, &client),
            Error::<T>::AlreadyMember
        );
        Self::ensure_no_evaluator(federation, &client)?;
        ensure!(
            !Invitations::<T>::contains_key(federation, &client),
            Error::<T>::AlreadyInvited
        );
        ensure!(
            state.members.saturating_add(state.invited) < spec.clients_max,
            Error::<T>::Full
        );

        Invitations::<T>::insert(federation, &client, ());
        state.invited.saturating_inc();
        Federations::<T>::insert(federation, state);
        Self::deposit_event(Event::ClientInvited { federation, client });
        Ok(())
    }

    pub(crate) fn do_withdraw(
        owner: &T::AccountId,
        federation: FederationId,
        client: T::AccountId,
    ) -> DispatchResult {
        let (mut state, _) = Self::running(federation)?;
        ensure!(state.owner == *owner, Error::<T>::NotOwner);
        ensure!(
            Invitations::<T>::take(federation, &client).is_some(),
            Error::<T>::NotInvited
        );
        state.invited.saturating_dec();
        Federations::<T>::insert(federation, state);
        Self::deposit_event(Event::InvitationWithdrawn { federation, client });
        Ok(())
    }

    pub(crate) fn do_join(client: T::AccountId, federation: FederationId) -> DispatchResult {
        let (mut state, spec) = Self::running(federation)?;
        ensure!(!Self::ends(&state, &spec), Error::<T>::FederationOver);
        ensure!(
            !Members::<T>::contains_key(federation, &client),
            Error::<T>::AlreadyMember
        );
        Self::ensure_no_evaluator(federation, &client)?;
        if spec.membership == Membership::Invited {
            ensure!(
                Invitations::<T>::take(federation, &client).is_some(),
                Error::<T>::NotInvited
            );
            state.invited.saturating_dec();
        }
        ensure!(state.members < spec.clients_max, Error::<T>::Full);
        Self::hold(HoldReason::JoinDeposit, &client, spec.join_deposit)?;

        let first_round = state.round.index.saturating_add(1);
        let member = Member {
            first_round,
            missed: 0,
            leaving: false,
            deposit: spec.join_deposit,
        };
        Members::<T>::insert(federation, &client, member);
        state.members.saturating_inc();
        Self::deposit_event(Event::ClientJoined {
            federation,
            client,
            first_round,
        });
        if state.phase == Phase::Waiting {
            Self::open_round_or_wait(federation, &mut state, &spec);
        }
        Federations::<T>::insert(federation, state);
        Ok(())
    }

    pub(crate) fn do_leave(client: &T::AccountId, federation: FederationId) -> DispatchResult {
        let (mut state, _) = Self::running(federation)?;
        if Evaluators::<T>::contains_key(federation, client) {
            Self::resign(federation, &mut state, client)?;
            Federations::<T>::insert(federation, state);
            return Ok(());
        }
        let mut member = Members::<T>::get(federation, client).ok_or(Error::<T>::NotMember)?;
        let is_waiting = matches!(
            state.phase,
            Phase::Waiting | Phase::Uploading { .. } | Phase::Certify { window: None, .. }
        );
        if is_waiting || member.first_round > state.round.index {
            Self::remove_member(federation, &mut state, client, &member);
            Federations::<T>::insert(federation, state);
        } else {
            ensure!(!member.leaving, Error::<T>::AlreadyLeaving);
            member.leaving = true;
            Members::<T>::insert(federation, client, member);
        }
        Ok(())
    }

    /// Ends a membership and returns its deposit.
    pub(crate) fn remove_member(
        federation: FederationId,
        state: &mut FederationOf<T>,
        client: &T::AccountId,
        member: &Member<BalanceOf<T>>,
    ) {
        Members::<T>::remove(federation, client);
        Self::release(HoldReason::JoinDeposit, client, member.deposit);
        state.members.saturating_dec();
        Self::deposit_event(Event::ClientLeft {
            federation,
            client: client.clone(),
        });
    }
}
