//! What an upgrade with a migration looks like: the version after this one, which no build has but
//! that of `scripts/wasm next-version`. The networks of the tests upgrade to it while jobs run.
//!
//! It writes every stored job anew, a page in each block, as a version would that changes their
//! encoding. This one changes none: the way is shown, not a change.

use crate::Runtime;
use alloc::vec::Vec;
use one_primitives::jobs::JobId;
use pallet_jobs::Jobs;
use polkadot_sdk::frame_support::{
	migrations::{MigrationId, SteppedMigration, SteppedMigrationError},
	pallet_prelude::ValueQuery,
	storage_alias,
	weights::{constants::ParityDbWeight, WeightMeter},
};

/// Jobs that a step writes: few, so that a dozen of them takes several blocks.
const PAGE: usize = 2;

/// Jobs written so far.
#[storage_alias]
pub type RewrittenJobs = StorageValue<NextVersion, u32, ValueQuery>;

/// Writes every stored job anew.
pub struct RewriteJobs;

impl SteppedMigration for RewriteJobs {
	/// The job written last.
	type Cursor = JobId;
	type Identifier = MigrationId<4>;

	fn id() -> Self::Identifier {
		MigrationId {
			pallet_id: *b"jobs",
			version_from: 1,
			version_to: 2,
		}
	}

	fn step(
		cursor: Option<JobId>,
		meter: &mut WeightMeter,
	) -> Result<Option<JobId>, SteppedMigrationError> {
		// Each job is found, read and written; the count is too.
		let accesses = PAGE as u64 + 1;
		let required = ParityDbWeight::get().reads_writes(2 * accesses, accesses);
		meter
			.try_consume(required)
			.map_err(|_| SteppedMigrationError::InsufficientWeight { required })?;
		let page: Vec<_> = match cursor {
			Some(last) => Jobs::<Runtime>::iter_from_key(last).take(PAGE).collect(),
			None => Jobs::<Runtime>::iter().take(PAGE).collect(),
		};
		for (id, job) in &page {
			Jobs::<Runtime>::insert(id, job);
		}
		RewrittenJobs::mutate(|count| *count = count.saturating_add(page.len() as u32));
		Ok(page.last().map(|(id, _)| *id))
	}
}
