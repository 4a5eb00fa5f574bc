//! From the sections of a container to a [`Model`].

use std::ops::RangeInclusive;

use one_arithmetic::limits;

use super::{header::check_eps, Container, LayerPart, Part, Projection, Tensor};
use crate::{
	model::{HeadNorm, Layer, Linear, Model, Norm, QkNorm, QkvBias, Rope, Weight},
	EngineError,
};

/// Largest magnitude of an exponent of a gain or a channel.
const MAX_EXPONENT: i32 = 64;
/// Fraction bits of the values of a layer.
const LAYER_BITS: RangeInclusive<i32> = 12..=20;
const OUTSIDE_LAYER_BITS: &str = "fraction bits of a layer are outside 12 to 20";

/// Fraction bits of one layer.
struct Exponents {
	f_o: i32,
	f_gate: i32,
	f_up: i32,
	f_h: i32,
	f_q: Vec<i32>,
	f_k: Vec<i32>,
	f_v: Vec<i32>,
}

/// Fraction bits and `eps` of q and k before their norms.
#[derive(Clone, Copy)]
struct QkScales {
	f_q: i32,
	f_k: i32,
	eps_q: u64,
	eps_k: u64,
}

impl Container {
	/// The model, with every number checked that the proofs of the arithmetic rest on.
	///
	/// The range of the weights is left to [`verify`](Self::verify), which reads them all.
	///
	/// # Errors
	/// [`EngineError::Malformed`] naming the section.
	pub fn model(&self) -> Result<Model, EngineError> {
		let (header, residual) = (self.header(), self.header.residual_bits as i32);
		self.check_stops()?;
		Ok(Model {
			root: self.root(),
			shape: header.shape,
			embedding: self.linear(Tensor::Embedding, |_, e| -(e + residual))?,
			layers: (0..header.shape.layers)
				.map(|i| self.layer(i))
				.collect::<Result<_, _>>()?,
			final_norm: self.norm(Part::FinalNorm)?,
			head: self.head()?,
			rope: self.rope()?,
			score_mantissa: header.score.m,
			window: header.window,
			eps: header.eps,
		})
	}

	fn head(&self) -> Result<Linear, EngineError> {
		let tensor = if self.header.tied {
			Tensor::Embedding
		} else {
			Tensor::Head
		};
		self.linear(tensor, to_bits(|_| 16))
	}

	fn layer(&self, i: u32) -> Result<Layer, EngineError> {
		let residual = self.header.residual_bits as i32;
		let f = self.exponents(i)?;
		let scales = self.qk_scales(i)?;
		let (f_q, f_k) = (&f.f_q, &f.f_k);
		let to_q = |r: usize| scales.map_or(f_q[r] + 1, |scales| scales.f_q);
		let to_k = |r: usize| scales.map_or(f_k[r] + 1, |scales| scales.f_k);
		let linear = |p, f: &dyn Fn(usize) -> i32| self.linear(Tensor::Layer(i, p), to_bits(f));
		Ok(Layer {
			attention_norm: self.norm(Part::Layer(i, LayerPart::AttentionNorm))?,
			q: linear(Projection::Q, &to_q)?,
			k: linear(Projection::K, &to_k)?,
			v: linear(Projection::V, &|r| f.f_v[r])?,
			bias: self.bias(i)?,
			qk_norm: scales
				.map(|scales| self.qk_norm(i, scales, &f))
				.transpose()?,
			score_shift: self.score_shift(i, &f)?,
			value_shift: f.f_v.iter().map(|f_v| 46 + f_v - f.f_o).collect(),
			f_o: f.f_o,
			o: linear(Projection::O, &|_| residual)?,
			ffn_norm: self.norm(Part::Layer(i, LayerPart::FfnNorm))?,
			gate: linear(Projection::Gate, &|_| f.f_gate)?,
			up: linear(Projection::Up, &|_| f.f_up)?,
			f_gate: f.f_gate as u32,
			swiglu_shift: f.f_gate + f.f_up - f.f_h,
			f_h: f.f_h,
			down: linear(Projection::Down, &|_| residual)?,
		})
	}

	/// Biases of a layer, if the model has them; none is the one value whose negation overflows.
	fn bias(&self, i: u32) -> Result<Option<QkvBias>, EngineError> {
		if !self.header.qkv_bias {
			return Ok(None);
		}
		let part = Part::Layer(i, LayerPart::Biases);
		let word = |b: &[u8]| i32::from_le_bytes([b[0], b[1], b[2], b[3]]);
		let all: Vec<i32> = self.bytes(part).chunks_exact(4).map(word).collect();
		if all.contains(&i32::MIN) {
			return Err(self.malformed(part, "a bias is below -2147483647"));
		}
		let (q, kv) = all.split_at(self.header.shape.q_size());
		let (k, v) = kv.split_at(self.header.shape.kv_size());
		Ok(Some(QkvBias {
			q: q.to_vec(),
			k: k.to_vec(),
			v: v.to_vec(),
		}))
	}

	/// Scales of q and k before their norms, if the model has such norms.
	fn qk_scales(&self, i: u32) -> Result<Option<QkScales>, EngineError> {
		if !self.header.qk_norm {
			return Ok(None);
		}
		let part = Part::Layer(i, LayerPart::QkScales);
		let b = self.bytes(part);
		let eps = |at| u64::from_le_bytes(std::array::from_fn(|i| b[at + i]));
		let scales = QkScales {
			f_q: b[0] as i8 as i32,
			f_k: b[1] as i8 as i32,
			eps_q: eps(2),
			eps_k: eps(10),
		};
		if [scales.f_q, scales.f_k]
			.iter()
			.any(|f| !LAYER_BITS.contains(f))
		{
			return Err(self.malformed(part, OUTSIDE_LAYER_BITS));
		}
		for eps in [scales.eps_q, scales.eps_k] {
			check_eps(eps).map_err(|(_, reason)| self.malformed(part, reason))?;
		}
		Ok(Some(scales))
	}

	fn qk_norm(&self, i: u32, scales: QkScales, f: &Exponents) -> Result<QkNorm, EngineError> {
		let norm = |part, eps, f: &[i32]| -> Result<HeadNorm, EngineError> {
			Ok(HeadNorm {
				norm: self.norm(Part::Layer(i, part))?,
				eps,
				f: f.to_vec(),
			})
		};
		Ok(QkNorm {
			q: norm(LayerPart::QNorm, scales.eps_q, &f.f_q)?,
			k: norm(LayerPart::KNorm, scales.eps_k, &f.f_k)?,
		})
	}

	fn exponents(&self, i: u32) -> Result<Exponents, EngineError> {
		let part = Part::Layer(i, LayerPart::Exponents);
		let all: Vec<i32> = self.bytes(part).iter().map(|b| *b as i8 as i32).collect();
		let (layer, channels) = all.split_at(4);
		if layer.iter().any(|f| !LAYER_BITS.contains(f)) {
			return Err(self.malformed(part, OUTSIDE_LAYER_BITS));
		}
		if channels.iter().any(|f| f.abs() > MAX_EXPONENT) {
			return Err(self.malformed(part, "fraction bits of a channel are outside -64 to 64"));
		}
		let (q, kv) = channels.split_at(self.header.shape.q_size());
		let (k, v) = kv.split_at(self.header.shape.kv_size());
		Ok(Exponents {
			f_o: layer[0],
			f_gate: layer[1],
			f_up: layer[2],
			f_h: layer[3],
			f_q: q.to_vec(),
			f_k: k.to_vec(),
			f_v: v.to_vec(),
		})
	}

	/// `C - 16 - e_s` of each head, where `C = f_q + f_k` is the same in all its channels.
	fn score_shift(&self, i: u32, f: &Exponents) -> Result<Vec<i32>, EngineError> {
		let shape = &self.header.shape;
		let (dim, group) = (shape.head_dim as usize, shape.group());
		let heads = f.f_q.chunks_exact(dim).enumerate();
		heads
			.map(|(h, f_q)| {
				let f_k = &f.f_k[h / group * dim..][..dim];
				let c = f_q[0] + f_k[0];
				let constant = f_q.iter().zip(f_k).all(|(q, k)| q + k == c);
				if !constant || !paired(f_q) || !paired(f_k) {
					let part = Part::Layer(i, LayerPart::Exponents);
					let reason = format!("fraction bits of head {h} do not fit each other");
					return Err(self.malformed(part, reason));
				}
				Ok(c - 16 - self.header.score.e)
			})
			.collect()
	}

	fn norm(&self, part: Part) -> Result<Norm, EngineError> {
		let (exponent, gain) = self.bytes(part).split_at(4);
		let exponent = i32::from_le_bytes([exponent[0], exponent[1], exponent[2], exponent[3]]);
		let gain = numbers(gain);
		let max = gain.iter().map(|g| g.unsigned_abs()).max().unwrap_or(0);
		if !(1 << 14..1 << 15).contains(&max) {
			return Err(self.malformed(part, format!("the largest gain, {max}, is not normalised")));
		}
		if !(-MAX_EXPONENT..=MAX_EXPONENT).contains(&exponent) {
			return Err(self.malformed(part, format!("exponent {exponent} is outside -64 to 64")));
		}
		Ok(Norm { gain, exponent })
	}

	fn rope(&self) -> Result<Rope, EngineError> {
		let half = self.header.shape.head_dim as usize / 2;
		Ok(Rope {
			cos: self.angles(Part::Cos)?,
			sin: self.angles(Part::Sin)?,
			half,
		})
	}

	fn angles(&self, part: Part) -> Result<Vec<i16>, EngineError> {
		let angles = numbers(self.bytes(part));
		if angles.iter().any(|x| x.unsigned_abs() > 1 << 14) {
			return Err(self.malformed(part, "an entry exceeds one"));
		}
		Ok(angles)
	}

	fn linear(
		&self,
		tensor: Tensor,
		shift: impl Fn(usize, i32) -> i32,
	) -> Result<Linear, EngineError> {
		let (rows, cols) = tensor.size(&self.header.shape);
		let part = Part::Scales(tensor);
		let (mantissa, exponent) = self.bytes(part).split_at(2 * rows);
		let mantissa: Vec<u16> = mantissa
			.chunks_exact(2)
			.map(|b| u16::from_le_bytes([b[0], b[1]]))
			.collect();
		if let Some(row) = mantissa.iter().position(|m| *m < 1 << 15) {
			return Err(
				self.malformed(part, format!("the mantissa of row {row} is not normalised"))
			);
		}
		let shift = exponent
			.iter()
			.enumerate()
			.map(|(r, e)| shift(r, *e as i8 as i32))
			.collect();
		let start = self.range(Part::Weights(tensor)).start;
		let weight = Weight::new(self.map.clone(), start, rows, cols)
			.ok_or_else(|| self.malformed(Part::Weights(tensor), "outside the file"))?;
		Ok(Linear {
			weight,
			mantissa,
			shift,
		})
	}

	fn check_stops(&self) -> Result<(), EngineError> {
		let vocab = self.header.shape.vocab.min(limits::MAX_VOCAB);
		match self.stops().iter().find(|id| **id >= vocab) {
			Some(id) => Err(self.malformed(Part::Stops, format!("{id} is outside the vocabulary"))),
			None => Ok(()),
		}
	}
}

/// The shift of a row of a linear layer to `f` fraction bits.
fn to_bits(f: impl Fn(usize) -> i32) -> impl Fn(usize, i32) -> i32 {
	move |row, e| 16 + e + f(row)
}

/// Whether both channels of every RoPE pair agree.
fn paired(f: &[i32]) -> bool {
	let (left, right) = f.split_at(f.len() / 2);
	left == right
}

fn numbers(bytes: &[u8]) -> Vec<i16> {
	bytes
		.chunks_exact(2)
		.map(|b| i16::from_le_bytes([b[0], b[1]]))
		.collect()
}
