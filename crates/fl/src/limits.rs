//! Bounds of everything that a stranger can send.

/// Features in a schema, at most.
pub const FEATURES_MAX: u32 = 1_024;
/// Features of a certified regression, at most: its moments and its solution fit one transaction.
pub const CERTIFIED_FEATURES_MAX: u32 = 200;
/// Classes of a classification target, at most.
pub const CLASSES_MAX: u32 = 256;
/// Hidden layers of an MLP, at most.
pub const HIDDEN_LAYERS_MAX: u32 = 8;
/// Bytes of a name (federation, column, class label), at most.
pub const NAME_BYTES_MAX: u32 = 64;
/// Clients in a federation, at most.
pub const CLIENTS_MAX: u32 = 1_024;
/// Clients of a strategy that compares every pair of updates, at most.
pub const DISTANCE_CLIENTS_MAX: u32 = 128;
/// Pairs of these, each update with itself included.
pub const PAIRS_MAX: u32 = DISTANCE_CLIENTS_MAX * (DISTANCE_CLIENTS_MAX + 1) / 2;
/// Rounds of a federation, at most.
pub const ROUNDS_MAX: u32 = 1_000;
/// Cap on the sample count that one client may state. With [`CLIENTS_MAX`] clients of 32-bit
/// values, sums weighted by it stay below 2^61 and fit an `i64`.
pub const SAMPLE_COUNT_MAX: u32 = 1 << 20;
/// Bytes of one model or update, at most: 2^22 weights of 16 bits, 2^21 of 32.
pub const UPDATE_BYTES_MAX: u32 = 8 << 20;
/// Bytes of a model that the chain draws from a seed, at most: larger ones are uploaded.
pub const SEEDED_BYTES_MAX: u32 = UPDATE_BYTES_MAX / 2;
/// Bytes of one stored or hashed chunk of a model.
pub const CHUNK_BYTES: u32 = 16_384;
/// Chunks of a model, at most.
pub const CHUNKS_MAX: u32 = UPDATE_BYTES_MAX / CHUNK_BYTES;
/// Chunks in one transaction, at most.
pub const PART_CHUNKS_MAX: u32 = 16;
/// Bytes of values in one transaction, at most: whole chunks.
pub const PART_BYTES_MAX: u32 = PART_CHUNKS_MAX * CHUNK_BYTES;
/// Values in one chunk at the narrowest width.
pub const CHUNK_VALUES_MAX: u32 = CHUNK_BYTES / 2;
/// Blocks in one window, at most.
pub const WINDOW_BLOCKS_MAX: u32 = 1_000_000;
/// Fractional bits of a weight, at most.
pub const FRAC_BITS_MAX: u8 = 30;
/// Rows of a holdout, at most.
pub const HOLDOUT_ROWS_MAX: u32 = 1_024;
/// Bytes of a holdout, at most: 255 rows of the most features.
pub const HOLDOUT_BYTES_MAX: u32 = 1 << 20;
/// Holdouts that a round is judged on, at most: seats of evaluators.
pub const EVALUATORS_MAX: u32 = 16;
/// Clients whose contributions are measured, at most: each costs a model of its own.
pub const CONTRIBUTIONS_MAX: u32 = 64;
/// Clients that a certificate may leave out, at most.
pub const LEFT_OUT_MAX: u32 = 16;
/// How many times the base price a transaction's fee may become when blocks are full.
pub const FEE_FACTOR_MAX: u32 = 1_000;

/// Whether these clients can be left out of a certificate: up to [`LEFT_OUT_MAX`], in ascending order, each
/// once.
pub fn can_be_left_out<AccountId: Ord>(clients: &[AccountId]) -> bool {
    clients.len() <= LEFT_OUT_MAX as usize && clients.is_sorted_by(|a, b| a < b)
}
