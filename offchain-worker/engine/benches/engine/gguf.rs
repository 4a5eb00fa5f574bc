//! The peer's model: a GGUF file of the same shape in Q8_0, with random weights and no vocabulary.

use std::{
	io::{self, BufWriter, Seek, Write},
	path::{Path, PathBuf},
};

use fastrand::Rng;
use half::f16;
use one_engine::{bench::NamedShape, model::Shape, source::cache_dir};
use tempfile::NamedTempFile;

/// Weights of a block of Q8_0, which share a scale.
const BLOCK: usize = 32;
/// Bytes that every tensor's start is a multiple of.
const ALIGNMENT: u64 = 32;
const VERSION: u32 = 3;
/// Types of values, tensors and files, as the format numbers them.
const U32: u32 = 4;
const F32: u32 = 6;
const STRING: u32 = 8;
const TENSOR_F32: u32 = 0;
const TENSOR_Q8_0: u32 = 8;
const FILE_Q8_0: u32 = 7;

/// The file of a shape in the cache, written unless it is there.
pub fn cached(shape: NamedShape) -> io::Result<PathBuf> {
	let folder = cache_dir().map_err(io::Error::other)?.join("bench");
	let path = folder.join(format!("{}.gguf", shape.name()));
	if !path.is_file() {
		std::fs::create_dir_all(&folder)?;
		write(&path, shape)?;
	}
	Ok(path)
}

fn write(path: &Path, shape: NamedShape) -> io::Result<()> {
	let folder = path.parent().unwrap_or(Path::new("."));
	let file = NamedTempFile::new_in(folder)?;
	let mut out = BufWriter::new(file.as_file());
	let tensors = tensors(&shape.shape());
	write_header(&mut out, shape, &tensors)?;
	let mut rng = Rng::with_seed(1);
	for tensor in &tensors {
		tensor.write(&mut out, &mut rng)?;
		pad(&mut out)?;
	}
	out.flush()?;
	drop(out);
	file.persist(path)?;
	Ok(())
}

/// A norm, or a matrix.
struct Tensor {
	name: String,
	cols: usize,
	/// None for a norm.
	rows: Option<usize>,
}

impl Tensor {
	fn bytes(&self) -> u64 {
		let bytes = match self.rows {
			Some(rows) => rows * self.cols / BLOCK * (BLOCK + 2),
			None => 4 * self.cols,
		};
		bytes as u64
	}

	fn write(&self, out: &mut impl Write, rng: &mut Rng) -> io::Result<()> {
		let Some(rows) = self.rows else {
			return out.write_all(&1_f32.to_le_bytes().repeat(self.cols));
		};
		// As large as keeps the size of what goes through: the weights are 73 on average.
		let scale = f16::from_f32(1.0 / (73.0 * (self.cols as f32).sqrt())).to_le_bytes();
		let mut block = [0; BLOCK + 2];
		for _ in 0..rows * self.cols / BLOCK {
			rng.fill(&mut block);
			block[..2].copy_from_slice(&scale);
			out.write_all(&block)?;
		}
		Ok(())
	}
}

fn tensors(shape: &Shape) -> Vec<Tensor> {
	let (hidden, ffn) = (shape.hidden as usize, shape.ffn as usize);
	let (q, kv) = (shape.q_size(), shape.kv_size());
	let tensor = |name: String, cols, rows| Tensor { name, cols, rows };
	let vocab = Some(shape.vocab as usize);
	let mut all = vec![
		tensor("token_embd.weight".into(), hidden, vocab),
		tensor("output_norm.weight".into(), hidden, None),
	];
	for i in 0..shape.layers {
		let own = [
			("attn_norm", hidden, None),
			("attn_q", hidden, Some(q)),
			("attn_k", hidden, Some(kv)),
			("attn_v", hidden, Some(kv)),
			("attn_output", q, Some(hidden)),
			("ffn_norm", hidden, None),
			("ffn_gate", hidden, Some(ffn)),
			("ffn_up", hidden, Some(ffn)),
			("ffn_down", ffn, Some(hidden)),
		];
		all.extend(
			own.map(|(name, cols, rows)| tensor(format!("blk.{i}.{name}.weight"), cols, rows)),
		);
	}
	all
}

fn write_header(
	out: &mut (impl Write + Seek),
	shape: NamedShape,
	tensors: &[Tensor],
) -> io::Result<()> {
	let metadata = metadata(shape);
	out.write_all(b"GGUF")?;
	out.write_all(&VERSION.to_le_bytes())?;
	out.write_all(&(tensors.len() as u64).to_le_bytes())?;
	out.write_all(&(metadata.len() as u64).to_le_bytes())?;
	for (key, value) in metadata {
		write_text(out, &key)?;
		value.write(out)?;
	}
	let mut offset = 0_u64;
	for tensor in tensors {
		write_text(out, &tensor.name)?;
		let sizes: Vec<usize> = [tensor.cols].into_iter().chain(tensor.rows).collect();
		out.write_all(&(sizes.len() as u32).to_le_bytes())?;
		for size in sizes {
			out.write_all(&(size as u64).to_le_bytes())?;
		}
		let kind = tensor.rows.map_or(TENSOR_F32, |_| TENSOR_Q8_0);
		out.write_all(&kind.to_le_bytes())?;
		out.write_all(&offset.to_le_bytes())?;
		offset += tensor.bytes().next_multiple_of(ALIGNMENT);
	}
	pad(out)
}

/// A value of the metadata.
enum Value {
	Number(u32),
	Float(f32),
	Text(&'static str),
}

impl Value {
	fn write(&self, out: &mut impl Write) -> io::Result<()> {
		let (kind, bytes) = match self {
			Self::Number(x) => (U32, x.to_le_bytes()),
			Self::Float(x) => (F32, x.to_le_bytes()),
			Self::Text(text) => {
				out.write_all(&STRING.to_le_bytes())?;
				return write_text(out, text);
			}
		};
		out.write_all(&kind.to_le_bytes())?;
		out.write_all(&bytes)
	}
}

fn metadata(named: NamedShape) -> Vec<(String, Value)> {
	let shape = named.shape();
	let numbers = [
		("vocab_size", shape.vocab),
		("context_length", shape.context),
		("embedding_length", shape.hidden),
		("block_count", shape.layers),
		("feed_forward_length", shape.ffn),
		("attention.head_count", shape.heads),
		("attention.head_count_kv", shape.kv_heads),
		("rope.dimension_count", shape.head_dim),
	];
	let mut all: Vec<_> = [
		("general.architecture", Value::Text("llama")),
		("general.name", Value::Text(named.name())),
		("general.file_type", Value::Number(FILE_Q8_0)),
		("tokenizer.ggml.model", Value::Text("no_vocab")),
		("llama.attention.layer_norm_rms_epsilon", Value::Float(1e-5)),
		("llama.rope.freq_base", Value::Float(10_000.0)),
	]
	.map(|(key, value)| (key.to_owned(), value))
	.into();
	all.extend(numbers.map(|(key, x)| (format!("llama.{key}"), Value::Number(x))));
	all
}

fn write_text(out: &mut impl Write, text: &str) -> io::Result<()> {
	out.write_all(&(text.len() as u64).to_le_bytes())?;
	out.write_all(text.as_bytes())
}

fn pad(out: &mut (impl Write + Seek)) -> io::Result<()> {
	let position = out.stream_position()?;
	let missing = position.next_multiple_of(ALIGNMENT) - position;
	out.write_all(&vec![0; missing as usize])
}
