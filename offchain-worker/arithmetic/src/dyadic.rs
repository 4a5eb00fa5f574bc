//! Numbers of 16 significant bits.

/// `m 2^e`, with `m` in `[2^15, 2^16)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dyadic {
	/// The mantissa, its highest bit set.
	pub m: u16,
	/// The exponent.
	pub e: i32,
}

impl Dyadic {
	/// `m 2^e`, if `m` is normalised.
	pub const fn new(m: u16, e: i32) -> Option<Self> {
		if m >= 1 << 15 {
			Some(Self { m, e })
		} else {
			None
		}
	}

	/// `2^e`.
	pub const fn power_of_two(e: i32) -> Self {
		Self {
			m: 1 << 15,
			e: e - 15,
		}
	}

	/// `2^-f 2^s`: the scale of values with `f` fraction bits after [`quant`](crate::quant) by `s`.
	pub const fn quantized(s: u32, f: i32) -> Self {
		Self::power_of_two(s as i32 - f)
	}
}
