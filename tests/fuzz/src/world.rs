//! A chain of the pallet's mock, and how each action becomes a call.

use std::collections::{BTreeMap, BTreeSet};

use codec::Encode;
use fedchain_commitment::{Part, Tree};
use fedchain_fl::{H256, limits::CHUNK_BYTES};
use frame_support::{
    dispatch::DispatchResult,
    traits::{Hooks, UnfilteredDispatchable, fungible::InspectHold},
    weights::{Weight, WeightMeter},
};
use pallet_federation::{
    Call, Certificates, Commitments, Evaluators, Event, Federations, Gates, Holdouts, Invitations,
    Jobs, Members, Models, MomentSums, Moments, NextFederation, Queue, RoomyBlocks, Rounds, Specs,
    StagedUpdates, UsedHoldouts, mock::*,
};

use crate::{
    calls::{Action, Choice, Cut, Trick, Values},
    certified, shape,
};

const ACCOUNTS: [AccountId; 5] = [OWNER, ALICE, BOB, CAROL, STRANGER];

/// What the accounts remember, and the money that there was.
pub(crate) struct World {
    has_fees: bool,
    issuance: Balance,
    /// The last update that each account committed to in each federation.
    updates: BTreeMap<(u32, AccountId), Update>,
    /// The holdouts that each evaluator committed to in each federation, by round.
    holdouts: BTreeMap<(u32, AccountId, u32), Holdout>,
    /// Indices of the events that occurred.
    pub(crate) seen: BTreeSet<u8>,
}

impl World {
    /// A chain whose weight has a price, or none.
    pub(crate) fn new(has_fees: bool) -> Self {
        FeePerKiloWeight::set(has_fees.into());
        Self {
            has_fees,
            issuance: Balances::total_issuance(),
            updates: BTreeMap::new(),
            holdouts: BTreeMap::new(),
            seen: BTreeSet::new(),
        }
    }

    /// No money is made, none is lost but bonds and fees, and all of it is somebody's.
    pub(crate) fn check(&mut self) {
        let mut burned: Balance = 0;
        for record in System::read_events_no_consensus() {
            if let RuntimeEvent::Federation(event) = &record.event {
                self.seen.extend(event.encode().first());
                if let Event::BondBurned { amount, .. } = event {
                    burned += amount;
                }
            }
        }
        System::reset_events();
        let issuance = Balances::total_issuance();
        let expected = self.issuance - burned;
        match self.has_fees {
            true => assert!(
                issuance <= expected,
                "money was made, or a burned bond kept"
            ),
            false => assert_eq!(issuance, expected, "money was made or lost"),
        }
        let owned: Balance = ACCOUNTS.into_iter().chain(EVALUATORS).map(total).sum();
        assert_eq!(owned, issuance, "money is nobody's");
        self.issuance = issuance;
    }

    pub(crate) fn act(&mut self, action: &Action) {
        let signed = |who: Choice| RuntimeOrigin::signed(account(who));
        // Most calls are refused; what counts is what the refused and the others leave behind.
        let _ = match action {
            Action::Create(who, shape) => {
                plain(Federation::create(signed(*who), shape::spec_of(shape)))
            }
            Action::Invite(id, owner, who) => {
                let (owner, federation) = (signed(*owner), federation(*id));
                let is_judged = Specs::<Test>::get(federation).is_some_and(|s| s.gate.is_some());
                let is_invited = Invitations::<Test>::contains_key(federation, account(*who));
                match *who / ACCOUNTS.len() as u8 % 2 == 1 {
                    true if is_judged => Federation::appoint(owner, federation, account(*who)),
                    true if is_invited => Federation::withdraw(owner, federation, account(*who)),
                    _ => Federation::invite(owner, federation, account(*who)),
                }
            }
            Action::Join(id, who) => Federation::join(signed(*who), federation(*id)),
            Action::Leave(id, who) => Federation::leave(signed(*who), federation(*id)),
            Action::Commit(id, who, values, trick) => self.commit(*id, *who, *values, *trick),
            Action::Reveal(id, who, cut, trick) => self.reveal(*id, *who, *cut, *trick),
            Action::Upload(id, who, cut, trick) => upload(*id, *who, *cut, *trick),
            Action::Advance(id, who) => {
                let federation = federation(*id);
                match certified::certify(federation, *who / ACCOUNTS.len() as u8) {
                    Some(call) => send(account(*who), call, Trick::None),
                    None => send(account(*who), Call::advance { federation }, Trick::Wrapped),
                }
            }
            Action::Cancel(id, who) => Federation::cancel(signed(*who), federation(*id)),
            Action::Remove(id, who) => remove(account(*who), federation(*id)),
            Action::Blocks(count, tenths) => {
                let block_ms = BLOCK_MS * u64::from(*tenths % 30 + 1) / 10;
                // Some blocks are full, and then more than a window waits for.
                match tenths / 30 {
                    7.. => full_blocks(u64::from(*count % 128) + 1),
                    _ => next_blocks_every(u64::from(*count % 8) + 1, block_ms),
                }
                assert_eq!(Queue::<Test>::iter().count(), 0, "the queue is stuck");
                Ok(())
            }
            Action::Poll(root) => {
                poll(u64::from(*root).pow(2));
                Ok(())
            }
        };
    }

    fn commit(&mut self, id: Choice, who: Choice, values: Values, trick: Trick) -> DispatchResult {
        let (id, who) = (federation(id), account(who));
        let Some(state) = Federations::<Test>::get(id) else {
            return Ok(());
        };
        if Evaluators::<Test>::contains_key(id, who) {
            return self.commit_holdout(id, who, values, trick);
        }
        let values = values.of(state.param_count, id);
        let mut update = Update::new(who, id, &values, 10);
        let task = Specs::<Test>::get(id).map(|spec| spec.task);
        if let Some(task) = task.filter(|task| task.strategy.terms().is_some())
            && let (Ok(shape), Some(value)) = (task.shape(), values.first())
        {
            update.bytes = certified::moments(shape, *value);
        }
        match trick {
            Trick::Foreign => {
                let others = self
                    .updates
                    .iter()
                    .find(|((of, by), _)| *of == id && *by != who);
                update = others.map_or(update, |(_, other)| other.clone());
            }
            Trick::Stale => {
                let last = self.updates.get(&(id, who));
                update = last.cloned().unwrap_or(update);
            }
            Trick::Count(count) => update.sample_count = count,
            _ => {}
        }
        let result = send(who, update.commit_call(), trick);
        if result.is_ok() {
            update.client = who;
            self.updates.insert((id, who), update);
        }
        result
    }

    fn reveal(&mut self, id: Choice, who: Choice, cut: Cut, trick: Trick) -> DispatchResult {
        let (id, who) = (federation(id), account(who));
        if Evaluators::<Test>::contains_key(id, who) {
            return self.reveal_holdout(id, who, cut, trick);
        }
        let Some(update) = self.updates.get(&(id, who)) else {
            return Ok(());
        };
        let mut update = update.clone();
        if let Trick::Count(count) = trick {
            update.sample_count = count;
        }
        for part in cut.parts(Tree::Values, &update.bytes, trick) {
            send(who, update.part_call(part), trick)?;
        }
        Ok(())
    }

    /// Commits to a holdout of a slope for the coming round; to an earlier one's rows, or another's
    /// round, by tricks.
    fn commit_holdout(
        &mut self,
        id: u32,
        who: AccountId,
        values: Values,
        trick: Trick,
    ) -> DispatchResult {
        let slope = match values {
            Values::Small(value) => value.into(),
            _ => 0,
        };
        let mut holdout = Holdout::of_slope(who, id, slope);
        match trick {
            Trick::Stale => {
                let mut earlier = self.holdouts.range((id, who, 0)..(id, who, holdout.round));
                if let Some((_, last)) = earlier.next_back() {
                    holdout.bytes.clone_from(&last.bytes);
                }
            }
            Trick::Count(round) => holdout.round = round,
            _ => {}
        }
        let result = send(who, holdout.commit_call(), trick);
        if result.is_ok() {
            self.holdouts.insert((id, who, holdout.round), holdout);
        }
        result
    }

    fn reveal_holdout(
        &mut self,
        id: u32,
        who: AccountId,
        cut: Cut,
        trick: Trick,
    ) -> DispatchResult {
        let round = Federations::<Test>::get(id).map_or(0, |state| state.round.index);
        let Some(holdout) = self.holdouts.get(&(id, who, round)) else {
            return Ok(());
        };
        let holdout = holdout.clone();
        for part in cut.parts(Tree::Holdout, &holdout.bytes, trick) {
            send(who, holdout.part_call(part), trick)?;
        }
        Ok(())
    }

    /// Ends all federations, after which nothing is held and nothing is left.
    pub(crate) fn wind_up(&mut self) {
        next_blocks(1);
        for (id, state) in Federations::<Test>::iter() {
            let _ = Federation::cancel(RuntimeOrigin::signed(state.owner), id);
        }
        // At most the end of the commit window, that of the reveal window, that of the time for solutions or
        // holdouts, and the round's end.
        for _ in 0..4 {
            next_blocks(1);
            System::set_block_number(System::block_number() + 20);
            RoomyBlocks::<Test>::mutate(|blocks| *blocks += 20);
            Timestamp::set_timestamp(Timestamp::get() + 20 * BLOCK_MS);
            next_blocks(1);
            for id in Federations::<Test>::iter_keys() {
                let _ = Federation::advance(RuntimeOrigin::signed(STRANGER), id);
            }
        }
        for (id, state) in Federations::<Test>::iter().collect::<Vec<_>>() {
            Federation::remove(RuntimeOrigin::signed(state.owner), id)
                .unwrap_or_else(|error| panic!("cannot be removed: {error:?}, {state:?}"));
        }
        self.check();
        for who in ACCOUNTS {
            assert_eq!(
                Balances::total_balance_on_hold(&who),
                0,
                "money of {who} is stuck"
            );
        }
        let entries = [
            Federations::<Test>::iter().count(),
            Specs::<Test>::iter().count(),
            Invitations::<Test>::iter().count(),
            Members::<Test>::iter().count(),
            Commitments::<Test>::iter().count(),
            StagedUpdates::<Test>::iter().count(),
            Models::<Test>::iter().count(),
            Moments::<Test>::iter().count(),
            Jobs::<Test>::iter().count(),
            Rounds::<Test>::iter().count(),
            Queue::<Test>::iter().count(),
            MomentSums::<Test>::iter().count(),
            Certificates::<Test>::iter().count(),
            Evaluators::<Test>::iter().count(),
            Holdouts::<Test>::iter().count(),
            UsedHoldouts::<Test>::iter().count(),
            Gates::<Test>::iter().count(),
        ];
        assert_eq!(entries, [0; 17], "state is left");
    }
}

/// Sends a call as a transaction of its own, or wrapped in another. The pool's word is final: what
/// it lets pass may fail, what it refuses must fail.
fn send(who: AccountId, call: Call<Test>, trick: Trick) -> DispatchResult {
    let is_refused = refused(who, call.clone()).is_some();
    let is_wrapped = trick == Trick::Wrapped;
    let is_direct = !matches!(call, Call::advance { .. });
    let result = match is_wrapped {
        true => call
            .dispatch_bypass_filter(RuntimeOrigin::signed(who))
            .map(|_| ())
            .map_err(|error| error.error),
        false => direct(who, call),
    };
    if result.is_ok() {
        assert!(!is_refused, "the pool refused what succeeds");
        assert!(!(is_wrapped && is_direct), "a wrapped call was taken");
    }
    result
}

fn upload(id: Choice, who: Choice, cut: Cut, trick: Trick) -> DispatchResult {
    let federation = federation(id);
    let Some(state) = Federations::<Test>::get(federation) else {
        return Ok(());
    };
    for part in cut.parts(
        Tree::Values,
        &shape::initial_bytes(state.param_count),
        trick,
    ) {
        send(account(who), Call::upload { federation, part }, trick)?;
    }
    Ok(())
}

/// A block with so much weight for aggregation.
fn poll(weight: u64) {
    let share = Weight::from_parts(weight, u64::MAX);
    let mut meter = WeightMeter::with_limit(share);
    let number = System::block_number() + 1;
    System::initialize(&number, &System::parent_hash(), &Default::default());
    Timestamp::set_timestamp(Timestamp::get() + BLOCK_MS);
    Federation::on_poll(number, &mut meter);
    assert!(
        meter.consumed().all_lte(share),
        "the hook took more than there was"
    );
    if let Err(error) = Federation::do_try_state() {
        panic!("an invariant does not hold: {error:?}");
    }
}

impl Cut {
    /// The parts to send, each changed by the trick.
    fn parts(self, tree: Tree, bytes: &[u8], trick: Trick) -> Vec<Part> {
        let whole = match bytes.split_at_checked(CHUNK_BYTES as usize) {
            Some((left, right)) if self.is_fine && (1..=left.len()).contains(&right.len()) => {
                vec![
                    part(0, left, tree.leaf(1, right)),
                    part(1, right, tree.leaf(0, left)),
                ]
            }
            _ => tree.parts(bytes),
        };
        let sent = whole.into_iter().skip(usize::from(self.skip % 3));
        let mut sent: Vec<Part> = sent.take(usize::from(self.take % 3) + 1).collect();
        for part in &mut sent {
            apply(trick, part);
        }
        sent
    }
}

fn part(first: u32, values: &[u8], neighbour: H256) -> Part {
    Part {
        first,
        values: values.to_vec().try_into().unwrap_or_default(),
        proof: vec![neighbour].try_into().unwrap_or_default(),
    }
}

fn apply(trick: Trick, part: &mut Part) {
    match trick {
        Trick::Byte(place) => {
            let length = part.values.len().max(1);
            if let Some(byte) = part.values.get_mut(usize::from(place) % length) {
                *byte ^= 1;
            }
        }
        Trick::Cut(length) => part.values.truncate(length.into()),
        Trick::Proof => part.proof = Default::default(),
        Trick::Stale => part.first = part.first.wrapping_sub(1),
        Trick::Foreign => part.first = part.first.wrapping_add(1),
        _ => {}
    }
}

fn account(choice: Choice) -> AccountId {
    ACCOUNTS[usize::from(choice) % ACCOUNTS.len()]
}

/// One of the federations created so far, or one that does not exist.
fn federation(choice: Choice) -> u32 {
    u32::from(choice) % (NextFederation::<Test>::get() + 1)
}

impl Values {
    /// The same value for every weight of the federation's model.
    fn of(self, params: u32, id: u32) -> Vec<i32> {
        let format = Specs::<Test>::get(id).map(|spec| spec.task.format);
        let (least, most) = format.unwrap_or_default().range();
        let value = match self {
            Self::Small(value) => value.into(),
            Self::Any(value) => value.clamp(least, most),
            Self::Smallest => least,
            Self::Largest => most,
        };
        vec![value; params as usize]
    }
}
