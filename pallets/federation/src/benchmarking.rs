//! Benchmarks of calls, of the parts that the hook's steps are made of, and of the pool's check.

mod certified;
mod gated;
mod scene;

use alloc::{vec, vec::Vec};
use codec::Encode;
use fedchain_commitment::Tree;
use fedchain_fl::{
    Distances, H256, Initial, NormRule, Optimiser, Strategy,
    limits::{
        CHUNK_VALUES_MAX, CHUNKS_MAX, CLIENTS_MAX, DISTANCE_CLIENTS_MAX, FEATURES_MAX,
        LEFT_OUT_MAX, PAIRS_MAX, PART_CHUNKS_MAX,
    },
    norm::factors,
    score::mean_loss,
    strategy::Plan,
    view::Outcome,
};
use frame_benchmarking::v2::*;
use frame_support::{
    BoundedVec,
    dispatch::DispatchInfo,
    traits::{Hooks, IsSubType, fungible::Inspect},
};
use frame_system::RawOrigin;
use sp_runtime::traits::{AsSystemOriginSigner, Dispatchable};

use crate::{
    create::REMOVE_BATCH,
    job::CLEAR_BATCH,
    pallet::*,
    settle::SETTLE_BATCH,
    types::{Phase, Slot, Stage},
};
use certified::MOMENT_CHUNKS;
use gated::SCORE_THOUSANDS;
use scene::*;

#[benchmarks(
    where
        T: Config + Send + Sync,
        T::RuntimeCall: Dispatchable<Info = DispatchInfo> + IsSubType<Call<T>> + From<Call<T>>,
        T::RuntimeOrigin: AsSystemOriginSigner<T::AccountId> + Clone,
)]
mod benchmarks {
    use super::*;

    #[benchmark]
    fn create(s: Linear<1, SPEC_BYTES>, c: Linear<1, CHUNKS_MAX>) {
        let owner = funded::<T>("owner", 0);
        let mut spec = spec::<T>(c);
        spec.clients_max = 1;
        spec.gate = None;
        spec.task.schema.features = columns(s.div_ceil(COLUMN_BYTES));

        #[extrinsic_call]
        _(RawOrigin::Signed(owner), spec);

        assert_eq!(Models::<T>::iter().count(), c as usize);
    }

    #[benchmark]
    fn seed(c: Linear<1, SEEDED_CHUNKS>) {
        let mut task = spec::<T>(1).task;
        task.initial = Initial::Seeded(1);
        task.model = perceptron(FEATURES_MAX, c);
        let model;

        #[block]
        {
            model = task.initial_model();
        }

        assert!(model.is_ok_and(|model| model.is_some()));
    }

    #[benchmark]
    fn upload(c: Linear<1, PART_CHUNKS_MAX>) {
        let scene = Scene::<T>::new(CHUNKS_MAX);
        scene.join(0);
        let first = CHUNKS_MAX - c;
        let (part, root) = last_part(first);
        scene.change(|state| {
            state.phase = Phase::Uploading { received: first };
            state.model_root = root;
        });

        let federation = scene.id;
        let bytes = Call::<T>::upload { federation, part }.encode();
        let origin = Origin::<T>::Direct(scene.owner.clone());
        let accepted;
        #[block]
        {
            accepted = dispatch::<T>(&bytes, origin);
        }
        assert!(accepted && matches!(scene.state().phase, Phase::Commit { .. }));
    }

    #[benchmark]
    fn invite() {
        let scene = Scene::<T>::new(1);
        let client = account("client", 0, 0);

        #[extrinsic_call]
        _(RawOrigin::Signed(scene.owner.clone()), scene.id, client);

        assert_eq!(scene.state().invited, 1);
    }

    #[benchmark]
    fn join() {
        let scene = Scene::<T>::new(1);
        let client = funded::<T>("client", 0);
        Invitations::<T>::insert(scene.id, &client, ());
        scene.change(|state| state.invited = 1);

        #[extrinsic_call]
        _(RawOrigin::Signed(client), scene.id);

        assert!(matches!(scene.state().phase, Phase::Commit { .. }));
    }

    #[benchmark]
    fn leave() {
        let scene = Scene::<T>::new(1);
        let client = scene.join(0);

        #[extrinsic_call]
        _(RawOrigin::Signed(client), scene.id);

        assert_eq!(scene.state().members, 0);
    }

    #[benchmark]
    fn commit() {
        let scene = Scene::<T>::new(CHUNKS_MAX);
        let client = scene.join(0);
        scene.open_round(commit_phase());
        let base_root = scene.state().model_root;

        #[extrinsic_call]
        _(
            Origin::<T>::Direct(client),
            scene.id,
            1,
            base_root,
            H256::repeat_byte(1),
        );

        assert!(matches!(scene.state().phase, Phase::Reveal { .. }));
    }

    #[benchmark]
    fn reveal(c: Linear<1, PART_CHUNKS_MAX>) {
        let scene = Scene::<T>::new(CHUNKS_MAX);
        let client = scene.join(0);
        scene.wait_for_reveals();
        let first = CHUNKS_MAX - c;
        let (part, values_root) = last_part(first);
        for index in first..CHUNKS_MAX {
            Models::<T>::insert((scene.id, Slot::A, index), chunk(index));
        }
        let bytes = scene.reveal(&client, 1, part, values_root);
        let origin = Origin::<T>::Direct(client);
        let accepted;
        #[block]
        {
            accepted = dispatch::<T>(&bytes, origin);
        }
        assert!(accepted && matches!(scene.state().phase, Phase::Aggregate { .. }));
    }

    #[benchmark]
    fn reveal_moments(c: Linear<1, MOMENT_CHUNKS>) {
        let scene = certified::scene::<T>(c);
        let client = scene.join(0);
        scene.wait_for_reveals();
        certified::sum(&scene, 1);
        let (part, root) = certified::part(&scene);
        let bytes = scene.reveal(&client, certified::ROWS, part, root);
        let origin = Origin::<T>::Direct(client);
        let accepted;
        #[block]
        {
            accepted = dispatch::<T>(&bytes, origin);
        }
        assert!(accepted && matches!(scene.state().phase, Phase::Certify { .. }));
    }

    /// The largest solution.
    #[benchmark]
    fn certify(l: Linear<0, LEFT_OUT_MAX>) {
        let scene = certified::scene::<T>(MOMENT_CHUNKS);
        let mut left_out = certified::count(&scene, l + 1);
        left_out.pop();
        let bytes = certified::solve(&scene, left_out);
        let origin = Origin::<T>::Direct(scene.owner.clone());
        let accepted;
        #[block]
        {
            accepted = dispatch::<T>(&bytes, origin);
        }
        assert!(accepted && Certificates::<T>::contains_key(scene.id, 1));
    }

    #[benchmark]
    fn refute() {
        let scene = certified::scene::<T>(MOMENT_CHUNKS);
        let bytes = certified::refute(&scene);
        let origin = Origin::<T>::Direct(scene.owner.clone());
        let accepted;
        #[block]
        {
            accepted = dispatch::<T>(&bytes, origin);
        }
        assert!(accepted && scene.state().round.guilty == 1);
    }

    /// The last part of the last holdout.
    #[benchmark]
    fn reveal_holdout(c: Linear<1, PART_CHUNKS_MAX>) {
        let scene = gated::scene::<T>();
        let (evaluator, bytes) = gated::reveal(&scene, c);
        let origin = Origin::<T>::Direct(evaluator);
        let accepted;
        #[block]
        {
            accepted = dispatch::<T>(&bytes, origin);
        }
        assert!(accepted && matches!(scene.state().phase, Phase::Aggregate { .. }));
    }

    #[benchmark]
    fn advance() {
        let scene = Scene::<T>::new(1);
        scene.open_round(Phase::Reveal {
            opens_at: 0,
            window: over_window::<T>(),
        });

        #[extrinsic_call]
        _(RawOrigin::Signed(scene.owner.clone()), scene.id);

        assert!(matches!(scene.state().phase, Phase::Aggregate { .. }));
    }

    #[benchmark]
    fn cancel() {
        let scene = Scene::<T>::new(1);

        #[extrinsic_call]
        _(RawOrigin::Signed(scene.owner.clone()), scene.id);
        assert_eq!(scene.state().phase, Phase::Closing);
    }

    /// The entries are invitations, which have the longest keys.
    #[benchmark]
    fn remove(e: Linear<0, REMOVE_BATCH>) {
        let scene = Scene::<T>::new(1);
        scene.change(|state| state.phase = Phase::Finished);
        for index in 0..e {
            Invitations::<T>::insert(scene.id, client::<T>(index), ());
        }

        #[extrinsic_call]
        _(RawOrigin::Signed(scene.owner.clone()), scene.id);

        assert_eq!(Invitations::<T>::iter().count(), 0);
    }

    #[benchmark]
    fn check() {
        let scene = Scene::<T>::new(1);
        let client = scene.join(0);
        scene.open_round(commit_phase());
        let call = scene.commit_call().into();
        let origin = RawOrigin::Signed(client).into();
        let accepted;

        #[block]
        {
            accepted = is_valid::<T>(origin, &call);
        }

        assert!(accepted);
    }

    /// The hook, with one turn for a federation with the largest job, whose step has nobody left to
    /// settle.
    #[benchmark]
    fn turn() {
        let scene = Scene::<T>::new(1);
        scene.open_round(AGGREGATE);
        Pallet::<T>::enqueue(scene.id);
        let job = job::<T>(CLIENTS_MAX, SETTLED);
        let mut meter = meter_of_turn(&scene, &job);
        Jobs::<T>::insert(scene.id, job);

        #[block]
        {
            Pallet::<T>::on_poll(1u32.into(), &mut meter);
        }

        assert_eq!(scene.job().stage, Stage::Clear { next: 0 });
    }

    #[benchmark]
    fn open(c: Linear<1, CLIENTS_MAX>) {
        let scene = Scene::<T>::new(1);
        for index in 0..c {
            let client = client::<T>(index);
            scene.insert_member(&client);
            scene.commit(&client, H256::repeat_byte(1), ACCEPTED, 1);
        }
        scene.open_round(AGGREGATE);
        let state = scene.state();

        #[block]
        {
            let job = Pallet::<T>::open_job(scene.id, &state, &scene.spec);
            Jobs::<T>::insert(scene.id, job);
        }

        assert_eq!(scene.job().accepted.len(), c as usize);
    }

    #[benchmark]
    fn fetch(c: Linear<1, CLIENTS_MAX>) {
        let scene = Scene::<T>::new(1);
        let clients: Vec<_> = (0..c).map(client::<T>).collect();
        for (index, client) in (0..).zip(&clients) {
            StagedUpdates::<T>::insert((scene.id, client, 0), chunk(index));
        }
        Models::<T>::insert((scene.id, Slot::A, 0), chunk(c));
        let format = scene.spec.task.format;
        let (base, updates): (Vec<i32>, Vec<Vec<i32>>);

        #[block]
        {
            base = Pallet::<T>::model(scene.id, Slot::A, format, 0..1);
            updates = clients
                .iter()
                .map(|client| Pallet::<T>::staged(scene.id, client, format, 0))
                .collect();
        }

        let full = |values: &Vec<i32>| values.len() == CHUNK_VALUES_MAX as usize;
        assert!(full(&base) && updates.iter().all(full));
    }

    #[benchmark]
    fn clip(c: Linear<1, CLIENTS_MAX>) {
        let mut updates = updates(c);
        let base = values(c);
        let rule = Some(NormRule::Clip { max: 1_000 });
        let factors = factors(rule, &vec![1 << 40; c as usize]);

        #[block]
        {
            for (values, factor) in updates.iter_mut().zip(&factors) {
                factor.apply(values, &base);
            }
        }

        assert_ne!(updates.first(), Some(&values(0)));
    }

    #[benchmark]
    fn measure(p: Linear<1, PAIRS_MAX>) {
        let clients = clients_of_pairs(p);
        let updates = updates(clients);
        let base = values(clients);
        let mut distances = Distances::new(clients);

        #[block]
        {
            distances.add(FORMAT, &base, &updates);
        }

        assert_eq!(distances.clients(), clients as usize);
    }

    #[benchmark]
    fn select() {
        let clients = DISTANCE_CLIENTS_MAX;
        let mut distances = Distances::new(clients);
        distances.add(FORMAT, &values(clients), &updates(clients));
        let counts = vec![1; clients as usize];
        let plan;

        #[block]
        {
            plan = Plan::new(Strategy::Bulyan { f: 0 }, &counts, &distances);
        }

        assert!(plan.is_ok());
    }

    #[benchmark]
    fn mean(c: Linear<1, CLIENTS_MAX>) {
        let weights = (1..=c).collect();
        let plan = Plan::Mean(BoundedVec::truncate_from(weights));
        let updates = updates(c);
        let model;

        #[block]
        {
            model = plan.combine(&updates);
        }

        assert!(model.is_ok());
    }

    #[benchmark]
    fn median(c: Linear<1, CLIENTS_MAX>) {
        let updates = updates(c);
        let model;

        #[block]
        {
            model = Plan::Median.combine(&updates);
        }

        assert!(model.is_ok());
    }

    #[benchmark]
    fn trimmed_mean(c: Linear<1, CLIENTS_MAX>) {
        let updates = updates(c);
        let plan = Plan::TrimmedMean { trim: c / 8 };
        let model;

        #[block]
        {
            model = plan.combine(&updates);
        }

        assert!(model.is_ok());
    }

    /// More values are chosen and left out than in any real plan.
    #[benchmark]
    fn bulyan(c: Linear<1, DISTANCE_CLIENTS_MAX>) {
        let plan = Plan::Bulyan {
            chosen: BoundedVec::truncate_from(vec![true; c as usize]),
            keep: 1,
        };
        let updates = updates(c);
        let model;

        #[block]
        {
            model = plan.combine(&updates);
        }

        assert!(model.is_ok());
    }

    #[benchmark]
    fn optimise() {
        let scene = Scene::<T>::new(1);
        scene.remember(Slot::A, 0);
        let optimiser = Optimiser::FedYogi(ADAPTIVE);
        let (base, aggregate) = (values(0), values(1));
        let model;

        #[block]
        {
            let mut moments = Moments::<T>::get((scene.id, Slot::A, 0))
                .unwrap_or_default()
                .into_inner();
            model = optimiser.step(FORMAT, &base, aggregate, &mut moments);
            Moments::<T>::insert((scene.id, Slot::B, 0), BoundedVec::truncate_from(moments));
        }

        assert_ne!(model, base);
    }

    #[benchmark]
    fn keep() {
        let scene = Scene::<T>::new(1);
        let values = values(0);
        let hash;

        #[block]
        {
            let bytes = FORMAT.encode(&values).unwrap_or_default();
            Pallet::<T>::put_model(scene.id, Slot::B, 0, &bytes);
            hash = Tree::Values.leaf(0, &bytes);
        }

        assert_eq!(hash, Tree::Values.leaf(0, &chunk(0)));
    }

    /// The costliest weights and rows, as many as fit so many thousand operations.
    #[benchmark]
    fn score(k: Linear<1, SCORE_THOUSANDS>) {
        let (task, model, holdout) = gated::costly(k);
        let loss;

        #[block]
        {
            loss = mean_loss(&task, &model, &holdout);
        }

        assert!(loss.is_ok());
    }

    #[benchmark]
    fn record(c: Linear<1, CLIENTS_MAX>) {
        let scene = Scene::<T>::new(1);
        scene.open_round(AGGREGATE);
        let (mut state, mut job) = (scene.state(), job::<T>(c, Stage::Record(Outcome::Adopted)));

        #[block]
        {
            Pallet::<T>::step(scene.id, &mut state, &scene.spec, &mut job);
        }

        assert!(Rounds::<T>::contains_key(scene.id, 1));
    }

    /// Accepted clients, rewarded, whose memberships end; the first has staged all chunks.
    #[benchmark]
    fn settle(n: Linear<1, SETTLE_BATCH>, c: Linear<1, CHUNKS_MAX>) {
        let scene = Scene::<T>::new(CHUNKS_MAX);
        let clients = scene.leaving(n, c);
        scene.open_round(AGGREGATE);
        let mut state = scene.state();
        let escrow = state.escrow;
        let each = T::Currency::minimum_balance();

        #[block]
        {
            Pallet::<T>::settle(scene.id, &mut state, clients.iter(), |_| each);
        }

        assert_eq!(state.members, 0);
        assert!(state.escrow < escrow);
        assert_eq!(StagedUpdates::<T>::iter().count(), 0);
    }

    #[benchmark]
    fn clear(c: Linear<1, CLEAR_BATCH>) {
        let scene = Scene::<T>::new(c);
        for index in 0..c {
            Models::<T>::insert((scene.id, Slot::B, index), chunk(index));
            Models::<T>::insert((scene.id, Slot::Trial, index), chunk(index));
            scene.remember(Slot::B, index);
        }
        let (mut state, mut job) = (scene.state(), job::<T>(1, Stage::Clear { next: 0 }));

        #[block]
        {
            Pallet::<T>::step(scene.id, &mut state, &scene.spec, &mut job);
        }

        let left = Models::<T>::iter().count() + Moments::<T>::iter().count();
        assert_eq!(left, 0);
    }

    #[benchmark]
    fn dismiss(m: Linear<1, SETTLE_BATCH>) {
        let scene = Scene::<T>::new(1);
        for index in 0..m {
            scene.join(index);
        }
        let (mut state, mut job) = (scene.state(), job::<T>(1, Stage::Dismiss));

        #[block]
        {
            Pallet::<T>::step(scene.id, &mut state, &scene.spec, &mut job);
        }

        assert_eq!(job.stage, Stage::Proceed);
    }

    /// The end of the federation, which returns its escrow.
    #[benchmark]
    fn proceed() {
        let scene = Scene::<T>::new(1);
        scene.change(|state| state.cancelling = true);
        let (mut state, mut job) = (scene.state(), job::<T>(1, Stage::Proceed));

        #[block]
        {
            Pallet::<T>::step(scene.id, &mut state, &scene.spec, &mut job);
        }

        assert_eq!(state.phase, Phase::Cancelled);
    }

    impl_benchmark_test_suite!(
        Pallet,
        sp_io::TestExternalities::default(),
        crate::mock::Test
    );
}
