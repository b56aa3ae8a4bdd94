//! What the pallet tells of.

#[frame_support::pallet_macros::pallet_section]
mod events {
    /// What happened.
    #[pallet::event]
    #[allow(missing_docs, reason = "the fields say what their names say")]
    #[pallet::generate_deposit(pub(crate) fn deposit_event)]
    pub enum Event<T: Config> {
        /// A federation was created.
        FederationCreated {
            federation: FederationId,
            owner: T::AccountId,
        },
        /// An account was invited.
        ClientInvited {
            federation: FederationId,
            client: T::AccountId,
        },
        /// An invitation was withdrawn.
        InvitationWithdrawn {
            federation: FederationId,
            client: T::AccountId,
        },
        /// An account became a member.
        ClientJoined {
            federation: FederationId,
            client: T::AccountId,
            first_round: u32,
        },
        /// A member left or was dropped; its deposit was returned.
        ClientLeft {
            federation: FederationId,
            client: T::AccountId,
        },
        /// An account was appointed as evaluator.
        EvaluatorAppointed {
            federation: FederationId,
            evaluator: T::AccountId,
        },
        /// An evaluator left, or had no holdout for a whole round; what it had bonded for the next was
        /// returned.
        EvaluatorLeft {
            federation: FederationId,
            evaluator: T::AccountId,
        },
        /// A holdout's commitment was taken and its bond held.
        HoldoutCommitted {
            federation: FederationId,
            round: u32,
            evaluator: T::AccountId,
        },
        /// The new model is there; holdouts are taken from block `opens_at` on.
        GateOpened {
            federation: FederationId,
            round: u32,
            opens_at: u32,
        },
        /// A part of a holdout was taken; `received` chunks are there. With the last the bond was
        /// returned.
        HoldoutReceived {
            federation: FederationId,
            round: u32,
            evaluator: T::AccountId,
            received: u32,
        },
        /// The round's model was judged on so many holdouts: the median loss has grown by `change`, in
        /// units of 2^-32.
        ModelJudged {
            federation: FederationId,
            round: u32,
            holdouts: u32,
            change: i64,
        },
        /// A round opened.
        RoundOpened {
            federation: FederationId,
            round: u32,
            roster: u32,
        },
        /// A commitment was taken and its bond held.
        UpdateCommitted {
            federation: FederationId,
            round: u32,
            client: T::AccountId,
        },
        /// Commits closed; reveals are taken from block `opens_at` on.
        CommitsClosed {
            federation: FederationId,
            round: u32,
            opens_at: u32,
        },
        /// The initial model is whole.
        ModelUploaded { federation: FederationId },
        /// A part of an update was taken; `received` chunks are there.
        PartReceived {
            federation: FederationId,
            round: u32,
            client: T::AccountId,
            received: u32,
        },
        /// An update was revealed and counts; its bond was returned, that of moments with the round's end.
        UpdateAccepted {
            federation: FederationId,
            round: u32,
            client: T::AccountId,
            sample_count: u32,
            values_root: H256,
        },
        /// An update opened its commitment but lies beyond the norm bound; its bond was returned.
        UpdateRejected {
            federation: FederationId,
            round: u32,
            client: T::AccountId,
        },
        /// A client's moments were proven to be of no rows: they count no more, and its bond will be burned.
        MomentsRefuted {
            federation: FederationId,
            round: u32,
            client: T::AccountId,
        },
        /// A solution was proven to be close enough to the optimum.
        ModelCertified {
            federation: FederationId,
            round: u32,
            bound: Bound,
            rows: u32,
        },
        /// A bond was burned: its commitment was not opened in time, or to moments of no rows.
        BondBurned {
            federation: FederationId,
            round: u32,
            client: T::AccountId,
            amount: BalanceOf<T>,
        },
        /// Clients whose updates counted were paid so much out of the escrow.
        ClientsRewarded {
            federation: FederationId,
            round: u32,
            clients: Vec<(T::AccountId, BalanceOf<T>)>,
        },
        /// A round closed.
        RoundClosed {
            federation: FederationId,
            round: u32,
            outcome: Outcome,
            model_root: H256,
            accepted: u32,
        },
        /// The last round is over.
        FederationFinished { federation: FederationId },
        /// The owner asked to end the federation with the current round.
        CancelRequested { federation: FederationId },
        /// The federation ended before its last round.
        FederationCancelled { federation: FederationId },
        /// The federation's state was deleted and its deposit returned.
        FederationRemoved { federation: FederationId },
    }
}
