//! The float forward pass over the calibration text, and the peaks it reaches.

use rayon::prelude::*;

use super::{
	config::Config,
	float::{add, channel_peaks, dot, linear, linear_peak, peak, rmsnorm, rope, swiglu},
	weights::{FloatTensor, Matrix, Norm, Tensors},
};
use crate::{
	container::{Projection, Tensor},
	model::Shape,
	EngineError,
};

/// Largest magnitudes in the whole model.
pub struct Peaks {
	/// Of the residual, after the embedding and every block.
	pub residual: f64,
	/// Of the logits.
	pub logits: f64,
	/// Of each layer.
	pub layers: Vec<LayerPeaks>,
}

/// Largest magnitudes in one layer.
pub struct LayerPeaks {
	/// Of each query channel `[heads, head_dim]`, before and after RoPE.
	pub q: Vec<f64>,
	/// Of each key channel `[kv_heads, head_dim]`, before and after RoPE.
	pub k: Vec<f64>,
	/// Of q and of k before the norms of their heads, if there are any.
	pub heads: Option<[f64; 2]>,
	/// Of each value channel `[kv_heads, head_dim]`.
	pub v: Vec<f64>,
	/// Of the output of attention.
	pub o: f64,
	/// Of the gate.
	pub gate: f64,
	/// Of the input of the feed-forward block.
	pub up: f64,
	/// Of `silu(gate) up`.
	pub h: f64,
}

impl LayerPeaks {
	/// How many there are of a layer, with room for the heads.
	const fn numbers(shape: &Shape) -> usize {
		shape.q_size() + 2 * shape.kv_size() + 6
	}

	/// All in a row.
	fn write(&self, to: &mut [f64]) {
		let single = [self.o, self.gate, self.up, self.h];
		let heads = self.heads.unwrap_or_default();
		let all = [&self.q[..], &self.k, &self.v, &single, &heads].concat();
		to.copy_from_slice(&all);
	}

	/// What [`write`](Self::write) wrote.
	fn read(from: &[f64], config: &Config) -> Self {
		let (q, rest) = from.split_at(config.shape.q_size());
		let (k, rest) = rest.split_at(config.shape.kv_size());
		let (v, rest) = rest.split_at(config.shape.kv_size());
		Self {
			q: q.into(),
			k: k.into(),
			v: v.into(),
			o: rest[0],
			gate: rest[1],
			up: rest[2],
			h: rest[3],
			heads: config.qk_norm.then_some([rest[4], rest[5]]),
		}
	}
}

/// Numbers that go on from where a calibration was, and after how many layers that is.
pub type Kept = (usize, Vec<f64>);
/// Takes the numbers after a layer.
pub type Keep<'a> = &'a mut dyn FnMut(&[&[f64]]) -> Result<(), EngineError>;

/// Queries or keys, ready for the scores.
struct Heads {
	/// `[n, heads, head_dim]`.
	x: Vec<f64>,
	/// Of each channel, before and after RoPE.
	peaks: Vec<f64>,
	/// Before the norm of the heads.
	before_norm: f64,
}

/// A float model running over sequences side by side, `[n, size]` for every value.
pub struct FloatModel<'a> {
	config: &'a Config,
	tensors: &'a dyn Tensors,
	/// Cosines and sines by position.
	angles: Vec<Vec<(f64, f64)>>,
	/// First row of the sequence of each row.
	starts: Vec<usize>,
}

impl<'a> FloatModel<'a> {
	/// A model for sequences of these lengths.
	pub fn new(config: &'a Config, tensors: &'a dyn Tensors, lengths: &[usize]) -> Self {
		let longest = lengths.iter().copied().max().unwrap_or(0);
		let dim = config.shape.head_dim as usize;
		let mut starts = Vec::new();
		for len in lengths {
			starts.resize(starts.len() + len, starts.len());
		}
		Self {
			config,
			tensors,
			angles: config.rope.angles(dim, longest).collect(),
			starts,
		}
	}

	/// Peaks of the residual and of every layer.
	const fn peak_numbers(&self) -> usize {
		let shape = &self.config.shape;
		1 + shape.layers as usize * LayerPeaks::numbers(shape)
	}

	/// How many numbers are kept after a layer: all peaks, 0 where they are not known yet, and the
	/// residual.
	pub const fn numbers(&self) -> usize {
		self.peak_numbers() + self.starts.len() * self.config.shape.hidden as usize
	}

	/// Feeds the ids of all sequences and records the peaks; `keep` gets the
	/// [`numbers`](Self::numbers) after each layer, and `kept` are those to go on from.
	///
	/// # Errors
	/// [`EngineError::Malformed`] for a tensor that is missing or of another size; those of `keep`.
	pub fn peaks(
		&self,
		ids: &[u32],
		kept: Option<Kept>,
		keep: Keep<'_>,
	) -> Result<Peaks, EngineError> {
		let numbers = LayerPeaks::numbers(&self.config.shape);
		let (done, mut peaks, mut x) = match kept {
			Some((done, mut peaks)) => {
				let x = peaks.split_off(self.peak_numbers());
				(done, peaks, x)
			}
			None => {
				let (x, mut peaks) = (self.embed(ids)?, vec![0.0; self.peak_numbers()]);
				peaks[0] = peak(&x);
				(0, peaks, x)
			}
		};
		for i in done..self.config.shape.layers as usize {
			let layer = self.layer(i as u32, &mut x, &mut peaks[0])?;
			layer.write(&mut peaks[1 + i * numbers..][..numbers]);
			keep(&[&peaks, &x])?;
		}
		let logits = linear_peak(&self.head()?, &self.norm(FloatTensor::FinalGain, &x)?);
		self.tensors.release();
		let layers = peaks[1..].chunks_exact(numbers);
		Ok(Peaks {
			residual: peaks[0],
			logits,
			layers: layers
				.map(|peaks| LayerPeaks::read(peaks, self.config))
				.collect(),
		})
	}

	/// The residual `[ids, hidden]` before the last norm, after every id of all sequences.
	///
	/// # Errors
	/// As [`peaks`](Self::peaks).
	pub fn residuals(&self, ids: &[u32]) -> Result<Vec<f64>, EngineError> {
		let mut x = self.embed(ids)?;
		for i in 0..self.config.shape.layers {
			self.layer(i, &mut x, &mut 0.0)?;
		}
		Ok(x)
	}

	/// Logits `[n, vocab]` of residuals `[n, hidden]`.
	///
	/// # Errors
	/// As [`peaks`](Self::peaks).
	pub fn logits(&self, residuals: &[f64]) -> Result<Vec<f64>, EngineError> {
		let a = self.norm(FloatTensor::FinalGain, residuals)?;
		Ok(linear(&self.head()?, &a))
	}

	fn embed(&self, ids: &[u32]) -> Result<Vec<f64>, EngineError> {
		let table = self.matrix(Tensor::Embedding)?;
		let mut x = vec![0.0; ids.len() * table.cols()];
		for (x, id) in x.chunks_exact_mut(table.cols()).zip(ids) {
			table.read_row(*id as usize, x);
		}
		self.tensors.release();
		Ok(x)
	}

	fn layer(&self, i: u32, x: &mut [f64], residual: &mut f64) -> Result<LayerPeaks, EngineError> {
		let (q, k, v, o) = self.attention(i, x)?;
		*residual = residual.max(peak(x));
		let (gate, up, h) = self.feed_forward(i, x)?;
		*residual = residual.max(peak(x));
		Ok(LayerPeaks {
			heads: self
				.config
				.qk_norm
				.then_some([q.before_norm, k.before_norm]),
			q: q.peaks,
			k: k.peaks,
			v,
			o,
			gate,
			up,
			h,
		})
	}

	/// Adds the output of attention to `x`; the heads of q and k, and the peaks of v and o.
	fn attention(
		&self,
		i: u32,
		x: &mut [f64],
	) -> Result<(Heads, Heads, Vec<f64>, f64), EngineError> {
		let a = self.norm(FloatTensor::Gain(i, Norm::Attention), x)?;
		let q = self.heads(i, Projection::Q, Norm::Query, &a)?;
		let k = self.heads(i, Projection::K, Norm::Key, &a)?;
		let v = self.biased(i, Projection::V, &a)?;
		let o = self.attend(&q.x, &k.x, &v);
		add(x, &self.linear(i, Projection::O, &o)?);
		let v = channel_peaks(&v, self.config.shape.kv_size());
		Ok((q, k, v, peak(&o)))
	}

	fn heads(&self, i: u32, p: Projection, norm: Norm, a: &[f64]) -> Result<Heads, EngineError> {
		let mut x = self.biased(i, p, a)?;
		let before_norm = peak(&x);
		if self.config.qk_norm {
			x = self.norm(FloatTensor::Gain(i, norm), &x)?;
		}
		let peaks = self.rotate(&mut x);
		Ok(Heads {
			x,
			peaks,
			before_norm,
		})
	}

	fn feed_forward(&self, i: u32, x: &mut [f64]) -> Result<(f64, f64, f64), EngineError> {
		let a = self.norm(FloatTensor::Gain(i, Norm::Ffn), x)?;
		let mut h = self.linear(i, Projection::Gate, &a)?;
		let gate = peak(&h);
		let up = {
			let u = self.linear(i, Projection::Up, &a)?;
			swiglu(&mut h, &u);
			peak(&u)
		};
		add(x, &self.linear(i, Projection::Down, &h)?);
		Ok((gate, up, peak(&h)))
	}

	/// A linear layer with its bias.
	fn biased(&self, i: u32, p: Projection, a: &[f64]) -> Result<Vec<f64>, EngineError> {
		let mut y = self.linear(i, p, a)?;
		if self.config.qkv_bias {
			let bias = self.vector(FloatTensor::Bias(i, p))?;
			y.chunks_exact_mut(bias.len()).for_each(|y| add(y, &bias));
		}
		Ok(y)
	}

	fn linear(&self, i: u32, p: Projection, a: &[f64]) -> Result<Vec<f64>, EngineError> {
		let y = linear(&self.matrix(Tensor::Layer(i, p))?, a);
		self.tensors.release();
		Ok(y)
	}

	fn norm(&self, gain: FloatTensor, x: &[f64]) -> Result<Vec<f64>, EngineError> {
		Ok(rmsnorm(x, &self.vector(gain)?, self.config.epsilon))
	}

	fn head(&self) -> Result<Matrix<'_>, EngineError> {
		self.matrix(if self.config.tied {
			Tensor::Embedding
		} else {
			Tensor::Head
		})
	}

	fn matrix(&self, tensor: Tensor) -> Result<Matrix<'_>, EngineError> {
		self.tensors
			.tensor(FloatTensor::Weights(tensor), &self.config.shape)
	}

	fn vector(&self, tensor: FloatTensor) -> Result<Vec<f64>, EngineError> {
		self.tensors.vector(tensor, &self.config.shape)
	}

	/// Applies RoPE to `[n, heads, head_dim]`; returns the peaks of each channel before and after.
	fn rotate(&self, x: &mut [f64]) -> Vec<f64> {
		let channels = x.len() / self.starts.len();
		let mut peaks = channel_peaks(x, channels);
		for (row, x) in x.chunks_exact_mut(channels).enumerate() {
			let angles = &self.angles[row - self.starts[row]];
			x.chunks_exact_mut(2 * angles.len())
				.for_each(|head| rope(head, angles));
		}
		let after = channel_peaks(x, channels);
		peaks
			.iter_mut()
			.zip(after)
			.for_each(|(peak, after)| *peak = peak.max(after));
		peaks
	}

	/// First row whose key the query of `row` sees.
	fn first_key(&self, row: usize) -> usize {
		let oldest = match self.config.window as usize {
			0 => 0,
			window => (row + 1).saturating_sub(window),
		};
		self.starts[row].max(oldest)
	}

	fn attend(&self, q: &[f64], k: &[f64], v: &[f64]) -> Vec<f64> {
		let shape = &self.config.shape;
		let (dim, group) = (shape.head_dim as usize, shape.group());
		let mut o = vec![0.0; q.len()];
		o.par_chunks_mut(shape.q_size())
			.enumerate()
			.for_each(|(row, o)| {
				let keys = self.first_key(row) * shape.kv_size()..(row + 1) * shape.kv_size();
				let (k, v) = (&k[keys.clone()], &v[keys]);
				for (h, o) in o.chunks_exact_mut(dim).enumerate() {
					let q = &q[row * shape.q_size() + h * dim..][..dim];
					attend_head(q, k, v, h / group * dim, shape.kv_size(), o);
				}
			});
		o
	}
}

/// One query against the keys of its sequence so far: `k` and `v` are `[keys, stride]`, the head
/// lies at `offset`.
fn attend_head(q: &[f64], k: &[f64], v: &[f64], offset: usize, stride: usize, o: &mut [f64]) {
	let scale = 1.0 / (q.len() as f64).sqrt();
	let z: Vec<f64> = k
		.chunks_exact(stride)
		.map(|k| dot(q, &k[offset..][..q.len()]) * scale)
		.collect();
	let max = z.iter().copied().fold(f64::NEG_INFINITY, f64::max);
	let p: Vec<f64> = z.iter().map(|z| libm::exp(z - max)).collect();
	let sum: f64 = p.iter().sum();
	for (p, v) in p.iter().zip(v.chunks_exact(stride)) {
		o.iter_mut()
			.zip(&v[offset..])
			.for_each(|(o, v)| *o += p / sum * v);
	}
}
