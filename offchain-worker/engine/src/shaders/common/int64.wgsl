// 64-bit integers as (low, high) words. Signed ones are in two's complement.

const ZERO64 = vec2<u32>(0u, 0u);

fn widen(x: i32) -> vec2<u32> {
	return vec2<u32>(bitcast<u32>(x), bitcast<u32>(x >> 31u));
}

fn is_negative(x: vec2<u32>) -> bool {
	return bitcast<i32>(x.y) < 0;
}

fn less64(a: vec2<u32>, b: vec2<u32>) -> bool {
	return a.y < b.y || (a.y == b.y && a.x < b.x);
}

fn add64(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> {
	let low = a.x + b.x;
	return vec2<u32>(low, a.y + b.y + select(0u, 1u, low < a.x));
}

fn sub64(a: vec2<u32>, b: vec2<u32>) -> vec2<u32> {
	return vec2<u32>(a.x - b.x, a.y - b.y - select(0u, 1u, a.x < b.x));
}

// Unsigned 32 x 32 -> 64 bits, by four partial products.
fn mul_wide(a: u32, b: u32) -> vec2<u32> {
	let a0 = a & 0xffffu;
	let a1 = a >> 16u;
	let b0 = b & 0xffffu;
	let b1 = b >> 16u;
	let low = a0 * b0;
	let left = a0 * b1;
	let right = a1 * b0;
	let middle = (low >> 16u) + (left & 0xffffu) + (right & 0xffffu);
	let high = a1 * b1 + (left >> 16u) + (right >> 16u) + (middle >> 16u);
	return vec2<u32>((low & 0xffffu) | (middle << 16u), high);
}

// Signed 32 x 32 -> 64 bits: the unsigned product without what the sign bits added to its high word.
fn mul_signed(a: i32, b: i32) -> vec2<u32> {
	let x = bitcast<u32>(a);
	let y = bitcast<u32>(b);
	let p = mul_wide(x, y);
	return vec2<u32>(p.x, p.y - select(0u, y, a < 0) - select(0u, x, b < 0));
}

// The low 64 bits of x b, which is the product when that fits.
fn mul64(x: vec2<u32>, b: u32) -> vec2<u32> {
	let p = mul_wide(x.x, b);
	return vec2<u32>(p.x, p.y + x.y * b);
}

// x << s for s in 0..=63.
fn shl64(x: vec2<u32>, s: u32) -> vec2<u32> {
	let n = s & 31u;
	let carried = select(x.x >> ((32u - n) & 31u), 0u, n == 0u);
	let low = x.x << (s & 31u);
	let high = (x.y << (s & 31u)) | carried;
	return select(vec2<u32>(low, high), vec2<u32>(0u, low), s >= 32u);
}

// x >> s, filled with `sign` (0 or all ones), for s in 0..=63.
fn shift_right(x: vec2<u32>, s: u32, sign: u32) -> vec2<u32> {
	let n = s & 31u;
	let carry = (32u - n) & 31u;
	let low = (x.x >> (s & 31u)) | select(x.y << (carry & 31u), 0u, n == 0u);
	let high = (x.y >> (s & 31u)) | select(sign << (carry & 31u), 0u, n == 0u);
	return select(vec2<u32>(low, high), vec2<u32>(high, sign), s >= 32u);
}

// Logical x >> s for s in 0..=63.
fn shr64(x: vec2<u32>, s: u32) -> vec2<u32> {
	return shift_right(x, s, 0u);
}

// Arithmetic x >> s for s in 0..=63.
fn sar64(x: vec2<u32>, s: u32) -> vec2<u32> {
	return shift_right(x, s, select(0u, 0xffffffffu, is_negative(x)));
}

fn bit_length(x: u32) -> u32 {
	return 32u - countLeadingZeros(x);
}

fn bit_length64(x: vec2<u32>) -> u32 {
	return select(32u + bit_length(x.y), bit_length(x.x), x.y == 0u);
}
