//! Emergency pauses: what takes no new work for a while.

use crate::{jobs::Lane, models::ModelId, Moment};

/// What the market asks before it takes a job. Jobs at hand are finished all the same.
pub trait Pauses {
	/// UTC until which `model` takes no new jobs, if it is paused.
	fn model(model: &ModelId) -> Option<Moment>;
	/// UTC until which `lane` takes no new jobs, if it is paused.
	fn lane(lane: Lane) -> Option<Moment>;
}

/// Nothing is ever paused.
impl Pauses for () {
	fn model(_: &ModelId) -> Option<Moment> {
		None
	}
	fn lane(_: Lane) -> Option<Moment> {
		None
	}
}
