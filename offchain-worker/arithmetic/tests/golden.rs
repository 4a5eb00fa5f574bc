//! The rules against vectors made by an independent implementation in unbounded integers.
#![allow(clippy::unwrap_used, missing_docs)]

use blake2::{digest::consts::U32, Blake2b, Digest};
use one_arithmetic::*;
use serde::{de::DeserializeOwned, Deserialize};

/// The cases of `vectors/<name>.json`, made by `vectors/generate.py`.
fn cases<T: DeserializeOwned>(json: &str) -> Vec<T> {
	let cases: Vec<T> = serde_json::from_str(json).unwrap();
	assert!(!cases.is_empty());
	cases
}

macro_rules! vectors {
	($name:literal) => {
		cases(include_str!(concat!("../vectors/", $name, ".json")))
	};
}

#[test]
fn rsh_should_match_vectors() {
	#[derive(Deserialize)]
	struct Case {
		x: String,
		s: u32,
		y: String,
	}
	for Case { x, s, y } in vectors!("rsh") {
		assert_eq!(rsh(x.parse().unwrap(), s).to_string(), y, "rsh({x}, {s})");
	}
}

#[test]
fn scale_should_match_vectors() {
	#[derive(Deserialize)]
	struct Case {
		x: String,
		s: i32,
		y: i32,
	}
	for Case { x, s, y } in vectors!("scale") {
		assert_eq!(scale(x.parse().unwrap(), s), y, "scale({x}, {s})");
	}
}

#[test]
fn quant_should_match_vectors() {
	#[derive(Deserialize)]
	struct Case {
		t: Vec<i32>,
		a: Vec<i16>,
		s: u32,
	}
	for Case { t, a, s } in vectors!("quant") {
		let mut out = vec![0; t.len()];
		assert_eq!((quant(&t, &mut out), &out), (s, &a), "{t:?}");
	}
}

#[test]
fn halves_should_match_vectors() {
	#[derive(Deserialize)]
	struct Case {
		a: i16,
		hi: i8,
		lo: i8,
	}
	for Case { a, hi, lo } in vectors!("halves") {
		assert_eq!(halves(a), (hi, lo), "{a}");
	}
}

#[test]
fn clamp16_should_match_vectors() {
	#[derive(Deserialize)]
	struct Case {
		x: i64,
		y: i16,
	}
	for Case { x, y } in vectors!("clamp16") {
		assert_eq!(clamp16(x), y, "{x}");
	}
}

#[test]
fn add_should_match_vectors() {
	#[derive(Deserialize)]
	struct Case {
		x: Vec<i32>,
		y: Vec<i32>,
		sum: Vec<i32>,
	}
	for Case { mut x, y, sum } in vectors!("add") {
		add(&mut x, &y);
		assert_eq!(x, sum);
	}
}

#[test]
fn argmax_should_match_vectors() {
	#[derive(Deserialize)]
	struct Case {
		x: Vec<i32>,
		index: usize,
	}
	for Case { x, index } in vectors!("argmax") {
		assert_eq!(argmax(&x), Some(index), "{x:?}");
	}
}

#[test]
fn exp2_should_match_vectors() {
	#[derive(Deserialize)]
	struct Case {
		n: u32,
		y: u32,
	}
	for Case { n, y } in vectors!("exp2") {
		assert_eq!(exp2(n), y, "exp2({n})");
	}
}

#[test]
fn exp2_table_should_have_its_hash() {
	let bytes: Vec<u8> = EXP2_TABLE.iter().flat_map(|t| t.to_le_bytes()).collect();
	let hash = Blake2b::<U32>::digest(bytes);
	assert_eq!(hash[..8], [0x98, 0xd0, 0x08, 0xb6, 0x93, 0xc1, 0x0d, 0xee]);
}

#[test]
fn sigmoid_should_match_vectors() {
	#[derive(Deserialize)]
	struct Case {
		g: i32,
		f: u32,
		y: u32,
	}
	for Case { g, f, y } in vectors!("sigmoid") {
		assert_eq!(sigmoid(g, f), y, "sigmoid({g}, {f})");
	}
}

#[test]
fn linear_should_match_vectors() {
	#[derive(Deserialize)]
	struct Case {
		w: Vec<Vec<i8>>,
		m: Vec<u16>,
		shift: Vec<i32>,
		a: Vec<i16>,
		input_m: u16,
		input_e: i32,
		y: Vec<i32>,
	}
	for Case {
		w,
		m,
		shift,
		a,
		input_m,
		input_e,
		y,
	} in vectors!("linear")
	{
		let input = Dyadic::new(input_m, input_e).unwrap();
		let mut out = vec![0; y.len()];
		linear(&w.concat(), &m, &shift, &a, input, &mut out);
		assert_eq!(out, y);
	}
}

#[test]
fn rmsnorm_should_match_vectors() {
	#[derive(Deserialize)]
	struct Case {
		x: Vec<i32>,
		gain: Vec<i16>,
		gain_exponent: i32,
		eps: u64,
		a: Vec<i16>,
		m: u16,
		e: i32,
	}
	for Case {
		x,
		gain,
		gain_exponent,
		eps,
		a,
		m,
		e,
	} in vectors!("rmsnorm")
	{
		let mut out = vec![0; x.len()];
		let scale = rmsnorm(&x, &gain, gain_exponent, eps, &mut out);
		assert_eq!((scale, out), (Dyadic { m, e }, a), "{x:?}");
	}
}

#[test]
fn head_norm_should_match_vectors() {
	#[derive(Deserialize)]
	struct Case {
		x: Vec<i32>,
		gain: Vec<i16>,
		gain_exponent: i32,
		eps: u64,
		f: Vec<i32>,
		y: Vec<i32>,
	}
	for Case {
		mut x,
		gain,
		gain_exponent,
		eps,
		f,
		y,
	} in vectors!("head_norm")
	{
		head_norm(&mut x, &gain, gain_exponent, eps, &f);
		assert_eq!(x, y);
	}
}

#[test]
fn rope_should_match_vectors() {
	#[derive(Deserialize)]
	struct Case {
		x: Vec<i32>,
		cos: Vec<i16>,
		sin: Vec<i16>,
		y: Vec<i16>,
	}
	for Case { x, cos, sin, y } in vectors!("rope") {
		let mut out = vec![0; y.len()];
		rope(&x, &cos, &sin, &mut out);
		assert_eq!(out, y);
	}
}

#[test]
fn attention_should_match_vectors() {
	#[derive(Deserialize)]
	struct Case {
		q: Vec<i16>,
		keys: Vec<i16>,
		values: Vec<i16>,
		m: u16,
		score_shift: i32,
		value_shift: Vec<i32>,
		z: Vec<i32>,
		p: Vec<u32>,
		sum: u64,
		o: Vec<i32>,
	}
	for case in vectors!("attention") {
		let Case {
			q,
			keys,
			m,
			score_shift,
			..
		} = &case;
		let (mut z, mut p, mut o) = (case.z.clone(), case.p.clone(), case.o.clone());
		z.fill(0);
		p.fill(0);
		o.fill(0);
		scores(q, keys, *m, *score_shift, &mut z);
		assert_eq!(z, case.z);
		assert_eq!(softmax(&z, &mut p), case.sum);
		assert_eq!(p, case.p);
		let dim = o.len();
		for run in [1, 7, p.len()] {
			let mut acc = vec![0; dim];
			for (p, v) in p.chunks(run).zip(case.values.chunks(run * dim)) {
				weigh(p, v, &mut acc);
			}
			normalise(&acc, case.sum, &case.value_shift, &mut o);
			assert_eq!(o, case.o, "runs of {run}");
		}
	}
}

#[test]
fn swiglu_should_match_vectors() {
	#[derive(Deserialize)]
	struct Case {
		g: Vec<i32>,
		u: Vec<i32>,
		f_gate: u32,
		shift: i32,
		h: Vec<i32>,
	}
	for Case {
		g,
		u,
		f_gate,
		shift,
		h,
	} in vectors!("swiglu")
	{
		let mut out = vec![0; h.len()];
		swiglu(&g, &u, f_gate, shift, &mut out);
		assert_eq!(out, h);
	}
}

#[test]
fn embed_should_match_vectors() {
	#[derive(Deserialize)]
	struct Case {
		row: Vec<i8>,
		m: u16,
		shift: i32,
		x: Vec<i32>,
	}
	for Case { row, m, shift, x } in vectors!("embed") {
		let mut out = vec![0; x.len()];
		embed(&row, m, shift, &mut out);
		assert_eq!(out, x);
	}
}

#[test]
fn sample_should_match_vectors() {
	#[derive(Deserialize)]
	struct Case {
		logits: Vec<i32>,
		seen: Vec<u32>,
		temperature: u32,
		top_k: u32,
		top_p: u32,
		repetition_penalty: u32,
		u: String,
		token: u32,
	}
	for (i, case) in vectors!("sample").into_iter().enumerate() {
		let Case {
			logits,
			seen,
			temperature,
			top_k,
			top_p,
			repetition_penalty,
			u,
			token,
		} = case;
		let sampling = Sampling {
			temperature,
			top_k,
			top_p,
			repetition_penalty,
		};
		let mut penalised = vec![0; logits.len()];
		penalise(&logits, &seen, repetition_penalty, &mut penalised);
		let mut scratch = vec![Candidate::default(); logits.len()];
		let found = sample(&penalised, &sampling, u.parse().unwrap(), &mut scratch);
		assert_eq!(found, Some(token), "case {i}");
	}
}
