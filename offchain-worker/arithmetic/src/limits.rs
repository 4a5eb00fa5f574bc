//! Bounds within which every width of the arithmetic is proven.

/// Largest magnitude of a 16-bit activation; its high half rounds to at most 127.
pub const LIMIT16: i32 = 32_639;
/// Largest magnitude of a stored 32-bit value.
pub const LIMIT32: i32 = i32::MAX;
/// Largest magnitude of q and k before RoPE, one fraction bit finer than after.
pub const LIMIT_ROPE: i32 = 65_535;
/// Largest number of inputs of a linear layer.
pub const MAX_INPUTS: u32 = 131_072;
/// Largest hidden size.
pub const MAX_HIDDEN: u32 = 65_535;
/// Largest head size; it is even.
pub const MAX_HEAD_DIM: usize = 256;
/// Largest number of positions of a sequence.
pub const MAX_POSITIONS: u32 = 131_072;
/// Largest vocabulary.
pub const MAX_VOCAB: u32 = 1 << 18;
