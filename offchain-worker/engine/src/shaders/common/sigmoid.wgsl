// import round exp2

// 1 / (1 + e^-g) in Q15, for g with f fraction bits, f in 12..=20.
fn sigmoid(g: i32, f: u32) -> u32 {
	let a = min(rsh_unsigned(magnitude(g), f - 12u), 81920u);
	let e = rsh_unsigned(exp2_q30((a * 23637u) >> 10u), 14u);
	let d = 65536u + e;
	let s = (0x80000000u + (d >> 1u)) / d;
	return select(rsh_unsigned(e * s, 16u), s, g >= 0);
}
