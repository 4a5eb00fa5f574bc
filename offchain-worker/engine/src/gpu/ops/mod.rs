//! One operator each: what it binds, and how many workgroups it takes.

pub mod argmax;
pub mod attention;
pub mod embed;
pub mod linear;
pub mod norm;
pub mod qkv;
#[cfg(test)]
mod testing;

use wgpu::{BindGroup, BindGroupDescriptor, BindGroupEntry, Buffer, ComputePass, ComputePipeline};

use super::{
	pipelines::{bind_group_layout, Constants, Shader},
	Gpu,
};

/// How much one pass computes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
	/// Rows fed.
	pub rows: u32,
	/// Rows at which the head runs.
	pub heads: u32,
	/// Chunks of keys of the longest sequence.
	pub chunks: u32,
}

/// Rows an operator runs at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
	/// All rows.
	Rows,
	/// Those of the head.
	Head,
}

impl At {
	fn count(self, load: &Load) -> u32 {
		match self {
			Self::Rows => load.rows,
			Self::Head => load.heads,
		}
	}

	fn constants(self) -> Constants {
		vec![("AT_HEAD", (self == Self::Head) as u32)]
	}
}

/// How many workgroups an operator takes.
#[derive(Clone, Copy, Debug)]
enum Grid {
	/// One a row.
	Row(At),
	/// So many a row.
	Rows(u32),
	/// So many a row, those of all rows behind each other.
	Shares(At, u32),
	/// One a chunk of keys, tile of heads and row.
	Chunks(u32),
	/// So many a tile of heads, tiles, and one a row.
	Tiles(u32, u32),
}

/// An operator that computes several rows at once.
struct Tiled {
	pipeline: ComputePipeline,
	/// Rows of a tile.
	rows: u32,
	/// Workgroups of a tile.
	groups: u32,
}

/// One recorded operator.
pub struct Dispatch {
	/// Its kernel.
	pub name: &'static str,
	pipeline: ComputePipeline,
	/// For many rows, of linear layers.
	tiled: Option<Tiled>,
	bindings: BindGroup,
	grid: Grid,
}

impl Dispatch {
	fn new(
		gpu: &Gpu,
		shader: &Shader,
		constants: Constants,
		buffers: &[&Buffer],
		grid: Grid,
	) -> Self {
		let pipeline = gpu.pipelines().get(gpu, shader, constants);
		Self {
			name: shader.name,
			pipeline,
			tiled: None,
			bindings: bind(gpu, shader, buffers),
			grid,
		}
	}

	/// Encodes it for a pass of `load`.
	pub fn record(&self, pass: &mut ComputePass<'_>, load: &Load) {
		let (pipeline, [x, y, z]) = match self.grid {
			Grid::Row(at) => (&self.pipeline, [at.count(load), 1, 1]),
			Grid::Rows(groups) => (&self.pipeline, [groups, load.rows, 1]),
			Grid::Shares(at, groups) => self.shares(at.count(load), groups),
			Grid::Chunks(tiles) => (&self.pipeline, [load.chunks, tiles, load.rows]),
			Grid::Tiles(groups, tiles) => (&self.pipeline, [groups, tiles, load.rows]),
		};
		pass.set_pipeline(pipeline);
		pass.set_bind_group(0, &self.bindings, &[]);
		pass.dispatch_workgroups(x, y, z);
	}

	fn shares(&self, rows: u32, groups: u32) -> (&ComputePipeline, [u32; 3]) {
		match &self.tiled {
			// A tile that is half empty still reads the weights fewer times than its rows would.
			Some(tiled) if 2 * rows >= tiled.rows => {
				let tiles = rows.div_ceil(tiled.rows);
				(&tiled.pipeline, [tiles, tiled.groups, 1])
			}
			_ => (&self.pipeline, [rows, groups, 1]),
		}
	}
}

fn bind(gpu: &Gpu, shader: &Shader, buffers: &[&Buffer]) -> BindGroup {
	let entries: Vec<_> = (0..)
		.zip(buffers)
		.map(|(binding, buffer)| BindGroupEntry {
			binding,
			resource: buffer.as_entire_binding(),
		})
		.collect();
	gpu.device().create_bind_group(&BindGroupDescriptor {
		label: Some(shader.name),
		layout: &bind_group_layout(gpu.device(), shader),
		entries: &entries,
	})
}

/// The constants of an operator that writes inputs of linear layers.
fn packing(gpu: &Gpu, at: At) -> Constants {
	let mut constants = at.constants();
	constants.push(("WIDE", gpu.tuning().wide as u32));
	constants
}
