// Needs `exp2_table`: [257] round(2^(i / 256) 2^30).

// 2^(-n / 2^16) in Q30.
fn exp2_q30(n: u32) -> u32 {
	let whole = n >> 16u;
	let fraction = n & 0xffffu;
	let g = 65536u - fraction;
	let i = min(g >> 8u, 255u);
	let r = g - (i << 8u);
	let low = exp2_table[i];
	let v = low + (((exp2_table[i + 1u] - low) * r) >> 8u);
	return select(v >> ((whole + 1u) & 31u), 0u, whole >= 31u);
}
