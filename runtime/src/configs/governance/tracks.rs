//! The tracks of referenda, and what each asks for.

use crate::{
	configs::{
		governance::{
			origins::Origin,
			periods::{blocks, TrackPeriods},
		},
		parameters::governance,
	},
	constants::currency::ONE,
	Balance, BlockNumber, OriginCaller,
};
use alloc::borrow::Cow;
use polkadot_sdk::{
	frame_support::traits::Get,
	frame_system::RawOrigin,
	pallet_referenda::{Curve, Track, TrackInfo, TracksInfo},
	sp_runtime::{str_array, Perbill},
};

/// Number of a track.
pub type TrackId = u16;

/// Everything.
pub const ROOT: TrackId = 0;
/// Governed parameters.
pub const PARAMETERS: TrackId = 1;
/// The registry of models.
pub const MODELS: TrackId = 2;
/// Spends of the treasury.
pub const TREASURY: TrackId = 3;
/// What must not go on.
pub const EMERGENCY: TrackId = 4;

/// Per cent that are asked for when the decision begins, and when it ends; linear in between.
type Falling = (u32, u32);

/// What a track asks for.
struct Terms {
	id: TrackId,
	name: &'static str,
	/// Referenda decided at once.
	max_deciding: u32,
	/// Of whoever wants it decided; in ONE.
	deposit: Balance,
	/// Ayes among the votes, by conviction.
	approval: Falling,
	/// Ayes among all ONE that can vote, without conviction.
	support: Falling,
	periods: fn() -> TrackPeriods,
}

const TERMS: [Terms; 5] = [
	Terms {
		id: ROOT,
		name: "root",
		max_deciding: 1,
		deposit: 10_000,
		approval: (100, 50),
		support: (50, 5),
		periods: governance::RootPeriods::get,
	},
	Terms {
		id: PARAMETERS,
		name: "parameters",
		max_deciding: 10,
		deposit: 2_000,
		approval: (100, 50),
		support: (25, 1),
		periods: governance::ParametersPeriods::get,
	},
	Terms {
		id: MODELS,
		name: "models",
		max_deciding: 10,
		deposit: 1_000,
		approval: (100, 50),
		support: (25, 1),
		periods: governance::ModelsPeriods::get,
	},
	Terms {
		id: TREASURY,
		name: "treasury",
		max_deciding: 10,
		deposit: 2_000,
		approval: (100, 50),
		support: (50, 3),
		periods: governance::TreasuryPeriods::get,
	},
	Terms {
		id: EMERGENCY,
		name: "emergency",
		max_deciding: 5,
		deposit: 5_000,
		approval: (90, 75),
		support: (40, 10),
		periods: governance::EmergencyPeriods::get,
	},
];

fn curve((ceil, floor): Falling) -> Curve {
	Curve::LinearDecreasing {
		length: Perbill::one(),
		floor: Perbill::from_percent(floor),
		ceil: Perbill::from_percent(ceil),
	}
}

impl Terms {
	fn info(&self) -> TrackInfo<Balance, BlockNumber> {
		let periods = (self.periods)().bounded();
		TrackInfo {
			name: str_array(self.name),
			max_deciding: self.max_deciding,
			decision_deposit: self.deposit * ONE,
			prepare_period: blocks(periods.prepare),
			decision_period: blocks(periods.decision),
			confirm_period: blocks(periods.confirm),
			min_enactment_period: blocks(periods.enactment),
			min_approval: curve(self.approval),
			min_support: curve(self.support),
		}
	}
}

/// The tracks, with the periods now in force.
pub struct Tracks;

impl TracksInfo<Balance, BlockNumber> for Tracks {
	type Id = TrackId;
	type RuntimeOrigin = OriginCaller;

	fn tracks() -> impl Iterator<Item = Cow<'static, Track<TrackId, Balance, BlockNumber>>> {
		TERMS.iter().map(|terms| {
			let (id, info) = (terms.id, terms.info());
			Cow::Owned(Track { id, info })
		})
	}

	fn track_for(origin: &OriginCaller) -> Result<TrackId, ()> {
		match origin {
			OriginCaller::system(RawOrigin::Root) => Ok(ROOT),
			OriginCaller::Origins(origin) => Ok(Origin::track(*origin)),
			_ => Err(()),
		}
	}

	fn track_ids() -> impl Iterator<Item = TrackId> {
		TERMS.iter().map(|terms| terms.id)
	}

	fn info(id: TrackId) -> Option<Cow<'static, TrackInfo<Balance, BlockNumber>>> {
		let terms = TERMS.iter().find(|terms| terms.id == id)?;
		Some(Cow::Owned(terms.info()))
	}
}
