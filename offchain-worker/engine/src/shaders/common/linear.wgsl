// import batch pack round
// A linear layer without its epilogue: the operator defines
// `fn emit(row: u32, pair: u32, y: vec2<i32>)` for the outputs 2 pair and 2 pair + 1 of a row.

// Rows of one thread: 1 or 4.
override TILE: u32 = 1u;
// Pairs of outputs of one workgroup.
override LANES: u32 = 32u;
// Threads that share the inputs of one pair; LANES * SPLIT <= MAX_THREADS.
override SPLIT: u32 = 1u;

const MAX_THREADS = 256;
// Blocks whose products with 16-bit inputs surely fit 32 bits: 4 * 32 * 127 * 32639 < 2^31.
const SPAN = 32u;

struct Matrix {
	// Blocks of four inputs, the last one padded by zeros.
	blocks: u32,
	// Pairs of outputs in this shard, the last one padded by zeros.
	pairs: u32,
	// First pair of this shard in the whole matrix.
	first: u32,
	// Outputs of the whole matrix.
	outputs: u32,
	// Stride of a row of the result.
	stride: u32,
	// Of gate and up: fraction bits of the gate.
	f_gate: u32,
	// Of gate and up: f_gate + f_up - f_h.
	swiglu_shift: i32,
}

@group(0) @binding(1) var<uniform> matrix: Matrix;
// [blocks, pairs] four weights of each of two outputs
@group(0) @binding(2) var<storage, read> weights: array<vec2<u32>>;
// [pairs] m_w and 16 + e_w + f of each of two outputs
@group(0) @binding(3) var<storage, read> scales: array<vec4<i32>>;
// [rows, 1 + blocks]
@group(0) @binding(4) var<storage, read> inputs: array<vec2<u32>>;

var<workgroup> partial: array<vec4<i32>, MAX_THREADS>;

// Adds the products of a block: (high, low) sums of two outputs, or (sum, 0) if WIDE.
fn dot_block(sum: vec4<i32>, w: vec2<u32>, a: vec2<u32>) -> vec4<i32> {
	if WIDE {
		let v = unpack_wide(a);
		return sum + vec4<i32>(dot(unpack4xI8(w.x), v), 0, dot(unpack4xI8(w.y), v), 0);
	}
	let first = vec2<i32>(dot4I8Packed(w.x, a.x), dot4I8Packed(w.x, a.y));
	let second = vec2<i32>(dot4I8Packed(w.y, a.x), dot4I8Packed(w.y, a.y));
	return sum + vec4<i32>(first, second);
}

// Adds the sums of a span to those of all, which are (high, low) and mean 256 high + low.
fn settle(all: vec4<i32>, span: vec4<i32>) -> vec4<i32> {
	if WIDE {
		return all + vec4<i32>(span.x >> 8u, span.x & 255, span.z >> 8u, span.z & 255);
	}
	return all + span;
}

// Sums of this thread's share of the inputs, for TILE rows from `first` on.
fn share(pair: u32, first: u32, part: u32) -> array<vec4<i32>, 4> {
	var at: array<u32, 4>;
	for (var t = 0u; t < 4u; t++) {
		at[t] = min(first + t, row_count() - 1u) * (matrix.blocks + 1u) + 1u;
	}
	var all: array<vec4<i32>, 4>;
	for (var start = part * SPAN; start < matrix.blocks; start += SPLIT * SPAN) {
		var span: array<vec4<i32>, 4>;
		let end = min(start + SPAN, matrix.blocks);
		for (var block = start; block < end; block++) {
			let w = weights[block * matrix.pairs + pair];
			span[0] = dot_block(span[0], w, inputs[at[0] + block]);
			if TILE > 1u {
				span[1] = dot_block(span[1], w, inputs[at[1] + block]);
				span[2] = dot_block(span[2], w, inputs[at[2] + block]);
				span[3] = dot_block(span[3], w, inputs[at[3] + block]);
			}
		}
		all[0] = settle(all[0], span[0]);
		if TILE > 1u {
			all[1] = settle(all[1], span[1]);
			all[2] = settle(all[2], span[2]);
			all[3] = settle(all[3], span[3]);
		}
	}
	return all;
}

// The sum over the threads of a pair, in the first of them.
fn gather(own: vec4<i32>, lane: u32, part: u32) -> vec4<i32> {
	if SPLIT == 1u {
		return own;
	}
	partial[part * LANES + lane] = own;
	workgroupBarrier();
	var sum = own;
	for (var i = 1u; i < SPLIT; i++) {
		sum += partial[((part + i) % SPLIT) * LANES + lane];
	}
	workgroupBarrier();
	return sum;
}

// One output from its sums, for inputs of the scale m 2^e in `header`.
fn output(sums: vec2<i32>, row_scale: vec2<i32>, header: vec2<u32>) -> i32 {
	let m = rsh_unsigned(bitcast<u32>(row_scale.x) * header.x, 16u);
	let whole = add64(shl64(widen(sums.x), 8u), widen(sums.y));
	return scale(mul64(whole, m), -(row_scale.y + bitcast<i32>(header.y)));
}

fn finish(row: u32, pair: u32, sums: vec4<i32>) {
	if row < row_count() {
		let header = inputs[row * (matrix.blocks + 1u)];
		let s = scales[pair];
		emit(row, matrix.first + pair, vec2<i32>(output(sums.xy, s.xy, header), output(sums.zw, s.zw, header)));
	}
}

@compute @workgroup_size(LANES, SPLIT)
fn main(
	@builtin(workgroup_id) group: vec3<u32>,
	@builtin(local_invocation_id) local: vec3<u32>,
) {
	let pair = group.x * LANES + local.x;
	let first = group.y * TILE;
	var sums = share(min(pair, matrix.pairs - 1u), first, local.y);
	for (var t = 0u; t < TILE; t++) {
		let sum = gather(sums[t], local.x, local.y);
		if local.y == 0u && pair < matrix.pairs {
			finish(first + t, pair, sum);
		}
	}
}
