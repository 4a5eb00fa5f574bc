// import batch pack round strip
// A linear layer between its ends. The operator imports `direct` or `staged`, where its inputs come from, and
// defines `fn emit(at: Output, y: vec2<i32>)` for the outputs 2 pair and 2 pair + 1 of a row. All threads of a
// workgroup call that, so it may wait for all of them.

// Rows of one thread.
override TILE: u32 = 1u;
// Pairs of outputs of one thread.
override PAIRS: u32 = 1u;
// Threads next to each other, which have pairs next to each other.
override LANES: u32 = 32u;
// So many of them have the pairs of one strip, which they read in order.
override RUN: u32 = STRIP / PAIRS;
// Threads that share the inputs of one pair; LANES * SPLIT <= MAX_THREADS.
override SPLIT: u32 = 1u;

const MAX_PAIRS = 4;
const MAX_TILE = 8;
// Sums of one thread at most.
const MAX_SUMS = MAX_TILE * MAX_PAIRS;
const MAX_THREADS = 256;
// Blocks whose products with 16-bit inputs surely fit 32 bits: 8 * 32 * 127 * 32639 < 2^31.
const SPAN = 32u;

struct Matrix {
	// Blocks of eight inputs, the last one padded by zeros.
	blocks: u32,
	// Pairs of outputs in this shard, the last one padded by zeros.
	pairs: u32,
	// First pair of this shard in the whole matrix.
	first: u32,
	// Outputs of the whole matrix.
	outputs: u32,
	// Stride of a row of the result.
	stride: u32,
	// Of staged inputs: their fraction bits.
	f_input: i32,
	// Of gate and up: fraction bits of the gate.
	f_gate: u32,
	// Of gate and up: f_gate + f_up - f_h.
	swiglu_shift: i32,
}

struct Output {
	// Whether this thread has outputs.
	live: bool,
	// Thread of the workgroup.
	thread: u32,
	row: u32,
	// Pair of the whole matrix.
	pair: u32,
}

@group(0) @binding(1) var<uniform> matrix: Matrix;
// [strips, blocks, STRIP] eight weights of each of two outputs
@group(0) @binding(2) var<storage, read> weights: array<vec4<u32>>;
// [pairs] m_w and 16 + e_w + f of each of two outputs
@group(0) @binding(3) var<storage, read> scales: array<vec4<i32>>;

var<workgroup> partial: array<vec4<i32>, MAX_THREADS>;

// Eight weights of each of two outputs, unpacked if WIDE.
struct Weights {
	packed: vec4<u32>,
	wide: array<vec4<i32>, 4>,
}

fn load_weights(i: u32) -> Weights {
	let w = weights[i];
	return Weights(w, array<vec4<i32>, 4>(unpack4xI8(w.x), unpack4xI8(w.y), unpack4xI8(w.z), unpack4xI8(w.w)));
}

// Eight inputs, unpacked if WIDE.
struct Inputs {
	packed: vec4<u32>,
	wide: array<vec4<i32>, 2>,
}

fn load_inputs(at: u32) -> Inputs {
	let a = input_block(at);
	return Inputs(a, array<vec4<i32>, 2>(unpack_wide(a.xy), unpack_wide(a.zw)));
}

fn dot_wide(w: array<vec4<i32>, 4>, a: array<vec4<i32>, 2>) -> vec4<i32> {
	return vec4<i32>(dot(w[0], a[0]) + dot(w[1], a[1]), 0, dot(w[2], a[0]) + dot(w[3], a[1]), 0);
}

fn dot_packed(w: vec4<u32>, a: vec4<u32>) -> vec4<i32> {
	let left = vec4<i32>(
		dot4I8Packed(w.x, a.x), dot4I8Packed(w.x, a.z), dot4I8Packed(w.z, a.x), dot4I8Packed(w.z, a.z));
	let right = vec4<i32>(
		dot4I8Packed(w.y, a.y), dot4I8Packed(w.y, a.w), dot4I8Packed(w.w, a.y), dot4I8Packed(w.w, a.w));
	return left + right;
}

// The products of a block: (high, low) sums of two outputs, or (sum, 0) if WIDE.
fn dot_block(w: Weights, a: Inputs) -> vec4<i32> {
	if WIDE {
		return dot_wide(w.wide, a.wide);
	}
	return dot_packed(w.packed, a.packed);
}

// Adds the sums of a span to those of all, which are (high, low) and mean 256 high + low.
fn settle(all: vec4<i32>, span: vec4<i32>) -> vec4<i32> {
	if WIDE {
		return all + vec4<i32>(span.x >> 8u, span.x & 255, span.z >> 8u, span.z & 255);
	}
	return all + span;
}

// Sums of this thread's share of the inputs, for TILE rows from `first` on, [TILE, PAIRS].
fn share(pair: u32, first: u32, part: u32, thread: u32) -> array<vec4<i32>, MAX_SUMS> {
	let blocks = matrix.blocks;
	var at: array<vec2<u32>, MAX_PAIRS>;
	for (var i = 0u; i < PAIRS; i++) {
		at[i] = strip(min(pair + i * RUN, matrix.pairs - 1u), blocks, matrix.pairs);
	}
	var row: array<u32, MAX_TILE>;
	for (var t = 0u; t < TILE; t++) {
		row[t] = input_row(first, t, blocks);
	}
	var all: array<vec4<i32>, MAX_SUMS>;
	for (var segment = 0u; segment < blocks; segment += SEGMENT) {
		let end = min(segment + SEGMENT, blocks);
		stage(first, segment, end, thread);
		for (var start = segment; start < end; start += SPLIT * SPAN) {
			var span: array<vec4<i32>, MAX_SUMS>;
			let stop = min(start + SPLIT * SPAN, end);
			for (var block = start + part; block < stop; block += SPLIT) {
				var w: array<Weights, MAX_PAIRS>;
				for (var i = 0u; i < PAIRS; i++) {
					w[i] = load_weights(at[i].x + block * at[i].y);
				}
				for (var t = 0u; t < TILE; t++) {
					let a = load_inputs(row[t] + block - segment);
					for (var i = 0u; i < PAIRS; i++) {
						span[t * PAIRS + i] += dot_block(w[i], a);
					}
				}
			}
			for (var i = 0u; i < TILE * PAIRS; i++) {
				all[i] = settle(all[i], span[i]);
			}
		}
	}
	return all;
}

// The sum over the threads of a pair.
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

// The row that stands in for those behind the last.
fn clamped(row: u32) -> u32 {
	return min(row, row_count() - 1u);
}

// One output from its sums, for inputs of the scale m 2^e in `header`.
fn output(sums: vec2<i32>, row_scale: vec2<i32>, header: vec2<u32>) -> i32 {
	let m = rsh_unsigned(bitcast<u32>(row_scale.x) * header.x, 16u);
	let whole = add64(shl64(widen(sums.x), 8u), widen(sums.y));
	return scale(mul64(whole, m), -(row_scale.y + bitcast<i32>(header.y)));
}

fn outputs(row: u32, pair: u32, sums: vec4<i32>) -> vec2<i32> {
	let header = input_scale(row);
	let s = scales[pair];
	return vec2<i32>(output(sums.xy, s.xy, header), output(sums.zw, s.zw, header));
}

@compute @workgroup_size(LANES, SPLIT)
fn main(
	@builtin(workgroup_id) group: vec3<u32>,
	@builtin(local_invocation_id) local: vec3<u32>,
) {
	// Workgroups of the same outputs follow each other, while a cache holds their weights.
	let first = group.x * TILE;
	let own = group.y * LANES * PAIRS + local.x / RUN * STRIP + local.x % RUN;
	let thread = local.y * LANES + local.x;
	var sums = share(own, first, local.y, thread);
	for (var i = 0u; i < TILE * PAIRS; i++) {
		let sum = gather(sums[i], local.x, local.y);
		let pair = own + i % PAIRS * RUN;
		let row = first + i / PAIRS;
		let live = local.y == 0u && pair < matrix.pairs && row < row_count();
		var y = vec2<i32>(0, 0);
		if live {
			y = outputs(row, pair, sum);
		}
		emit(Output(live, thread, row, matrix.first + pair), y);
	}
}
