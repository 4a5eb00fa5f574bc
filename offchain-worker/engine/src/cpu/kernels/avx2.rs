//! AVX2.

use std::arch::x86_64::*;

use one_arithmetic::Dyadic;

use super::{
	check_linear, check_scores, check_weigh, loops, set_of_kernels,
	tile::{self, Lanes},
	weigh, Inputs, Kernels, Queries, Rows,
};

set_of_kernels!(Avx2, Ymm, "avx2", "avx2,bmi1,bmi2,lzcnt");

/// This set, where the processor has it.
pub fn detect() -> Option<&'static dyn Kernels> {
	let found = is_x86_feature_detected!("avx2")
		&& is_x86_feature_detected!("bmi1")
		&& is_x86_feature_detected!("bmi2")
		&& is_x86_feature_detected!("lzcnt");
	found.then_some(&Avx2(()))
}

enum Ymm {}

impl Lanes for Ymm {
	type Vector = __m256i;
	type Sums = __m256i;
	const WIDTH: usize = 16;
	const TILE: usize = 2;

	#[inline(always)]
	unsafe fn zero() -> __m256i {
		_mm256_setzero_si256()
	}

	#[inline(always)]
	unsafe fn prefetch(from: *const i8) {
		_mm_prefetch::<_MM_HINT_T0>(from);
	}

	#[inline(always)]
	unsafe fn load(from: *const i16) -> __m256i {
		_mm256_loadu_si256(from.cast())
	}

	#[inline(always)]
	unsafe fn widen(from: *const i8) -> __m256i {
		_mm256_cvtepi8_epi16(_mm_loadu_si128(from.cast()))
	}

	#[inline(always)]
	unsafe fn join(even: *const i16, odd: *const i16) -> __m256i {
		let even = _mm256_cvtepu16_epi32(_mm_loadu_si128(even.cast()));
		let odd = _mm256_cvtepu16_epi32(_mm_loadu_si128(odd.cast()));
		_mm256_or_si256(even, _mm256_slli_epi32(odd, 16))
	}

	#[inline(always)]
	unsafe fn repeat(even: i16, odd: i16) -> __m256i {
		_mm256_set1_epi32(even as u16 as i32 | (odd as i32) << 16)
	}

	#[inline(always)]
	unsafe fn store(sums: __m256i, to: *mut i32) {
		_mm256_storeu_si256(to.cast(), sums);
	}

	#[inline(always)]
	unsafe fn multiply_add(sums: __m256i, w: __m256i, a: __m256i) -> __m256i {
		_mm256_add_epi32(sums, _mm256_madd_epi16(w, a))
	}

	#[inline(always)]
	unsafe fn totals([a, b, c, d]: [__m256i; 4]) -> [i64; 4] {
		let abcd = _mm256_hadd_epi32(_mm256_hadd_epi32(a, b), _mm256_hadd_epi32(c, d));
		let low = _mm256_cvtepi32_epi64(_mm256_castsi256_si128(abcd));
		let high = _mm256_cvtepi32_epi64(_mm256_extracti128_si256(abcd, 1));
		let mut totals = [0; 4];
		_mm256_storeu_si256(totals.as_mut_ptr().cast(), _mm256_add_epi64(low, high));
		totals
	}
}
