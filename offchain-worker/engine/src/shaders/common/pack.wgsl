// import round
// The inputs of linear layers, eight channels a block.

// Whether blocks hold 16-bit numbers, or the high and then the low halves of eight as bytes.
override WIDE: bool = false;

fn byte(x: i32, i: u32) -> u32 {
	return (bitcast<u32>(x) & 0xffu) << (i & 31u);
}

fn bytes(x: vec4<i32>) -> u32 {
	return byte(x.x, 0u) | byte(x.y, 8u) | byte(x.z, 16u) | byte(x.w, 24u);
}

fn pair16(low: i32, high: i32) -> u32 {
	return (bitcast<u32>(low) & 0xffffu) | (bitcast<u32>(high) << 16u);
}

fn low16(x: u32) -> i32 {
	return bitcast<i32>(x << 16u) >> 16u;
}

fn high16(x: u32) -> i32 {
	return bitcast<i32>(x) >> 16u;
}

fn high_half(a: i32) -> i32 {
	return (a + 128) >> 8u;
}

fn high_halves(a: vec4<i32>) -> vec4<i32> {
	return vec4<i32>(high_half(a.x), high_half(a.y), high_half(a.z), high_half(a.w));
}

// Eight channels in [-LIMIT16, LIMIT16] as a block.
fn pack_block(a: vec4<i32>, b: vec4<i32>) -> vec4<u32> {
	if WIDE {
		return vec4<u32>(pair16(a.x, a.y), pair16(a.z, a.w), pair16(b.x, b.y), pair16(b.z, b.w));
	}
	let c = high_halves(a);
	let d = high_halves(b);
	return vec4<u32>(bytes(c), bytes(d), bytes(a - 256 * c), bytes(b - 256 * d));
}

fn low4(x: vec4<u32>) -> vec4<i32> {
	return vec4<i32>(low16(x.x), low16(x.y), low16(x.z), low16(x.w));
}

fn high4(x: vec4<u32>) -> vec4<i32> {
	return vec4<i32>(high16(x.x), high16(x.y), high16(x.z), high16(x.w));
}

// Four channels of a block of 16-bit numbers.
fn unpack_wide(words: vec2<u32>) -> vec4<i32> {
	return vec4<i32>(low16(words.x), high16(words.x), low16(words.y), high16(words.y));
}
