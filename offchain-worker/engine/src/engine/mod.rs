//! Models on a device, and answers from them.

mod info;
mod loaded;
mod request;

use std::{
	path::{Path, PathBuf},
	sync::atomic::AtomicBool,
};

use crate::{
	container::Container,
	device::Device,
	devices::Devices,
	hash::Hash,
	import::Progress,
	scheduler::{JobId, Options},
	source, EngineError,
};

pub use info::{to_hex, ModelInfo};
pub use loaded::Loaded;
pub use request::{Event, GenerateRequest, Generation, Prompt, TokenEvent};

/// How engines are opened.
#[derive(Clone, Debug)]
pub struct EngineOptions {
	/// A folder of containers and published folders, or a single one of them.
	pub models_dir: PathBuf,
	/// Where models are evaluated, by an engine each.
	pub devices: Devices,
	/// How much of each model is served at once.
	pub options: Options,
}

/// All models of a folder, loaded onto one device.
pub struct Engine {
	models: Vec<Loaded>,
	device: String,
}

impl Engine {
	/// Verifies every model of a folder, importing published ones into the cache, and loads all of
	/// them onto each device; the engines map the same files.
	///
	/// # Errors
	/// The first model that cannot be imported, verified or loaded; a folder without models; those
	/// of [`Devices::open`].
	pub fn open_all(options: EngineOptions) -> Result<Vec<Self>, EngineError> {
		let containers = containers(&options.models_dir)?;
		options.devices.open(|choice| {
			let device = Device::open(choice)?;
			Self::load(&containers, &device, options.options)
		})
	}

	fn load(
		containers: &[Container],
		device: &Device,
		options: Options,
	) -> Result<Self, EngineError> {
		let load = |container| Loaded::open(container, device, options);
		Ok(Self {
			models: containers.iter().map(load).collect::<Result<_, _>>()?,
			device: device.to_string(),
		})
	}

	/// What is loaded.
	pub fn models(&self) -> Vec<ModelInfo> {
		self.models
			.iter()
			.map(|model| model.info().clone())
			.collect()
	}

	/// Name of the device, with its place where the driver tells it.
	pub fn device(&self) -> &str {
		&self.device
	}

	/// The model with this root.
	///
	/// # Errors
	/// [`EngineError::UnknownModel`].
	pub fn model(&mut self, root: &Hash) -> Result<&mut Loaded, EngineError> {
		let unknown = || EngineError::UnknownModel(hex::encode(root));
		self.models
			.iter_mut()
			.find(|model| model.info().root == *root)
			.ok_or_else(unknown)
	}

	/// Takes a request, to be answered by [`step`](Self::step).
	///
	/// # Errors
	/// [`EngineError::UnknownModel`], and those of [`Loaded::submit`].
	pub fn submit(&mut self, request: GenerateRequest) -> Result<JobId, EngineError> {
		self.model(&request.model_root)?.submit(request)
	}

	/// Ends a job with what it has been answered so far; nothing if it is over.
	pub fn cancel(&mut self, job: JobId) {
		self.models.iter_mut().for_each(|model| model.cancel(job));
	}

	/// Whether no model has anything to do or to tell.
	pub fn is_idle(&self) -> bool {
		self.models.iter().all(Loaded::is_idle)
	}

	/// [`Loaded::step`] of every model.
	pub fn step(&mut self) -> Vec<(JobId, Event)> {
		self.models.iter_mut().flat_map(Loaded::step).collect()
	}

	/// [`Loaded::reopen`] of every model.
	///
	/// # Errors
	/// The first of theirs.
	pub fn reopen(&mut self) -> Result<(), EngineError> {
		self.models.iter_mut().try_for_each(Loaded::reopen)
	}

	/// Answers a request; `on_token` gets each token as it is chosen. Other jobs of the same model
	/// go on meanwhile.
	///
	/// # Errors
	/// [`EngineError::UnknownModel`], and those of [`Loaded::generate`].
	pub fn generate(
		&mut self,
		request: &GenerateRequest,
		cancel: &AtomicBool,
		on_token: &mut dyn FnMut(&TokenEvent),
	) -> Result<Generation, EngineError> {
		self.model(&request.model_root)?
			.generate(request, cancel, on_token)
	}
}

/// The verified models of a folder, at least one.
fn containers(folder: &Path) -> Result<Vec<Container>, EngineError> {
	let paths = source::find(folder)?;
	if paths.is_empty() {
		let reason = "the folder has none";
		return Err(EngineError::malformed(folder, "models", reason));
	}
	let resolve = |path: &PathBuf| source::resolve(path, &mut |_, _| ());
	paths.iter().map(resolve).collect()
}

/// Loads one model: a container, or a published folder by way of the cache.
///
/// # Errors
/// Those of [`source::resolve`] and [`Loaded::open`].
pub fn load(
	path: &Path,
	device: &Device,
	options: Options,
	progress: Progress<'_>,
) -> Result<Loaded, EngineError> {
	Loaded::open(&source::resolve(path, progress)?, device, options)
}
