// import int64
// Division and square root, one bit at a time: one or two a row, never inside a sum.

// Floor of n / d, d > 0.
fn div64(n: vec2<u32>, d: u32) -> vec2<u32> {
	var quotient = n;
	var rest = 0u;
	for (var i = 0u; i < 64u; i++) {
		let carry = rest >> 31u;
		rest = (rest << 1u) | (quotient.y >> 31u);
		quotient = shl64(quotient, 1u);
		if carry == 1u || rest >= d {
			rest -= d;
			quotient.x |= 1u;
		}
	}
	return quotient;
}

// Floor of the square root.
fn isqrt64(n: vec2<u32>) -> u32 {
	var digits = n;
	var rest = ZERO64;
	var root = 0u;
	for (var i = 0u; i < 32u; i++) {
		rest = add64(shl64(rest, 2u), vec2<u32>(digits.y >> 30u, 0u));
		digits = shl64(digits, 2u);
		let trial = add64(shl64(vec2<u32>(root, 0u), 2u), vec2<u32>(1u, 0u));
		root = root << 1u;
		if !less64(rest, trial) {
			rest = sub64(rest, trial);
			root |= 1u;
		}
	}
	return root;
}
