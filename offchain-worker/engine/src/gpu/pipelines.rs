//! The shaders, and their pipelines compiled once per set of constants.

#![allow(unsafe_code)] // Checks that own shaders do not need cost them a good part of their speed.

use std::{
	collections::HashMap,
	sync::{Mutex, PoisonError},
};

use wgpu::{
	AdapterInfo, BindGroupLayout, BindGroupLayoutDescriptor, BindGroupLayoutEntry, BindingType,
	BufferBindingType, ComputePipeline, ComputePipelineDescriptor, Device, PipelineCache,
	PipelineCompilationOptions, PipelineLayoutDescriptor, ShaderModuleDescriptor,
	ShaderRuntimeChecks, ShaderSource, ShaderStages,
};

use super::{disk_cache::DiskCache, Gpu};

/// How a shader sees a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Binding {
	Uniform,
	Read,
	ReadWrite,
}

/// One operator, joined and checked by the build script.
pub(super) struct Shader {
	pub name: &'static str,
	source: &'static str,
	bindings: &'static [Binding],
}

/// Every operator, as written by the build script.
#[rustfmt::skip]
pub(super) mod shaders {
	use super::{Binding, Shader};
	include!(concat!(env!("OUT_DIR"), "/shaders.rs"));
}

/// Values of `override` declarations.
pub(super) type Constants = Vec<(&'static str, u32)>;

/// Compiled pipelines by name and constants.
pub(super) struct Pipelines {
	compiled: Mutex<HashMap<(&'static str, Constants), ComputePipeline>>,
	/// What the driver has compiled before, where it can say so.
	disk: Option<DiskCache>,
}

impl Pipelines {
	/// None compiled yet.
	pub fn open(device: &Device, info: &AdapterInfo) -> Self {
		Self {
			compiled: Mutex::default(),
			disk: DiskCache::open(device, info),
		}
	}

	/// The pipeline of `shader` with `constants`.
	pub fn get(&self, gpu: &Gpu, shader: &Shader, constants: Constants) -> ComputePipeline {
		let mut compiled = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
		let cache = self.disk.as_ref().map(DiskCache::get);
		compiled
			.entry((shader.name, constants))
			.or_insert_with_key(|(_, constants)| compile(gpu.device(), shader, constants, cache))
			.clone()
	}

	/// Keeps what was compiled for the next start; it would only be slower without.
	pub fn save(&self) {
		if let Some(disk) = &self.disk {
			disk.save();
		}
	}
}

fn compile(
	device: &Device,
	shader: &Shader,
	constants: &Constants,
	cache: Option<&PipelineCache>,
) -> ComputePipeline {
	let descriptor = ShaderModuleDescriptor {
		label: Some(shader.name),
		source: ShaderSource::Wgsl(shader.source.into()),
	};
	// SAFETY: the shaders are this crate's own and end; every index in them is below what the host
	// has allocated for the sizes that it has checked.
	let module = unsafe {
		device.create_shader_module_trusted(descriptor, ShaderRuntimeChecks::unchecked())
	};
	let layout = device.create_pipeline_layout(&PipelineLayoutDescriptor {
		label: Some(shader.name),
		bind_group_layouts: &[Some(&bind_group_layout(device, shader))],
		immediate_size: 0,
	});
	let constants: Vec<_> = constants
		.iter()
		.map(|(name, value)| (*name, f64::from(*value)))
		.collect();
	device.create_compute_pipeline(&ComputePipelineDescriptor {
		label: Some(shader.name),
		layout: Some(&layout),
		module: &module,
		entry_point: None,
		// Every shader initialises what it shares.
		compilation_options: PipelineCompilationOptions {
			constants: &constants,
			zero_initialize_workgroup_memory: false,
		},
		cache,
	})
}

/// The layout of a shader's one bind group: its buffers in order.
pub(super) fn bind_group_layout(device: &Device, shader: &Shader) -> BindGroupLayout {
	let entries: Vec<_> = (0..)
		.zip(shader.bindings)
		.map(|(i, kind)| layout_entry(i, *kind))
		.collect();
	device.create_bind_group_layout(&BindGroupLayoutDescriptor {
		label: Some(shader.name),
		entries: &entries,
	})
}

fn layout_entry(binding: u32, kind: Binding) -> BindGroupLayoutEntry {
	let ty = match kind {
		Binding::Uniform => BufferBindingType::Uniform,
		Binding::Read => BufferBindingType::Storage { read_only: true },
		Binding::ReadWrite => BufferBindingType::Storage { read_only: false },
	};
	BindGroupLayoutEntry {
		binding,
		visibility: ShaderStages::COMPUTE,
		ty: BindingType::Buffer {
			ty,
			has_dynamic_offset: false,
			min_binding_size: None,
		},
		count: None,
	}
}
