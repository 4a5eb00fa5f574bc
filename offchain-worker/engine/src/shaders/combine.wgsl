// import batch pack reduce divide heads
// The output of attention of all heads from its chunks, rounded to 16 bits. One workgroup a row.

@group(0) @binding(1) var<uniform> heads: Heads;
// [rows, heads, chunks]
@group(0) @binding(2) var<storage, read> mass: array<u32>;
// [rows, heads, chunks, half] 64 bits of channel c, then of c + half
@group(0) @binding(3) var<storage, read> weighted: array<vec4<u32>>;
// [kv_heads, 2, half] 46 + f_v - f_o
@group(0) @binding(4) var<storage, read> shift: array<i32>;
// [rows, heads] b and 2^46 / (sum >> b)
@group(0) @binding(5) var<storage, read_write> reciprocal: array<vec2<u32>>;
// [rows, 4 blocks]
@group(0) @binding(6) var<storage, read_write> o: array<i32>;
// [rows, 1 + blocks]
@group(0) @binding(7) var<storage, read_write> y: array<vec2<u32>>;

// Chunks that a row sees: the first, and the one behind the last.
fn seen(row: u32) -> vec2<u32> {
	let position = batch.row[row].position;
	return vec2<u32>(first_key(position) / CHUNK, position / CHUNK + 1u);
}

fn sum_mass(first: u32, chunks: vec2<u32>) -> vec2<u32> {
	var sum = ZERO64;
	for (var i = chunks.x; i < chunks.y; i++) {
		sum = add64(sum, vec2<u32>(mass[first + i], 0u));
	}
	return sum;
}

// The largest key alone has 2^22, so the reciprocal is at most 2^24.
fn invert(sum: vec2<u32>) -> vec2<u32> {
	let b = max(bit_length64(sum), 31u) - 31u;
	let divisor = shr64(sum, b).x;
	return vec2<u32>(b, div64(vec2<u32>(0u, 1u << 14u), divisor).x);
}

fn normalise(acc: vec2<u32>, inverse: vec2<u32>, s: i32) -> i32 {
	return scale(mul64(rsh64(acc, inverse.x), inverse.y), s);
}

// Channels c and c + half of a head; returns the larger magnitude.
fn write_pair(row: u32, head: u32, c: u32, chunks: vec2<u32>) -> u32 {
	let row_head = row * heads.heads + head;
	var low = ZERO64;
	var high = ZERO64;
	for (var i = chunks.x; i < chunks.y; i++) {
		let part = weighted[(row_head * heads.chunks + i) * heads.half + c];
		low = add64(low, part.xy);
		high = add64(high, part.zw);
	}
	let s = kv_head(head) * 2u * heads.half + c;
	let inverse = reciprocal[row_head];
	let left = normalise(low, inverse, shift[s]);
	let right = normalise(high, inverse, shift[s + heads.half]);
	let to = row * 4u * heads.blocks + head * 2u * heads.half + c;
	o[to] = left;
	o[to + heads.half] = right;
	return max(magnitude(left), magnitude(right));
}

@compute @workgroup_size(THREADS)
fn main(
	@builtin(workgroup_id) group: vec3<u32>,
	@builtin(local_invocation_id) local: vec3<u32>,
) {
	let row = group.x;
	let chunks = seen(row);
	for (var head = local.x; head < heads.heads; head += THREADS) {
		let row_head = row * heads.heads + head;
		reciprocal[row_head] = invert(sum_mass(row_head * heads.chunks, chunks));
	}
	storageBarrier();
	var own = 0u;
	for (var i = local.x; i < heads.heads * heads.half; i += THREADS) {
		own = max(own, write_pair(row, i / heads.half, i % heads.half, chunks));
	}
	storageBarrier();
	let s = quant_shift(workgroup_peak(own, local.x));
	let to = row * (heads.blocks + 1u);
	if local.x == 0u {
		y[to] = vec2<u32>(1u << 15u, bitcast<u32>(i32(s) - heads.f_o - 15));
	}
	for (var i = local.x; i < heads.blocks; i += THREADS) {
		let at = (row * heads.blocks + i) * 4u;
		let t = vec4<i32>(o[at], o[at + 1u], o[at + 2u], o[at + 3u]);
		y[to + 1u + i] = pack_block(vec4<i32>(rsh(t.x, s), rsh(t.y, s), rsh(t.z, s), rsh(t.w, s)));
	}
}
