//! The origins of referenda beside root, and who passes for them.

use crate::{
	configs::{
		governance::tracks::{self, TrackId, Tracks},
		parameters::{time, RuntimeParametersKey},
	},
	RuntimeOrigin,
};
use core::cmp::Ordering;
use polkadot_sdk::{
	frame_support::traits::{EnsureOrigin, EnsureOriginWithArg, OriginTrait, PrivilegeCmp},
	pallet_referenda::TracksInfo,
	*,
};

pub use pallet::*;

#[frame_support::pallet]
#[allow(missing_docs)] // The macro writes items that it does not document.
pub mod pallet {
	use polkadot_sdk::frame_support::pallet_prelude::*;

	#[pallet::config]
	pub trait Config: polkadot_sdk::frame_system::Config {}

	#[pallet::pallet]
	pub struct Pallet<T>(_);

	/// What a referendum can act as, beside root.
	#[pallet::origin]
	#[derive(
		Clone,
		Copy,
		Debug,
		PartialEq,
		Eq,
		Encode,
		Decode,
		DecodeWithMemTracking,
		MaxEncodedLen,
		TypeInfo,
	)]
	pub enum Origin {
		/// Sets governed parameters, and the fees of the pools.
		#[codec(index = 1)]
		Parameters,
		/// Keeps the registry of models.
		#[codec(index = 2)]
		Models,
		/// Spends from the treasury.
		#[codec(index = 3)]
		Treasury,
		/// Stops what must not go on.
		#[codec(index = 4)]
		Emergency,
	}
}

impl Config for crate::Runtime {}

impl Origin {
	/// The track on which referenda of this origin run.
	pub fn track(self) -> TrackId {
		match self {
			Origin::Parameters => tracks::PARAMETERS,
			Origin::Models => tracks::MODELS,
			Origin::Treasury => tracks::TREASURY,
			Origin::Emergency => tracks::EMERGENCY,
		}
	}
}

/// Root, or a referendum on the track `TRACK`.
pub struct RootOr<const TRACK: TrackId>;

impl<const TRACK: TrackId> EnsureOrigin<RuntimeOrigin> for RootOr<TRACK> {
	type Success = ();

	fn try_origin(origin: RuntimeOrigin) -> Result<(), RuntimeOrigin> {
		match Tracks::track_for(origin.caller()) {
			Ok(track) if track == tracks::ROOT || track == TRACK => Ok(()),
			_ => Err(origin),
		}
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn try_successful_origin() -> Result<RuntimeOrigin, ()> {
		Ok(RuntimeOrigin::root())
	}
}

/// Who may set a parameter: root alone those that say how governance itself goes, and the periods
/// that are fixed for the life of a chain.
pub struct ParameterAdmin;

impl EnsureOriginWithArg<RuntimeOrigin, RuntimeParametersKey> for ParameterAdmin {
	type Success = ();

	fn try_origin(origin: RuntimeOrigin, key: &RuntimeParametersKey) -> Result<(), RuntimeOrigin> {
		use time::ParametersKey::{DayLength, WindowLength};
		match key {
			RuntimeParametersKey::Governance(_)
			| RuntimeParametersKey::Time(DayLength(_) | WindowLength(_)) => {
				RootOr::<{ tracks::ROOT }>::try_origin(origin)
			}
			_ => RootOr::<{ tracks::PARAMETERS }>::try_origin(origin),
		}
	}

	#[cfg(feature = "runtime-benchmarks")]
	fn try_successful_origin(_: &RuntimeParametersKey) -> Result<RuntimeOrigin, ()> {
		Ok(RuntimeOrigin::root())
	}
}

/// Who may cancel what another origin has scheduled: root and an emergency, anything.
pub struct CancelPrivilege;

type Caller = <RuntimeOrigin as OriginTrait>::PalletsOrigin;

impl PrivilegeCmp<Caller> for CancelPrivilege {
	fn cmp_privilege(left: &Caller, right: &Caller) -> Option<Ordering> {
		if left == right {
			return Some(Ordering::Equal);
		}
		let track = Tracks::track_for(left).ok()?;
		matches!(track, tracks::ROOT | tracks::EMERGENCY).then_some(Ordering::Greater)
	}
}
