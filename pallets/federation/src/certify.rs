//! Certified rounds: the sum of all moments, and the solutions that are handed in.
//!
//! Moments are added up as they are revealed, and those of each client stay with the federation, so
//! that the owner can have the model certified anew without some of them.

use alloc::vec::Vec;
use fedchain_fl::{
    Refusal, Shape,
    limits::{CHUNK_BYTES, can_be_left_out},
    view::{CertificateView, MomentsView},
    window::Window,
};
use fedchain_verifier::{
    Verifier,
    optimality::{Moments, Problem, Refutation},
};
use frame_support::{BoundedVec, dispatch::DispatchResultWithPostInfo, ensure};
use sp_runtime::traits::Saturating;

use crate::{
    pallet::*,
    types::{Answer, Certificate, Ending, FederationId, MomentSum, Phase},
};

impl<T: Config> Pallet<T> {
    /// Checks a client's moments and adds them to the federation's.
    pub(crate) fn add_moments(
        federation: FederationId,
        spec: &SpecOf<T>,
        rows: u32,
        bytes: &[u8],
    ) -> Result<(), Error<T>> {
        let shape = spec.task.shape()?;
        let moments = Moments::decode(shape, rows, bytes)?;
        let mut sum = match MomentSums::<T>::contains_key(federation) {
            true => Self::moment_sum(federation, shape)?,
            false => Moments::zero(shape),
        };
        sum.add(&moments)?;
        Self::put_moment_sum(federation, &sum);
        Ok(())
    }

    fn put_moment_sum(federation: FederationId, sum: &Moments) {
        let sum = MomentSum {
            rows: sum.rows(),
            values: BoundedVec::truncate_from(sum.encode()),
        };
        MomentSums::<T>::insert(federation, sum);
    }

    fn moment_sum(federation: FederationId, shape: Shape) -> Result<Moments, Error<T>> {
        let sum = MomentSums::<T>::get(federation).ok_or(Error::NoMoments)?;
        Ok(Moments::decode(shape, sum.rows, &sum.values)?)
    }

    /// The moments of a client whose update counts.
    fn moments_of(
        federation: FederationId,
        client: &T::AccountId,
        shape: Shape,
    ) -> Result<Moments, Error<T>> {
        let commitment = Commitments::<T>::get(federation, client).ok_or(Error::NoMoments)?;
        let Answer::Accepted { sample_count, .. } = commitment.answer else {
            return Err(Error::NoMoments);
        };
        let bytes: Vec<u8> = (0..commitment.received)
            .filter_map(|index| StagedUpdates::<T>::get((federation, client, index)))
            .flatten()
            .collect();
        Ok(Moments::decode(shape, sample_count, &bytes)?)
    }

    /// Whether a solution would be looked at now: a certificate makes moments unassailable, so the first
    /// waits until all had time to refute them.
    pub(crate) fn may_certify(state: &FederationOf<T>) -> Result<(), Refusal> {
        let is_open = |window: Window| window.is_open(Self::tick());
        match state.phase {
            Phase::Certify { pause, window }
                if !pause.is_some_and(is_open) && window.is_none_or(is_open) =>
            {
                Ok(())
            }
            _ => Err(Refusal::CertifyClosed),
        }
    }

    pub(crate) fn do_certify(
        who: &T::AccountId,
        federation: FederationId,
        left_out: BoundedLeftOut<T>,
        solution: &[u8],
    ) -> DispatchResultWithPostInfo {
        let (mut state, spec) = Self::running(federation).map_err(Self::early)?;
        Self::may_certify(&state).map_err(Self::early)?;
        let is_first = state.phase.window().is_some();
        ensure!(
            state.owner == *who || (is_first && left_out.is_empty()),
            Self::early(Error::NotOwner)
        );
        ensure!(
            !is_first || left_out.is_empty(),
            Self::early(Error::NobodyLeftOutAtFirst)
        );
        ensure!(
            can_be_left_out(&left_out),
            Self::early(Error::LeftOutUnsorted)
        );
        let format = spec.task.format;
        let terms = spec.task.strategy.terms();
        let terms = terms.ok_or(Self::early(Error::NoMoments))?;
        // The weight is that of a solution of this length: nothing large is read for a shorter one.
        let shape = spec.task.shape().map_err(Self::early)?;
        ensure!(
            solution.len() == shape.solution_bytes() as usize,
            Self::early(Error::WrongSolution)
        );
        let moments = Self::moments_without(federation, &spec, &left_out)?;
        let rows = moments.rows();
        let problem = Problem::on_terms(moments, terms, format).map_err(Error::<T>::from)?;
        let (solution, bound) = problem.verify(solution).map_err(Error::<T>::from)?;

        let model = solution.model(format).ok_or(Error::<T>::ValueOverflow)?;
        let bytes = format.encode(&model).map_err(Error::<T>::from)?;
        Self::put_model(federation, state.slot.other(), 0, &bytes);
        let round = state.round.index;
        // Those of the first round are named when its job begins.
        let former = Certificates::<T>::get(federation, round.saturating_sub(1));
        let (withheld, guilty) =
            former.map_or_else(Default::default, |former| (former.withheld, former.guilty));
        let certificate = Certificate {
            bound,
            rows,
            weights: BoundedVec::truncate_from(solution.weights),
            left_out,
            withheld,
            guilty,
        };
        Certificates::<T>::insert(federation, round, certificate);
        Self::deposit_event(Event::ModelCertified {
            federation,
            round,
            bound,
            rows,
        });
        Self::end_round(federation, &mut state, Ending::Asked);
        Federations::<T>::insert(federation, state);
        Ok(().into())
    }

    /// Takes a client's moments out of the sum, if `vector` proves that they are of no rows. The others
    /// have a new pause and a new window.
    pub(crate) fn do_refute(
        federation: FederationId,
        client: T::AccountId,
        vector: &[u8],
    ) -> DispatchResultWithPostInfo {
        let (mut state, spec) = Self::running(federation).map_err(Self::early)?;
        Self::may_refute(&state, federation, &client).map_err(Self::early)?;
        let shape = spec.task.shape().map_err(Self::early)?;
        let moments = Self::moments_of(federation, &client, shape)?;
        let refutation = Refutation { moments: &moments };
        refutation.verify(vector).map_err(Error::<T>::from)?;

        let mut sum = Self::moment_sum(federation, shape)?;
        sum.subtract(&moments).map_err(Error::<T>::from)?;
        match sum.rows() {
            0 => MomentSums::<T>::remove(federation),
            _ => Self::put_moment_sum(federation, &sum),
        }
        let mut commitment =
            Commitments::<T>::get(federation, &client).ok_or(Error::<T>::NoMoments)?;
        for index in 0..core::mem::take(&mut commitment.received) {
            StagedUpdates::<T>::remove((federation, &client, index));
        }
        commitment.answer = Answer::Guilty;
        Commitments::<T>::insert(federation, &client, commitment);
        state.round.accepted.saturating_dec();
        state.round.guilty.saturating_inc();
        Self::deposit_event(Event::MomentsRefuted {
            federation,
            round: state.round.index,
            client,
        });
        Self::close_reveals(federation, &mut state, &spec);
        Federations::<T>::insert(federation, state);
        Ok(().into())
    }

    /// Whether a client's moments could be refuted now: until the first certificate.
    pub(crate) fn may_refute(
        state: &FederationOf<T>,
        federation: FederationId,
        client: &T::AccountId,
    ) -> Result<(), Refusal> {
        let Phase::Certify {
            window: Some(window),
            ..
        } = state.phase
        else {
            return Err(Refusal::CertifyClosed);
        };
        ensure!(window.is_open(Self::tick()), Refusal::CertifyClosed);
        let commitment = Commitments::<T>::get(federation, client);
        let is_counted = commitment
            .is_some_and(|commitment| matches!(commitment.answer, Answer::Accepted { .. }));
        ensure!(is_counted, Refusal::NoCommitment);
        Ok(())
    }

    fn moments_without(
        federation: FederationId,
        spec: &SpecOf<T>,
        left_out: &[T::AccountId],
    ) -> Result<Moments, Error<T>> {
        let shape = spec.task.shape()?;
        let mut moments = Self::moment_sum(federation, shape)?;
        for client in left_out {
            moments.subtract(&Self::moments_of(federation, client, shape)?)?;
        }
        Ok(moments)
    }

    /// The clients whose moments are kept, in ascending order.
    fn contributors(federation: FederationId) -> Vec<T::AccountId> {
        let mut clients: Vec<_> = Commitments::<T>::iter_prefix(federation)
            .filter(|(_, commitment)| matches!(commitment.answer, Answer::Accepted { .. }))
            .map(|(client, _)| client)
            .collect();
        clients.sort();
        clients
    }

    /// The certificate of a round's server model; of the newest certified round when `round` is none.
    pub fn certificate(
        federation: FederationId,
        round: Option<u32>,
    ) -> Option<CertificateView<T::AccountId>> {
        let newest = || Certificates::<T>::iter_key_prefix(federation).max();
        let round = round.or_else(newest)?;
        let certificate = Certificates::<T>::get(federation, round)?;
        let mut clients = Self::contributors(federation);
        clients.retain(|client| !certificate.left_out.contains(client));
        Some(CertificateView {
            federation,
            round,
            bound: certificate.bound,
            rows: certificate.rows,
            weights: certificate.weights.into_inner(),
            clients,
            left_out: certificate.left_out.into_inner(),
            withheld: certificate.withheld.into_inner(),
            guilty: certificate.guilty.into_inner(),
        })
    }

    /// The moments that a solution without some clients is checked against; none where these cannot be left
    /// out.
    pub fn moments(federation: FederationId, left_out: Vec<T::AccountId>) -> Option<MomentsView> {
        let spec = Specs::<T>::get(federation).filter(|_| can_be_left_out(&left_out))?;
        let moments = Self::moments_without(federation, &spec, &left_out).ok()?;
        Some(MomentsView {
            rows: moments.rows(),
            values: moments.into_values(),
        })
    }
}

/// Whether a model is one chunk: that of a certified round always is.
const _: () = assert!(fedchain_fl::limits::CERTIFIED_FEATURES_MAX * 4 < CHUNK_BYTES);
