//! The shaders, and their pipelines compiled once per set of constants.

use std::{
	collections::HashMap,
	sync::{Mutex, PoisonError},
};

use wgpu::{
	BindGroupLayout, BindGroupLayoutDescriptor, BindGroupLayoutEntry, BindingType,
	BufferBindingType, ComputePipeline, ComputePipelineDescriptor, Device,
	PipelineCompilationOptions, PipelineLayoutDescriptor, ShaderModuleDescriptor, ShaderSource,
	ShaderStages,
};

use super::Gpu;

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
#[derive(Default)]
pub(super) struct Pipelines(Mutex<HashMap<(&'static str, Constants), ComputePipeline>>);

impl Pipelines {
	/// The pipeline of `shader` with `constants`.
	pub fn get(&self, gpu: &Gpu, shader: &Shader, constants: Constants) -> ComputePipeline {
		let mut compiled = self.0.lock().unwrap_or_else(PoisonError::into_inner);
		compiled
			.entry((shader.name, constants))
			.or_insert_with_key(|(_, constants)| compile(gpu.device(), shader, constants))
			.clone()
	}
}

fn compile(device: &Device, shader: &Shader, constants: &Constants) -> ComputePipeline {
	let module = device.create_shader_module(ShaderModuleDescriptor {
		label: Some(shader.name),
		source: ShaderSource::Wgsl(shader.source.into()),
	});
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
		cache: None,
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
