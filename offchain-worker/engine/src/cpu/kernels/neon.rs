//! NEON, which every 64-bit Arm processor has.

use std::arch::aarch64::*;

use one_arithmetic::Dyadic;

use super::{
	check_linear, check_scores, check_weigh, loops, set_of_kernels,
	tile::{self, Lanes},
	weigh, Inputs, Kernels, Queries, Rows,
};

set_of_kernels!(Neon, Quad, "neon", "neon");

/// This set, where the processor has it.
pub fn detect() -> Option<&'static dyn Kernels> {
	std::arch::is_aarch64_feature_detected!("neon").then_some(&Neon(()))
}

enum Quad {}

impl Lanes for Quad {
	type Vector = int16x8_t;
	type Sums = int32x4_t;
	const WIDTH: usize = 8;
	const TILE: usize = 4;

	#[inline(always)]
	unsafe fn zero() -> int32x4_t {
		vdupq_n_s32(0)
	}

	// The instruction has no stable intrinsic.
	#[inline(always)]
	unsafe fn prefetch(_: *const i8) {}

	#[inline(always)]
	unsafe fn load(from: *const i16) -> int16x8_t {
		vld1q_s16(from)
	}

	#[inline(always)]
	unsafe fn widen(from: *const i8) -> int16x8_t {
		vmovl_s8(vld1_s8(from))
	}

	#[inline(always)]
	unsafe fn join(even: *const i16, odd: *const i16) -> int16x8_t {
		vcombine_s16(vld1_s16(even), vld1_s16(odd))
	}

	#[inline(always)]
	unsafe fn repeat(even: i16, odd: i16) -> int16x8_t {
		vcombine_s16(vdup_n_s16(even), vdup_n_s16(odd))
	}

	#[inline(always)]
	unsafe fn store(sums: int32x4_t, to: *mut i32) {
		vst1q_s32(to, sums);
	}

	#[inline(always)]
	unsafe fn multiply_add(sums: int32x4_t, w: int16x8_t, a: int16x8_t) -> int32x4_t {
		vmlal_high_s16(vmlal_s16(sums, vget_low_s16(w), vget_low_s16(a)), w, a)
	}

	#[inline(always)]
	unsafe fn totals([a, b, c, d]: [int32x4_t; 4]) -> [i64; 4] {
		let abcd = vpaddq_s32(vpaddq_s32(a, b), vpaddq_s32(c, d));
		let mut totals = [0; 4];
		vst1q_s64(totals.as_mut_ptr(), vmovl_s32(vget_low_s32(abcd)));
		vst1q_s64(totals.as_mut_ptr().add(2), vmovl_high_s32(abcd));
		totals
	}
}
