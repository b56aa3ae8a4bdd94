//! Certified rounds: the sum of all moments, and the solutions that are handed in.
//!
//! Moments are added up as they are revealed, and those of each client stay with the federation, so
//! that the owner can have the model certified anew without some of them.

use alloc::vec::Vec;
use fedchain_fl::{
    Refusal, Shape,
    limits::CHUNK_BYTES,
    view::{CertificateView, MomentsView},
};
use fedchain_verifier::{
    Verifier,
    optimality::{Moments, Problem},
};
use frame_support::{BoundedVec, ensure, traits::Time};
use sp_runtime::DispatchResult;

use crate::{
    pallet::*,
    types::{Answer, Certificate, FederationId, MomentSum, Phase},
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
        let sum = MomentSum {
            rows: sum.rows(),
            values: BoundedVec::truncate_from(sum.encode()),
        };
        MomentSums::<T>::insert(federation, sum);
        Ok(())
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

    /// Whether a solution would be looked at now.
    pub(crate) fn may_certify(state: &FederationOf<T>) -> Result<(), Refusal> {
        match state.phase {
            Phase::Certify { deadline }
                if deadline.is_none_or(|end| !end.passed(Self::now(), T::Time::now())) =>
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
    ) -> DispatchResult {
        let (mut state, spec) = Self::running(federation)?;
        Self::may_certify(&state).map_err(Error::<T>::from)?;
        let is_first = !matches!(state.phase, Phase::Certify { deadline: None });
        ensure!(
            state.owner == *who || (is_first && left_out.is_empty()),
            Error::<T>::NotOwner
        );
        ensure!(
            !is_first || left_out.is_empty(),
            Error::<T>::NobodyLeftOutAtFirst
        );
        ensure!(
            left_out.is_sorted_by(|a, b| a < b),
            Error::<T>::LeftOutUnsorted
        );
        let terms = spec.task.strategy.terms().ok_or(Error::<T>::NoMoments)?;
        // The weight is that of a solution of this length: nothing large is read for a shorter one.
        let shape = spec.task.shape().map_err(Error::<T>::from)?;
        ensure!(
            solution.len() == shape.solution_bytes() as usize,
            Error::<T>::WrongSolution
        );
        let moments = Self::moments_without(federation, &spec, &left_out)?;
        let rows = moments.rows();
        let problem = Problem::on_terms(moments, terms).map_err(Error::<T>::from)?;
        let (solution, bound) = problem.verify(solution).map_err(Error::<T>::from)?;

        let format = spec.task.format;
        let model = solution.model(format).ok_or(Error::<T>::ValueOverflow)?;
        let bytes = format.encode(&model).map_err(Error::<T>::from)?;
        Self::put_model(federation, state.slot.other(), 0, &bytes);
        let round = state.round.index;
        // Those of the first round are named when its job begins.
        let former = Certificates::<T>::get(federation, round.saturating_sub(1));
        let certificate = Certificate {
            bound,
            rows,
            weights: BoundedVec::truncate_from(solution.weights),
            left_out,
            withheld: former.map_or_else(BoundedVec::new, |former| former.withheld),
        };
        Certificates::<T>::insert(federation, round, certificate);
        Self::deposit_event(Event::ModelCertified {
            federation,
            round,
            bound,
            rows,
        });
        Self::end_round(federation, &mut state, true);
        Federations::<T>::insert(federation, state);
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
        })
    }

    /// The moments that a solution without some clients, in ascending order, is checked against.
    pub fn moments(federation: FederationId, left_out: Vec<T::AccountId>) -> Option<MomentsView> {
        let spec = Specs::<T>::get(federation)?;
        let moments = Self::moments_without(federation, &spec, &left_out).ok()?;
        Some(MomentsView {
            rows: moments.rows(),
            values: moments.into_values(),
        })
    }
}

/// Whether a model is one chunk: that of a certified round always is.
const _: () = assert!(fedchain_fl::limits::CERTIFIED_FEATURES_MAX * 4 < CHUNK_BYTES);
