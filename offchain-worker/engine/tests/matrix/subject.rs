//! The models of the matrix.

use std::sync::{Arc, OnceLock};

use one_engine::{container::Container, import::import, Model};
use tempfile::TempDir;

use crate::common::{families::paged, one_guide, stories_folder, TinyFolder};

/// A model; its number chooses its part of the sample.
pub struct Subject {
	pub name: &'static str,
	pub number: usize,
	pub model: Arc<Model>,
}

impl Subject {
	fn new(name: &'static str, number: usize, container: &Container) -> Self {
		let model = Arc::new(container.model().unwrap());
		Self {
			name,
			number,
			model,
		}
	}
}

/// Number of families; the models with trained weights come behind them.
pub fn families() -> usize {
	paged().len()
}

/// Number of all models, whether or not they are on this machine.
pub fn count() -> usize {
	families() + 2
}

/// The family of a number with the weights of a seed.
pub fn family(number: usize, seed: u64) -> Subject {
	let (name, config) = paged().swap_remove(number);
	let (_room, path) = TinyFolder::drawn(config, seed).import();
	Subject::new(name, number, &Container::open(&path.unwrap()).unwrap())
}

/// Every family, and the models with trained weights.
pub fn subjects() -> &'static [Subject] {
	static ALL: OnceLock<Vec<Subject>> = OnceLock::new();
	ALL.get_or_init(|| {
		let families = (0..families()).map(|number| family(number, 0));
		families.chain([guide()]).chain(stories()).collect()
	})
}

fn guide() -> Subject {
	Subject::new("one-guide", families(), &one_guide())
}

fn stories() -> Option<Subject> {
	let (folder, room) = (stories_folder()?, TempDir::new().unwrap());
	let path = room.path().join("stories.one");
	import(&folder, &path, &mut |_, _| ()).unwrap();
	let container = Container::open(&path).unwrap();
	Some(Subject::new("stories260K", families() + 1, &container))
}
