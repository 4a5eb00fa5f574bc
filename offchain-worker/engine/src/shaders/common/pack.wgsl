// import round
// The inputs of linear layers: per row one header (m, e), then a block of two words for each four channels.

// Whether blocks hold four 16-bit numbers, or the high and the low halves as four bytes each.
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

// Four channels in [-LIMIT16, LIMIT16] as a block.
fn pack_block(a: vec4<i32>) -> vec2<u32> {
	if WIDE {
		return vec2<u32>(pair16(a.x, a.y), pair16(a.z, a.w));
	}
	let high = vec4<i32>(high_half(a.x), high_half(a.y), high_half(a.z), high_half(a.w));
	return vec2<u32>(bytes(high), bytes(a - 256 * high));
}

fn unpack_wide(block: vec2<u32>) -> vec4<i32> {
	return vec4<i32>(low16(block.x), high16(block.x), low16(block.y), high16(block.y));
}
