//! The runtime API by which a node reads federations for its RPC.

#![cfg_attr(not(feature = "std"), no_std)]
// The macro makes items whose docs it does not carry over.
#![allow(missing_docs)]

extern crate alloc;

use alloc::vec::Vec;
use codec::Codec;
use fedchain_fl::{
    gate::GateRecord,
    view::{
        BodyView, CertificateView, FederationSummary, FederationView, ModelView, MomentsView,
        RoundView,
    },
};

sp_api::decl_runtime_apis! {
    /// Reads federations, rounds, models and what a block's body carries.
    pub trait FederationApi<AccountId, Balance>
    where
        AccountId: Codec,
        Balance: Codec,
    {
        /// Up to `limit` federations from number `start` on.
        fn list(start: u32, limit: u32) -> Vec<FederationSummary<AccountId>>;
        /// One federation.
        fn get(federation: u32) -> Option<FederationView<AccountId, Balance>>;
        /// A closed round, or the current one when `round` is none.
        fn round(federation: u32, round: Option<u32>) -> Option<RoundView>;
        /// `length` weights of the newest server model from `offset` on.
        fn model(federation: u32, offset: u32, length: u32) -> Option<ModelView>;
        /// The certificate of a round's server model, or the newest.
        fn certificate(federation: u32, round: Option<u32>) -> Option<CertificateView<AccountId>>;
        /// The judgement of a round's model, where there was one.
        fn gate(federation: u32, round: u32) -> Option<GateRecord<AccountId>>;
        /// The moments of all clients but some, named in ascending order.
        fn moments(federation: u32, left_out: Vec<AccountId>) -> Option<MomentsView>;
        /// Timestamp, successful commits and reveals of the block whose state this is called on
        /// and whose extrinsics are given.
        fn body(extrinsics: Vec<Block::Extrinsic>) -> BodyView<AccountId>;
    }
}
