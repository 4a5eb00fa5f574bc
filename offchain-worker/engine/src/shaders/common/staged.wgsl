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
	let length = end - start;
	workgroupBarrier();
	for (var i = thread; i < TILE * length; i += LANES * SPLIT) {
		let row = clamped(first + i / length);
		let s = quant_shift(peaks[row]);
		let at = 2u * (row * matrix.blocks + start + i % length);
		staged[i / length * SEGMENT + i % length] = pack_block(rsh4(inputs[at], s), rsh4(inputs[at + 1u], s));
	}
	workgroupBarrier();
}

fn input_block(first: u32, t: u32, segment: u32, block: u32) -> vec4<u32> {
	return staged[t * SEGMENT + block - segment];
}

fn input_scale(row: u32) -> vec2<u32> {
	let s = i32(quant_shift(peaks[row]));
	return vec2<u32>(1u << 15u, bitcast<u32>(s - matrix.f_input - 15));
}
