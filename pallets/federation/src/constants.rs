//! Bounds that the metadata tells clients, beside the constants that the runtime decides.

#[frame_support::pallet_macros::pallet_section]
mod constants {
    #[pallet::extra_constants]
    impl<T: Config> Pallet<T> {
        /// Features in a schema, at most.
        #[pallet::constant_name(FeaturesMax)]
        fn features_max() -> u32 {
            fedchain_fl::limits::FEATURES_MAX
        }

        /// Clients in a federation, at most.
        #[pallet::constant_name(ClientsMax)]
        fn clients_max() -> u32 {
            fedchain_fl::limits::CLIENTS_MAX
        }

        /// Rounds of a federation, at most.
        #[pallet::constant_name(RoundsMax)]
        fn rounds_max() -> u32 {
            fedchain_fl::limits::ROUNDS_MAX
        }

        /// Blocks in one window, at most.
        #[pallet::constant_name(WindowBlocksMax)]
        fn window_blocks_max() -> u32 {
            fedchain_fl::limits::WINDOW_BLOCKS_MAX
        }

        /// Cap on the sample count that one client may state.
        #[pallet::constant_name(SampleCountMax)]
        fn sample_count_max() -> u32 {
            fedchain_fl::limits::SAMPLE_COUNT_MAX
        }

        /// Bytes of one model or update, at most.
        #[pallet::constant_name(UpdateBytesMax)]
        fn update_bytes_max() -> u32 {
            fedchain_fl::limits::UPDATE_BYTES_MAX
        }

        /// Bytes of one hashed chunk of an update.
        #[pallet::constant_name(ChunkBytes)]
        fn chunk_bytes() -> u32 {
            fedchain_fl::limits::CHUNK_BYTES
        }

        /// Bytes of an update in one transaction, at most: whole chunks.
        #[pallet::constant_name(PartBytesMax)]
        fn part_bytes_max() -> u32 {
            fedchain_fl::limits::PART_BYTES_MAX
        }

        /// Evaluators of a federation, at most.
        #[pallet::constant_name(EvaluatorsMax)]
        fn evaluators_max() -> u32 {
            fedchain_fl::limits::EVALUATORS_MAX
        }

        /// Clients that a certificate may leave out, at most.
        #[pallet::constant_name(LeftOutMax)]
        fn left_out_max() -> u32 {
            fedchain_fl::limits::LEFT_OUT_MAX
        }
    }
}
