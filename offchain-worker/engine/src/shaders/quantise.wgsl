// import batch pack reduce
// The hidden values of the feed-forward block, rounded to 16 bits. One workgroup a row.

struct Hidden {
	// Blocks of four channels, padded by zeros.
	blocks: u32,
	// Fraction bits.
	f: i32,
}

@group(0) @binding(1) var<uniform> hidden: Hidden;
// [rows, blocks] four channels each
@group(0) @binding(2) var<storage, read> h: array<vec4<i32>>;
// [rows, 1 + blocks]
@group(0) @binding(3) var<storage, read_write> y: array<vec2<u32>>;

@compute @workgroup_size(THREADS)
fn main(
	@builtin(workgroup_id) group: vec3<u32>,
	@builtin(local_invocation_id) local: vec3<u32>,
) {
	let from_row = group.x * hidden.blocks;
	let to = group.x * (hidden.blocks + 1u);
	var own = 0u;
	for (var i = local.x; i < hidden.blocks; i += THREADS) {
		let t = abs(h[from_row + i]);
		own = max(own, bitcast<u32>(max(max(t.x, t.y), max(t.z, t.w))));
	}
	let s = quant_shift(workgroup_peak(own, local.x));
	if local.x == 0u {
		y[to] = vec2<u32>(1u << 15u, bitcast<u32>(i32(s) - hidden.f - 15));
	}
	for (var i = local.x; i < hidden.blocks; i += THREADS) {
		let t = h[from_row + i];
		y[to + 1u + i] = pack_block(vec4<i32>(rsh(t.x, s), rsh(t.y, s), rsh(t.z, s), rsh(t.w, s)));
	}
}
