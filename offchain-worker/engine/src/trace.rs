//! The full trace of a forward pass: what a dispute opens, leaf by leaf.
//!
//! A position has stages (the embedding, every layer, the head), a stage has operators in the order
//! of evaluation, and what an operator gave for the position is cut into tiles of 4 KiB. Each level
//! is a Merkle tree over the one below, keyed by the secret of the request. It is a function of the
//! model and the ids alone, so it is computed only when it is asked for, on the CPU.

use one_mailbox::commitment::{keyed_root, merkle_path, merkle_root_by_path};

pub use crate::operator::{Line, Operator};

use crate::{
	backend::{feed, pages_for, Chunk, Want},
	cpu::CpuBackend,
	hash::{blake2_256, Hash, Hasher},
	model::Shape,
	EngineError,
};

/// Bytes of a tile.
pub const TILE: usize = 4096;

/// Domains of the nodes of each level.
const NODES: [&str; 3] = ["tile node", "operator node", "stage node"];
const POSITIONS: &str = "position node";

/// Where a leaf of the trace is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
	/// The position.
	pub position: u32,
	/// The operator.
	pub line: Line,
	/// Which [`TILE`] of its bytes.
	pub tile: u32,
}

impl Address {
	/// Index and number of children on the way up: tiles, operators, stages; `None` for an address
	/// that a model of this shape and window does not have.
	fn way(&self, model: &Sizes) -> Option<[(usize, usize); 3]> {
		let Line { stage, operator } = self.line;
		let operators = Operator::of_stage(stage, model.shape.layers);
		let at = operators.iter().position(|own| *own == operator)?;
		let tiles = operator
			.bytes(&model.shape, model.keys(self.position))
			.div_ceil(TILE);
		let stages = model.shape.layers as usize + 2;
		let way = [
			(self.tile as usize, tiles),
			(at, operators.len()),
			(stage as usize, stages),
		];
		way.iter().all(|(i, n)| i < n).then_some(way)
	}

	fn leaf(&self, secret: &Hash, tile: &[u8]) -> Hash {
		Hasher::new("tile leaf")
			.with(secret)
			.number(self.position)
			.number(self.line.stage)
			.number(self.line.operator as u32)
			.number(self.tile)
			.with(tile)
			.finish()
	}
}

/// What the size of a trace depends on.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
	/// Sizes of the model.
	pub shape: Shape,
	/// Its sliding window, 0 for none.
	pub window: u32,
}

impl Sizes {
	/// Keys that a position sees.
	fn keys(&self, position: u32) -> usize {
		let seen = position as usize + 1;
		match self.window {
			0 => seen,
			window => seen.min(window as usize),
		}
	}
}

/// The leaves of one position.
struct Position {
	secret: Hash,
	/// Of each stage, of each operator, the hashes of its tiles.
	stages: Vec<Vec<Vec<Hash>>>,
}

impl Position {
	fn root(&self) -> Hash {
		let stages = self.stages.iter().map(|stage| self.stage(stage)).collect();
		self.join(2, stages)
	}

	fn stage(&self, operators: &[Vec<Hash>]) -> Hash {
		let operators = operators.iter().map(|tiles| self.join(0, tiles.clone()));
		self.join(1, operators.collect())
	}

	fn join(&self, level: usize, children: Vec<Hash>) -> Hash {
		keyed_root(blake2_256, NODES[level], &self.secret, children)
	}

	/// The paths from a tile to the root of the position, one a level.
	fn paths(
		&self,
		[(tile, _), (operator, _), (stage, _)]: [(usize, usize); 3],
	) -> Option<[Vec<Hash>; 3]> {
		let operators = self.stages.get(stage)?;
		let tiles = operators.get(operator)?;
		let path = |level: usize, children: Vec<Hash>, i| {
			merkle_path(blake2_256, NODES[level], &self.secret, children, i)
		};
		let roots = operators.iter().map(|tiles| self.join(0, tiles.clone()));
		let stages = self.stages.iter().map(|stage| self.stage(stage));
		Some([
			path(0, tiles.clone(), tile)?,
			path(1, roots.collect(), operator)?,
			path(2, stages.collect(), stage)?,
		])
	}
}

/// A tile with its way to the root of a full trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
	/// Where it is.
	pub address: Address,
	/// Its bytes, little-endian numbers.
	pub tile: Vec<u8>,
	/// Hashes beside the way to the root of its operator, its stage, its position, and the trace.
	pub paths: [Vec<Hash>; 4],
}

impl Opening {
	/// The root of the trace of so many positions that this opens; `None` if it is not sound.
	pub fn root(&self, model: &Sizes, positions: u32, secret: &Hash) -> Option<Hash> {
		let way = self.address.way(model)?;
		let mut hash = self.address.leaf(secret, &self.tile);
		for ((at, path), node) in way.into_iter().zip(&self.paths).zip(NODES) {
			hash = merkle_root_by_path(blake2_256, node, secret, hash, at, path)?;
		}
		let at = (self.address.position as usize, positions as usize);
		merkle_root_by_path(blake2_256, POSITIONS, secret, hash, at, &self.paths[3])
	}
}

/// Computes the full trace of a sequence, and opens it.
pub struct Prover<'a> {
	backend: CpuBackend,
	sizes: Sizes,
	pages: Vec<u32>,
	ids: &'a [u32],
	secret: Hash,
}

impl<'a> Prover<'a> {
	/// Feeds `ids` to `backend`, which is the prover's from now on, so that every position can be
	/// traced.
	///
	/// # Errors
	/// Those of [`Backend::forward`](crate::Backend::forward), such as too few pages.
	pub fn new(mut backend: CpuBackend, ids: &'a [u32], secret: Hash) -> Result<Self, EngineError> {
		let sizes = Sizes {
			shape: backend.model().shape,
			window: backend.model().window,
		};
		let pages: Vec<u32> = (0..pages_for(ids.len()) as u32).collect();
		let chunk = Chunk {
			pages: &pages,
			start: 0,
			ids,
		};
		feed(&mut backend, chunk, Want::TRACE, &mut |_| Ok(()))?;
		Ok(Self {
			backend,
			sizes,
			pages,
			ids,
			secret,
		})
	}

	/// What the openings are checked by.
	pub const fn sizes(&self) -> Sizes {
		self.sizes
	}

	/// Root over all positions; `progress` gets the positions done.
	///
	/// # Errors
	/// Those of [`Backend::forward`](crate::Backend::forward).
	pub fn root(&mut self, progress: &mut dyn FnMut(u32)) -> Result<Hash, EngineError> {
		let roots = self.roots(progress)?;
		Ok(keyed_root(blake2_256, POSITIONS, &self.secret, roots))
	}

	/// Root of each position, in order: what a dispute searches for the first difference.
	///
	/// # Errors
	/// Those of [`Backend::forward`](crate::Backend::forward).
	pub fn roots(&mut self, progress: &mut dyn FnMut(u32)) -> Result<Vec<Hash>, EngineError> {
		let mut roots = Vec::with_capacity(self.ids.len());
		for position in 0..self.ids.len() as u32 {
			roots.push(self.trace(position, None)?.0.root());
			progress(position + 1);
		}
		Ok(roots)
	}

	/// Opens one tile; `roots` are those of all positions.
	///
	/// # Errors
	/// [`EngineError::UnknownTile`], and those of [`Backend::forward`](crate::Backend::forward).
	pub fn open(&mut self, address: Address, roots: Vec<Hash>) -> Result<Opening, EngineError> {
		let unknown = || EngineError::UnknownTile(format!("{address:?}"));
		let way = address.way(&self.sizes).ok_or_else(unknown)?;
		let position = address.position as usize;
		let top = merkle_path(blake2_256, POSITIONS, &self.secret, roots, position)
			.ok_or_else(unknown)?;
		let (trace, tile) = self.trace(address.position, Some(address))?;
		let [tiles, operators, stages] = trace.paths(way).ok_or_else(unknown)?;
		Ok(Opening {
			address,
			tile,
			paths: [tiles, operators, stages, top],
		})
	}

	/// The leaves of a position, and the bytes of one of its tiles.
	fn trace(
		&mut self,
		position: u32,
		open: Option<Address>,
	) -> Result<(Position, Vec<u8>), EngineError> {
		let beyond = || EngineError::UnknownTile(format!("position {position}"));
		let id = self.ids.get(position as usize).ok_or_else(beyond)?;
		let (secret, mut tile) = (self.secret, Vec::new());
		let mut stages = vec![Vec::new(); self.sizes.shape.layers as usize + 2];
		let mut keep = |line: Line, bytes: Vec<u8>| {
			let leaf = |(number, part): (usize, &[u8])| {
				let address = Address {
					position,
					line,
					tile: number as u32,
				};
				if open == Some(address) {
					tile = part.to_vec();
				}
				address.leaf(&secret, part)
			};
			stages[line.stage as usize].push(bytes.chunks(TILE).enumerate().map(leaf).collect());
		};
		let chunk = Chunk {
			pages: &self.pages,
			start: position,
			ids: std::slice::from_ref(id),
		};
		self.backend.trace(chunk, &mut keep)?;
		Ok((Position { secret, stages }, tile))
	}
}
