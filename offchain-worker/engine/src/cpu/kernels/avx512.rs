//! AVX-512 with VNNI.

use std::arch::x86_64::*;

use one_arithmetic::Dyadic;

use super::{
	check_linear, check_scores, check_weigh, loops, set_of_kernels,
	tile::{self, Lanes},
	weigh, Inputs, Kernels, Queries, Rows,
};

set_of_kernels!(
	Avx512,
	Zmm,
	"avx512",
	"avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"
);

/// This set, where the processor has it.
pub fn detect() -> Option<&'static dyn Kernels> {
	let found = is_x86_feature_detected!("avx512f")
		&& is_x86_feature_detected!("avx512bw")
		&& is_x86_feature_detected!("avx512vl")
		&& is_x86_feature_detected!("avx512dq")
		&& is_x86_feature_detected!("avx512vnni");
	found.then_some(&Avx512(()))
}

enum Zmm {}

impl Lanes for Zmm {
	type Vector = __m512i;
	type Sums = __m512i;
	const WIDTH: usize = 32;
	const TILE: usize = 6;

	#[inline(always)]
	unsafe fn zero() -> __m512i {
		_mm512_setzero_si512()
	}

	#[inline(always)]
	unsafe fn prefetch(from: *const i8) {
		_mm_prefetch::<_MM_HINT_T0>(from);
	}

	#[inline(always)]
	unsafe fn load(from: *const i16) -> __m512i {
		_mm512_loadu_si512(from.cast())
	}

	#[inline(always)]
	unsafe fn widen(from: *const i8) -> __m512i {
		_mm512_cvtepi8_epi16(_mm256_loadu_si256(from.cast()))
	}

	#[inline(always)]
	unsafe fn join(even: *const i16, odd: *const i16) -> __m512i {
		let even = _mm512_cvtepu16_epi32(_mm256_loadu_si256(even.cast()));
		let odd = _mm512_cvtepu16_epi32(_mm256_loadu_si256(odd.cast()));
		_mm512_or_si512(even, _mm512_slli_epi32(odd, 16))
	}

	#[inline(always)]
	unsafe fn repeat(even: i16, odd: i16) -> __m512i {
		_mm512_set1_epi32(even as u16 as i32 | (odd as i32) << 16)
	}

	#[inline(always)]
	unsafe fn store(sums: __m512i, to: *mut i32) {
		_mm512_storeu_si512(to.cast(), sums);
	}

	#[inline(always)]
	unsafe fn multiply_add(sums: __m512i, w: __m512i, a: __m512i) -> __m512i {
		_mm512_dpwssd_epi32(sums, w, a)
	}

	#[inline(always)]
	unsafe fn totals([a, b, c, d]: [__m512i; 4]) -> [i64; 4] {
		let ab = _mm512_add_epi32(_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
		let cd = _mm512_add_epi32(_mm512_unpacklo_epi32(c, d), _mm512_unpackhi_epi32(c, d));
		let abcd = _mm512_add_epi32(_mm512_unpacklo_epi64(ab, cd), _mm512_unpackhi_epi64(ab, cd));
		let low = _mm512_cvtepi32_epi64(_mm512_castsi512_si256(abcd));
		let high = _mm512_cvtepi32_epi64(_mm512_extracti64x4_epi64(abcd, 1));
		let wide = _mm512_add_epi64(low, high);
		let total = _mm256_add_epi64(
			_mm512_castsi512_si256(wide),
			_mm512_extracti64x4_epi64(wide, 1),
		);
		let mut totals = [0; 4];
		_mm256_storeu_si256(totals.as_mut_ptr().cast(), total);
		totals
	}
}
