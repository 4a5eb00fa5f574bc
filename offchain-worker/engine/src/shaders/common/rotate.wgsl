// import pack round
// RoPE of one pair of channels.

const LIMIT_ROPE: i32 = 65535;

// The pair (l, r) by an angle of cosine (low) and sine (high), as 16-bit numbers of one word.
fn rotate(y: vec2<i32>, angle: u32) -> u32 {
	let l = clamp(y.x, -LIMIT_ROPE, LIMIT_ROPE);
	let r = clamp(y.y, -LIMIT_ROPE, LIMIT_ROPE);
	let cosine = low16(angle);
	let sine = high16(angle);
	return pair16(
		clamp16(rsh(l * cosine - r * sine, 15u)),
		clamp16(rsh(r * cosine + l * sine, 15u)),
	);
}
