// import int64
// The roundings of one-arithmetic's `round` module.

const LIMIT16: i32 = 32639;
const LIMIT32: i32 = 2147483647;

// rsh(x, s) of a 64-bit x, s in 0..=62.
fn rsh64(x: vec2<u32>, s: u32) -> vec2<u32> {
	let doubled = sar64(x, (s - 1u) & 63u);
	let rounded = add64(sar64(doubled, 1u), vec2<u32>(doubled.x & 1u, 0u));
	return select(rounded, x, s == 0u);
}

// rsh(x, s) of a 32-bit x, s in 0..=31.
fn rsh(x: i32, s: u32) -> i32 {
	let doubled = x >> ((s - 1u) & 31u);
	return select((doubled >> 1u) + (doubled & 1), x, s == 0u);
}

fn rsh4(x: vec4<i32>, s: u32) -> vec4<i32> {
	return vec4<i32>(rsh(x.x, s), rsh(x.y, s), rsh(x.z, s), rsh(x.w, s));
}

// rsh(x, s) of an unsigned x, s in 0..=31.
fn rsh_unsigned(x: u32, s: u32) -> u32 {
	let doubled = x >> ((s - 1u) & 31u);
	return select((doubled >> 1u) + (doubled & 1u), x, s == 0u);
}

fn sat32(x: vec2<u32>) -> i32 {
	let low = bitcast<i32>(x.x);
	let fits = x.y == bitcast<u32>(low >> 31u);
	let limit = select(LIMIT32, -LIMIT32, is_negative(x));
	return max(select(limit, low, fits), -LIMIT32);
}

// sat32(x + y)
fn add_saturating(x: i32, y: i32) -> i32 {
	return sat32(add64(widen(x), widen(y)));
}

fn add_saturating2(x: vec2<i32>, y: vec2<i32>) -> vec2<i32> {
	return vec2<i32>(add_saturating(x.x, y.x), add_saturating(x.y, y.y));
}

// scale(x, s): any integer s, since exponents depend on the input.
fn scale(x: vec2<u32>, s: i32) -> i32 {
	let right = u32(clamp(s, 0, 62));
	let left = u32(clamp(-s, 0, 31));
	let shrunk = rsh64(x, right);
	let grown = shl64(widen(sat32(x)), left);
	return select(sat32(select(shrunk, grown, vec2<bool>(s < 0))), 0, s > 62);
}

fn magnitude(x: i32) -> u32 {
	return bitcast<u32>(abs(x));
}

// The shift that quant takes for a vector whose largest magnitude is `peak`.
fn quant_shift(peak: u32) -> u32 {
	let s = max(bit_length(peak), 15u) - 15u;
	return s + select(0u, 1u, rsh_unsigned(peak, s) > u32(LIMIT16));
}

fn clamp16(x: i32) -> i32 {
	return clamp(x, -LIMIT16, LIMIT16);
}
