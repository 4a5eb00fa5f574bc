// import linear
// Inputs of a linear layer of 32 bits: each workgroup rounds them to 16 bits for itself, a segment at a time.

const STAGED = 512u;
override SEGMENT: u32 = STAGED / TILE;

// [rows, 2 blocks] four channels each
@group(0) @binding(4) var<storage, read> inputs: array<vec4<i32>>;
// [rows] the largest magnitude
@group(0) @binding(5) var<storage, read> peaks: array<u32>;

// [TILE, SEGMENT]
var<workgroup> staged: array<vec4<u32>, STAGED>;

fn stage(first: u32, start: u32, end: u32, thread: u32) {
	workgroupBarrier();
	for (var t = 0u; t < TILE; t++) {
		let row = clamped(first + t);
		let begin = row * matrix.blocks + start;
		let s = quant_shift(peaks[row]);
		for (var i = thread; i < end - start; i += LANES * SPLIT) {
			let at = 2u * (begin + i);
			staged[t * SEGMENT + i] = pack_block(rsh4(inputs[at], s), rsh4(inputs[at + 1u], s));
		}
	}
	workgroupBarrier();
}

// The first block of row t of a tile.
fn input_row(first: u32, t: u32, blocks: u32) -> u32 {
	return t * SEGMENT;
}

fn input_block(at: u32) -> vec4<u32> {
	return staged[at];
}

fn input_scale(row: u32) -> vec2<u32> {
	let s = i32(quant_shift(peaks[row]));
	return vec2<u32>(1u << 15u, bitcast<u32>(s - matrix.f_input - 15));
}
