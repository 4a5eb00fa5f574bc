//! What a device must compute before it is trusted: a small model whose results are recorded.

use std::sync::Arc;

use super::{Gpu, GpuBackend};
use crate::{
	cpu::CpuBackend,
	hash::Hasher,
	model::{HeadNorm, Layer, Linear, Norm, QkNorm, QkvBias, Rope, Shape, Weight},
	Backend, Chunk, EngineError, HeadAt, Model, Step, Want,
};

/// What the CPU computes; a test compares it with the CPU path.
const EXPECTED: &str = "ba7bc5325c7a96c3c712d9212940738cf415050e0b1d18f33a799a7854d58fbb";

/// No size is a multiple of the others' or of a workgroup's, and there are two chunks of keys.
pub const SHAPE: Shape = Shape {
	layers: 2,
	hidden: 22,
	ffn: 27,
	heads: 4,
	kv_heads: 2,
	head_dim: 6,
	vocab: 37,
	context: 300,
};

/// Fewer positions than are fed, more than a chunk of keys.
const WINDOW: u32 = 258;

/// Pages of the caches: two of one sequence, one of another.
const PAGES: usize = 3;

/// Runs the recorded model on `gpu`.
///
/// # Errors
/// [`EngineError::DeviceDiffers`] if a single bit differs.
pub fn run(gpu: &Gpu) -> Result<(), EngineError> {
	check(&mut GpuBackend::new(gpu, &model(), PAGES)?)
}

/// Runs the recorded model on the CPU.
///
/// # Errors
/// [`EngineError::DeviceDiffers`] if a single bit differs.
pub fn run_on_cpu() -> Result<(), EngineError> {
	check(&mut CpuBackend::new(Arc::new(model()), PAGES))
}

fn check(backend: &mut dyn Backend) -> Result<(), EngineError> {
	if outcome(backend)? == EXPECTED {
		return Ok(());
	}
	Err(EngineError::DeviceDiffers {
		device: backend.device().to_owned(),
	})
}

/// Hexadecimal hash of all that a back end returns for prefill, decode, a batch of both and several
/// steps at once.
fn outcome(backend: &mut dyn Backend) -> Result<String, EngineError> {
	let want = Want {
		head: HeadAt::All,
		logits: true,
	};
	let (long, short) = (&[2, 0][..], &[1][..]);
	let ids: Vec<u32> = (0..260).map(|i| i * i % SHAPE.vocab).collect();
	let mut steps = backend.forward(&[chunk(long, 0, &ids)], want)?;
	for (id, fed) in (0..).zip([0, 0, 2]) {
		let other = chunk(short, fed, &ids[..2 * id as usize]);
		steps.extend(backend.forward(&[other, chunk(long, 260 + id, &[id])], want)?);
	}
	let next = [chunk(long, 263, &[1]), chunk(short, 6, &[2])];
	steps.extend(backend.decode(&next, 3)?.concat());
	Ok(hex::encode(
		steps.iter().fold(Hasher::new("self-test"), absorb).finish(),
	))
}

const fn chunk<'a>(pages: &'a [u32], start: u32, ids: &'a [u32]) -> Chunk<'a> {
	Chunk { pages, start, ids }
}

fn absorb(hasher: Hasher, step: &Step) -> Hasher {
	let logits = step.logits.as_deref().unwrap_or_default();
	hasher
		.with(&step.residual_hash)
		.numbers(step.argmax.as_slice())
		.numbers(bytemuck::cast_slice(logits))
}

/// The numbers of a model, drawn by SplitMix64 (Steele, Lea, Flood 2014).
pub struct Draw(pub u64);

impl Draw {
	fn next(&mut self) -> u64 {
		self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
		let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
		let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
		z ^ (z >> 31)
	}

	/// Uniform in `low..=high`.
	pub fn range(&mut self, low: i32, high: i32) -> i32 {
		let span = (i64::from(high) - i64::from(low) + 1) as u64;
		(i64::from(low) + (self.next() % span) as i64) as i32
	}

	pub fn many<T>(&mut self, n: usize, draw: impl Fn(&mut Self) -> T) -> Vec<T> {
		(0..n).map(|_| draw(self)).collect()
	}

	fn weight(&mut self, rows: usize, cols: usize) -> Weight {
		let bytes = self.many(rows * cols, |d| d.range(-127, 127) as u8);
		Weight::new(Arc::new(bytes), 0, rows, cols).expect("the vector has rows * cols bytes; qed")
	}

	/// Rows whose scales spread over a factor of 64 around `shift`: the largest saturate.
	pub fn linear(&mut self, rows: u32, cols: u32, shift: i32) -> Linear {
		let n = rows as usize;
		Linear {
			weight: self.weight(n, cols as usize),
			mantissa: self.many(n, |d| d.range(1 << 15, u16::MAX.into()) as u16),
			shift: self.many(n, |d| shift + d.range(-3, 3)),
		}
	}

	pub fn norm(&mut self) -> Norm {
		let gain = self.many(SHAPE.hidden as usize, |d| d.range(-32_767, 32_767) as i16);
		Norm { gain, exponent: 14 }
	}

	pub fn layer(&mut self, shape: &Shape) -> Layer {
		let Shape {
			hidden,
			ffn,
			heads,
			kv_heads,
			head_dim,
			..
		} = *shape;
		let (q, kv) = (heads * head_dim, kv_heads * head_dim);
		Layer {
			attention_norm: self.norm(),
			q: self.linear(q, hidden, 5),
			k: self.linear(kv, hidden, 5),
			v: self.linear(kv, hidden, 5),
			bias: None,
			qk_norm: None,
			score_shift: self.many(heads as usize, |d| d.range(18, 22)),
			value_shift: self.many(kv as usize, |d| d.range(38, 44)),
			f_o: 16,
			o: self.linear(hidden, q, 6),
			ffn_norm: self.norm(),
			gate: self.linear(ffn, hidden, 10),
			up: self.linear(ffn, hidden, 10),
			f_gate: 16,
			swiglu_shift: 16,
			f_h: 16,
			down: self.linear(hidden, ffn, 6),
		}
	}

	/// A layer with everything that some models have and others do not.
	pub fn full_layer(&mut self, shape: &Shape) -> Layer {
		let Shape {
			heads,
			kv_heads,
			head_dim,
			..
		} = *shape;
		let [q, kv] = [heads, kv_heads].map(|heads| (heads * head_dim) as usize);
		let mut bias = |n| self.many(n, |d| d.range(-1 << 24, 1 << 24));
		let bias = Some(QkvBias {
			q: bias(q),
			k: bias(kv),
			v: bias(kv),
		});
		let qk_norm = Some(QkNorm {
			q: self.head_norm(heads, head_dim),
			k: self.head_norm(kv_heads, head_dim),
		});
		Layer {
			bias,
			qk_norm,
			..self.layer(shape)
		}
	}

	fn head_norm(&mut self, heads: u32, head_dim: u32) -> HeadNorm {
		let half = head_dim as usize / 2;
		let gain = self.many(2 * half, |d| d.range(-32_767, 32_767) as i16);
		let f = self.many(heads as usize * half, |d| d.range(9, 12));
		HeadNorm {
			norm: Norm { gain, exponent: 14 },
			eps: 1 << 20,
			f: f.chunks(half).flat_map(|f| [f, f].concat()).collect(),
		}
	}

	fn rope(&mut self) -> Rope {
		let half = SHAPE.head_dim as usize / 2;
		let n = SHAPE.context as usize * half;
		let draw = |d: &mut Self| d.range(-16_384, 16_384) as i16;
		Rope {
			cos: self.many(n, draw),
			sin: self.many(n, draw),
			half,
		}
	}
}

/// A model with every operator.
pub fn model() -> Model {
	let mut draw = Draw(1);
	Model {
		root: [0; 32],
		shape: SHAPE,
		embedding: draw.linear(SHAPE.vocab, SHAPE.hidden, 10),
		layers: vec![draw.layer(&SHAPE), draw.full_layer(&SHAPE)],
		final_norm: draw.norm(),
		head: draw.linear(SHAPE.vocab, SHAPE.hidden, 10),
		rope: draw.rope(),
		score_mantissa: 38_600,
		window: WINDOW,
		eps: 168,
	}
}

#[cfg(test)]
mod tests {
	#![allow(clippy::unwrap_used)]

	use super::*;
	use crate::gpu::context::tests::devices;

	#[test]
	fn outcome_should_be_as_recorded_when_run_on_the_cpu() {
		let found = outcome(&mut CpuBackend::new(Arc::new(model()), PAGES)).unwrap();
		assert_eq!(found, EXPECTED);
	}

	#[test]
	fn outcome_should_depend_on_many_logits_and_ids() {
		let mut backend = CpuBackend::new(Arc::new(model()), 1);
		let want = Want {
			head: HeadAt::All,
			logits: true,
		};
		let chunk = Chunk {
			pages: &[0],
			start: 0,
			ids: &[1, 2, 3, 4, 5, 6, 7, 8],
		};
		let steps = backend.forward(&[chunk], want).unwrap();
		let distinct = |x: Vec<i32>| {
			x.into_iter()
				.collect::<std::collections::BTreeSet<_>>()
				.len()
		};
		let logits = steps
			.iter()
			.filter_map(|step| step.logits.clone())
			.flatten()
			.collect();
		assert!(distinct(logits) > 200);
		assert!(
			distinct(
				steps
					.iter()
					.filter_map(|step| step.argmax)
					.map(|id| id as i32)
					.collect()
			) > 3
		);
	}

	#[test]
	fn run_should_pass_on_every_device() {
		devices().iter().for_each(|gpu| run(gpu).unwrap());
	}
}
