//! Dot products of several rows with several columns at once, for any vector width.
//!
//! Rows are weights (8 bits) or keys (16 bits), columns are inputs or halves of queries (16 bits);
//! one factor of every product is at most 128 in magnitude, the other at most
//! [`one_arithmetic::LIMIT16`]. Hence 512 products sum to less than 2^31: `512 * 128 * 32,639`.

use std::hint::black_box;

/// Most lanes of [`Lanes::Vector`].
const WIDEST: usize = 64;
/// Rows of a tile.
const ROWS: usize = 4;
/// Columns of a tile at most.
pub const COLUMNS: usize = 6;
/// Steps after which the sums are widened: 64 steps of 2 products a lane, and [`Lanes::totals`]
/// adds 4 lanes: 512 products.
const STEPS: usize = 64;
/// Elements ahead of the loads at which rows are asked for.
const AHEAD: usize = 512;
/// Rows whose dot products wait for the epilogue.
pub const BLOCK: usize = 64;

/// Dot products of a tile's columns `[columns, rows]` with a block of rows.
pub type Dots = [[i64; BLOCK]; COLUMNS];

/// Vectors of one instruction set.
///
/// # Safety
/// Every function needs the processor to have that instruction set, and is to be inlined into one
/// compiled for it.
pub trait Lanes {
	/// 16-bit integers.
	type Vector: Copy;
	/// 32-bit sums, half as many lanes.
	type Sums: Copy;
	/// Lanes of a vector; at most [`WIDEST`].
	const WIDTH: usize;
	/// Lanes of sums; at most 16.
	const SUMS: usize = Self::WIDTH / 2;
	/// Columns for which the sums of a tile fit the registers; at most [`COLUMNS`].
	const TILE: usize;

	/// Zeros.
	unsafe fn zero() -> Self::Sums;
	/// Asks for the memory at `from`, which need not be readable.
	unsafe fn prefetch(from: *const i8);
	/// The [`WIDTH`](Self::WIDTH) integers at `from`, readable and of any alignment.
	unsafe fn load(from: *const i16) -> Self::Vector;
	/// The [`WIDTH`](Self::WIDTH) integers at `from`, readable, widened.
	unsafe fn widen(from: *const i8) -> Self::Vector;
	/// The [`SUMS`](Self::SUMS) integers at `even` and at `odd`, readable, of which
	/// [`multiply_add`](Self::multiply_add) adds those of one index to the same lane.
	unsafe fn join(even: *const i16, odd: *const i16) -> Self::Vector;
	/// What takes all of `even`, and all of `odd`, in [`join`](Self::join) times a number.
	unsafe fn repeat(even: i16, odd: i16) -> Self::Vector;
	/// Writes the sums to `to`, writable.
	unsafe fn store(sums: Self::Sums, to: *mut i32);
	/// Adds to each lane of `sums` the products of two lanes of `w` and `a`.
	unsafe fn multiply_add(sums: Self::Sums, w: Self::Vector, a: Self::Vector) -> Self::Sums;
	/// The total of each of four sums; any 4 lanes of one may be added in 32 bits.
	unsafe fn totals(sums: [Self::Sums; ROWS]) -> [i64; ROWS];
}

/// Elements of a row.
pub trait Element: Copy + Into<i32> {
	/// A vector of the elements at `from`.
	///
	/// # Safety
	/// As for [`Lanes::load`] and [`Lanes::widen`].
	unsafe fn vector<L: Lanes>(from: *const Self) -> L::Vector;
}

impl Element for i8 {
	#[inline(always)]
	unsafe fn vector<L: Lanes>(from: *const Self) -> L::Vector {
		L::widen(from)
	}
}

impl Element for i16 {
	#[inline(always)]
	unsafe fn vector<L: Lanes>(from: *const Self) -> L::Vector {
		L::load(from)
	}
}

/// Columns of each tile when `n` are shared out evenly.
pub const fn columns_of<L: Lanes>(n: usize) -> usize {
	n.div_ceil(n.div_ceil(L::TILE))
}

/// `dots[column][row]` of `rows` `[at most BLOCK, size]` and `columns` `[at most L::TILE, size]`.
///
/// # Safety
/// As for [`Lanes`].
#[inline(always)]
pub unsafe fn dots<L: Lanes, E: Element>(rows: &[E], columns: &[i16], size: usize, out: &mut Dots) {
	match columns.len() / size {
		1 => stream::<L, E>(rows, columns, &mut out[0]),
		2 => block::<L, E, 2>(rows, columns, size, out),
		3 => block::<L, E, 3>(rows, columns, size, out),
		4 => block::<L, E, 4>(rows, columns, size, out),
		5 => block::<L, E, 5>(rows, columns, size, out),
		_ => block::<L, E, 6>(rows, columns, size, out),
	}
}

/// The dot products of rows with one column. They wait for memory, so rows are read in the very order
/// in which they lie there, as processors read on by themselves.
#[inline(always)]
unsafe fn stream<L: Lanes, E: Element>(rows: &[E], column: &[i16], out: &mut [i64; BLOCK]) {
	assert!(rows.len() <= BLOCK * column.len());
	for (out, row) in out.iter_mut().zip(rows.chunks_exact(column.len())) {
		*out = dot::<L, E>(row, column);
	}
}

/// The dot product of a row with a column, in as many sums as [`Lanes::totals`] takes, in turn.
#[inline(always)]
unsafe fn dot<L: Lanes, E: Element>(row: &[E], column: &[i16]) -> i64 {
	assert!(row.len() == column.len());
	let whole = row.len() - row.len() % L::WIDTH;
	let (mut start, mut total) = (0, [[0]]);
	while start < whole {
		let end = whole.min(start + ROWS * STEPS * L::WIDTH);
		let mut sums = [L::zero(); ROWS];
		while start < end {
			let steps = ROWS.min((end - start) / L::WIDTH);
			for sum in &mut sums[..steps] {
				let (w, a) = (row.as_ptr().add(start), column.as_ptr().add(start));
				L::prefetch(w.wrapping_add(AHEAD).cast());
				// SAFETY: `start + WIDTH <= whole`, which is at most the length of both.
				*sum = L::multiply_add(*sum, E::vector::<L>(w), L::load(a));
				start += L::WIDTH;
			}
		}
		total[0][0] += L::totals(sums).iter().sum::<i64>();
	}
	add_tail(row, column, row.len(), whole, &mut total);
	total[0][0]
}

#[inline(always)]
unsafe fn block<L: Lanes, E: Element, const C: usize>(
	rows: &[E],
	columns: &[i16],
	size: usize,
	out: &mut Dots,
) {
	assert!(columns.len() == C * size && rows.len() <= BLOCK * size);
	let mut tiles = rows.chunks_exact(ROWS * size);
	let mut r = 0;
	for rows in &mut tiles {
		store(tile::<L, E, ROWS, C>(rows, columns, size), r, out);
		r += ROWS;
	}
	for row in tiles.remainder().chunks_exact(size) {
		store(tile::<L, E, 1, C>(row, columns, size), r, out);
		r += 1;
	}
}

#[inline(always)]
fn store<const R: usize, const C: usize>(tile: [[i64; R]; C], r: usize, out: &mut Dots) {
	for (out, tile) in out.iter_mut().zip(tile) {
		out[r..r + R].copy_from_slice(&tile);
	}
}

/// The dot products of `R` rows with `C` columns.
#[inline(always)]
unsafe fn tile<L: Lanes, E: Element, const R: usize, const C: usize>(
	rows: &[E],
	columns: &[i16],
	size: usize,
) -> [[i64; R]; C] {
	assert!(rows.len() == R * size && columns.len() == C * size);
	let mut totals = [[0; R]; C];
	let whole = size - size % L::WIDTH;
	let mut start = 0;
	while start < whole {
		let end = whole.min(start + STEPS * L::WIDTH);
		let mut sums = [[L::zero(); R]; C];
		while start < end {
			if C < L::TILE {
				ask::<L, E, R>(rows, size, start);
			}
			// SAFETY: `start + WIDTH <= size`, the stride of both, which hold R and C of them.
			step::<L, E, R, C>(
				rows.as_ptr().add(start),
				columns.as_ptr().add(start),
				size,
				&mut sums,
			);
			start += L::WIDTH;
		}
		add_totals::<L, R, C>(&sums, &mut totals);
	}
	if whole < size {
		add_tail(rows, columns, size, whole, &mut totals);
	}
	totals
}

/// Steps of the largest tile over the same few vectors, as often as told: what the instructions can
/// do without memory, widening and sums. Returns the number of products.
///
/// # Safety
/// As for [`Lanes`].
#[inline(always)]
pub unsafe fn multiply<L: Lanes>(steps: u32) -> u64 {
	match L::TILE {
		1..=2 => multiply_by::<L, 2>(steps),
		3..=4 => multiply_by::<L, 4>(steps),
		_ => multiply_by::<L, COLUMNS>(steps),
	}
}

#[inline(always)]
unsafe fn multiply_by<L: Lanes, const C: usize>(steps: u32) -> u64 {
	let (rows, columns) = ([3_i16; ROWS * WIDEST], [5_i16; COLUMNS * WIDEST]);
	let mut sums = [[L::zero(); ROWS]; C];
	for _ in 0..steps {
		// SAFETY: `WIDTH <= WIDEST`, the stride of both, which hold R and C vectors.
		step::<L, i16, ROWS, C>(
			black_box(rows.as_ptr()),
			black_box(columns.as_ptr()),
			L::WIDTH,
			&mut sums,
		);
	}
	black_box(sums);
	u64::from(steps) * (ROWS * C * L::WIDTH) as u64
}

/// Asks for what the next steps of `R` rows will load; behind the end of a row comes the same row of
/// the next tile.
#[inline(always)]
unsafe fn ask<L: Lanes, E: Element, const R: usize>(rows: &[E], size: usize, start: usize) {
	let ahead = start + AHEAD.min(size);
	let at = if ahead < size {
		ahead
	} else {
		ahead + (R - 1) * size
	};
	for r in 0..R {
		L::prefetch(rows.as_ptr().wrapping_add(r * size + at).cast());
	}
}

/// One vector of every row and column; the rows, and the columns, lie `stride` apart.
#[inline(always)]
unsafe fn step<L: Lanes, E: Element, const R: usize, const C: usize>(
	rows: *const E,
	columns: *const i16,
	stride: usize,
	sums: &mut [[L::Sums; R]; C],
) {
	let w: [L::Vector; R] = std::array::from_fn(
		#[inline(always)]
		|r| E::vector::<L>(rows.add(r * stride)),
	);
	for (c, sums) in sums.iter_mut().enumerate() {
		let a = L::load(columns.add(c * stride));
		for (sum, w) in sums.iter_mut().zip(w) {
			*sum = L::multiply_add(*sum, w, a);
		}
	}
}

#[inline(always)]
unsafe fn add_totals<L: Lanes, const R: usize, const C: usize>(
	sums: &[[L::Sums; R]; C],
	totals: &mut [[i64; R]; C],
) {
	for (totals, sums) in totals.iter_mut().zip(sums) {
		let mut four = [L::zero(); ROWS];
		four[..R].copy_from_slice(sums);
		let four = L::totals(four);
		totals.iter_mut().zip(four).for_each(|(t, s)| *t += s);
	}
}

/// What is left of each row after its whole vectors: fewer than 64 products.
#[inline(always)]
fn add_tail<E: Element, const R: usize, const C: usize>(
	rows: &[E],
	columns: &[i16],
	size: usize,
	whole: usize,
	totals: &mut [[i64; R]; C],
) {
	for (totals, a) in totals.iter_mut().zip(columns.chunks_exact(size)) {
		for (total, w) in totals.iter_mut().zip(rows.chunks_exact(size)) {
			let tail = w[whole..].iter().zip(&a[whole..]);
			*total += tail
				.map(|(w, a)| ((*w).into() * *a as i32) as i64)
				.sum::<i64>();
		}
	}
}
