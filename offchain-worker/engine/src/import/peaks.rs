//! The float forward pass over the calibration text, and the peaks it reaches.

use rayon::prelude::*;

use super::{
	config::Config,
	float::{add, channel_peaks, dot, linear, peak, rmsnorm, rope, swiglu},
	names,
	rope::angles,
	weights::{Matrix, Weights},
};
use crate::{
	container::{LayerPart, Projection, Tensor},
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

/// A float model running over sequences side by side, `[n, size]` for every value.
pub struct FloatModel<'a> {
	config: &'a Config,
	weights: &'a Weights,
	/// Cosines and sines by position.
	angles: Vec<Vec<(f64, f64)>>,
	/// First row of the sequence of each row.
	starts: Vec<usize>,
}

impl<'a> FloatModel<'a> {
	/// A model for `sequences` of these lengths.
	pub fn new(config: &'a Config, weights: &'a Weights, lengths: &[usize]) -> Self {
		let longest = lengths.iter().copied().max().unwrap_or(0);
		let angles = (0..longest)
			.map(|t| angles(&config.shape, config.rope_theta, t))
			.collect();
		let mut starts = Vec::new();
		for len in lengths {
			starts.resize(starts.len() + len, starts.len());
		}
		Self {
			config,
			weights,
			angles,
			starts,
		}
	}

	/// Feeds the ids of all sequences and records the peaks; `progress` gets the layers done.
	///
	/// # Errors
	/// [`EngineError::Malformed`] for a tensor that is missing or of another size.
	pub fn peaks(&self, ids: &[u32], progress: &mut dyn FnMut(u32)) -> Result<Peaks, EngineError> {
		let mut x = self.embed(ids)?;
		let mut peaks = Peaks {
			residual: peak(&x),
			logits: 0.0,
			layers: Vec::new(),
		};
		for i in 0..self.config.shape.layers {
			let layer = self.layer(i, &mut x, &mut peaks.residual)?;
			peaks.layers.push(layer);
			progress(i + 1);
		}
		peaks.logits = self.logit_peak(&x)?;
		Ok(peaks)
	}

	fn embed(&self, ids: &[u32]) -> Result<Vec<f64>, EngineError> {
		let table = self.tensor(Tensor::Embedding)?;
		let mut x = vec![0.0; ids.len() * table.cols()];
		for (x, id) in x.chunks_exact_mut(table.cols()).zip(ids) {
			table.read_row(*id as usize, x);
		}
		Ok(x)
	}

	fn layer(&self, i: u32, x: &mut [f64], residual: &mut f64) -> Result<LayerPeaks, EngineError> {
		let (q, k, v, o) = self.attention(i, x)?;
		*residual = residual.max(peak(x));
		let (gate, up, h) = self.feed_forward(i, x)?;
		*residual = residual.max(peak(x));
		Ok(LayerPeaks {
			q,
			k,
			v,
			o,
			gate,
			up,
			h,
		})
	}

	fn attention(
		&self,
		i: u32,
		x: &mut [f64],
	) -> Result<(Vec<f64>, Vec<f64>, Vec<f64>, f64), EngineError> {
		let a = self.norm(&names::norm(i, LayerPart::AttentionNorm), x)?;
		let projection = |p| Ok::<_, EngineError>(linear(&self.tensor(Tensor::Layer(i, p))?, &a));
		let (q, q_peaks) = self.rotate(projection(Projection::Q)?);
		let (k, k_peaks) = self.rotate(projection(Projection::K)?);
		let v = projection(Projection::V)?;
		let o = self.attend(&q, &k, &v);
		add(
			x,
			&linear(&self.tensor(Tensor::Layer(i, Projection::O))?, &o),
		);
		Ok((
			q_peaks,
			k_peaks,
			channel_peaks(&v, self.config.shape.kv_size()),
			peak(&o),
		))
	}

	fn feed_forward(&self, i: u32, x: &mut [f64]) -> Result<(f64, f64, f64), EngineError> {
		let a = self.norm(&names::norm(i, LayerPart::FfnNorm), x)?;
		let gate = linear(&self.tensor(Tensor::Layer(i, Projection::Gate))?, &a);
		let up = linear(&self.tensor(Tensor::Layer(i, Projection::Up))?, &a);
		let h = swiglu(&gate, &up);
		add(
			x,
			&linear(&self.tensor(Tensor::Layer(i, Projection::Down))?, &h),
		);
		Ok((peak(&gate), peak(&up), peak(&h)))
	}

	fn logit_peak(&self, x: &[f64]) -> Result<f64, EngineError> {
		let tensor = if self.config.tied {
			Tensor::Embedding
		} else {
			Tensor::Head
		};
		let (head, a) = (self.tensor(tensor)?, self.norm(names::FINAL_NORM, x)?);
		let row_peak = |r| {
			let mut row = vec![0.0; head.cols()];
			head.read_row(r, &mut row);
			a.chunks_exact(head.cols())
				.fold(0.0, |peak, a| f64::max(peak, dot(&row, a).abs()))
		};
		Ok((0..head.rows())
			.into_par_iter()
			.map(row_peak)
			.reduce(|| 0.0, f64::max))
	}

	fn norm(&self, name: &str, x: &[f64]) -> Result<Vec<f64>, EngineError> {
		let gain = self
			.weights
			.vector(name, self.config.shape.hidden as usize)?;
		Ok(rmsnorm(x, &gain, self.config.epsilon))
	}

	fn tensor(&self, tensor: Tensor) -> Result<Matrix<'a>, EngineError> {
		let (rows, cols) = tensor.size(&self.config.shape);
		self.weights.matrix(&names::tensor(tensor), rows, cols)
	}

	/// Applies RoPE to `[n, heads, head_dim]`; also the peaks of each channel before and after.
	fn rotate(&self, mut x: Vec<f64>) -> (Vec<f64>, Vec<f64>) {
		let channels = x.len() / self.starts.len();
		let before = channel_peaks(&x, channels);
		for (row, x) in x.chunks_exact_mut(channels).enumerate() {
			let angles = &self.angles[row - self.starts[row]];
			x.chunks_exact_mut(2 * angles.len())
				.for_each(|head| rope(head, angles));
		}
		let after = channel_peaks(&x, channels);
		let peaks = before
			.into_iter()
			.zip(after)
			.map(|(before, after)| before.max(after))
			.collect();
		(x, peaks)
	}

	fn attend(&self, q: &[f64], k: &[f64], v: &[f64]) -> Vec<f64> {
		let shape = &self.config.shape;
		let (dim, group) = (shape.head_dim as usize, shape.group());
		let mut o = vec![0.0; q.len()];
		o.par_chunks_mut(shape.q_size())
			.enumerate()
			.for_each(|(row, o)| {
				let keys = self.starts[row] * shape.kv_size()..(row + 1) * shape.kv_size();
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
