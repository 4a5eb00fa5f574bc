//! What can be paused, by referendum and by the guardians, and what never.

use crate::{
	configs::{
		governance::{origins::RootOr, tracks::EMERGENCY},
		parameters::bounded,
		system::MAX_BLOCK_WEIGHT,
	},
	constants::time::DAYS,
	AccountId, Clock, Models, Moment, Pauses, Runtime, RuntimeCall, RuntimeEvent, RuntimeOrigin,
	TxPause,
};
use one_primitives::{jobs::Lane, models::ModelId, pauses::Pauses as PausesApi};
use pallet_pauses::PalletName;
use polkadot_sdk::{
	frame_support::{
		parameter_types,
		traits::{CallMetadata, ConstU32, Contains, EitherOf, GetCallMetadata},
		weights::Weight,
	},
	frame_system::EnsureRoot,
	pallet_collective::{EnsureProportionMoreThan, Instance1, PrimeDefaultVote},
	pallet_tx_pause::RuntimeCallNameOf,
	sp_runtime::Perbill,
	*,
};

/// Pallets of which no call can be paused: they keep the chain going, move an account's own ONE,
/// pass on calls that are filtered themselves, or are what a referendum decides by and enacts, which
/// nobody may veto by a pause.
pub const NEVER_PAUSED: [&str; 21] = [
	"System",
	"Babe",
	"Timestamp",
	"Parameters",
	"MultiBlockMigrations",
	"Balances",
	"Session",
	"Grandpa",
	"Utility",
	"Proxy",
	"Multisig",
	"Sudo",
	"Models",
	"Preimage",
	"Scheduler",
	"ConvictionVoting",
	"Referenda",
	"Vesting",
	"TxPause",
	"Guardians",
	"Pauses",
];

/// Calls of other pallets that can never be paused: what keeps an obligation, what gives an account
/// its own back, and what a referendum enacts.
pub const NEVER_PAUSED_CALLS: [(&str, &[&str]); 7] = [
	("Access", &["unstake", "withdraw", "exit", "undelegate"]),
	("AssetConversion", &["create_pool_with_fee", "set_pool_fee"]),
	("Capacity", &["refund", "release_throughput"]),
	("Jobs", &["cancel_job"]),
	("Treasury", &["spend", "void_spend"]),
	("Validators", &["chill", "unbond", "withdraw"]),
	("Workers", &["report", "drain", "leave", "withdraw"]),
];

/// Whether the call can never be paused.
fn is_never_paused(pallet: &[u8], call: &[u8]) -> bool {
	let is = |name: &&str| name.as_bytes() == pallet;
	NEVER_PAUSED.iter().any(is)
		|| NEVER_PAUSED_CALLS
			.iter()
			.any(|(name, calls)| is(name) && calls.iter().any(|exempt| exempt.as_bytes() == call))
}

/// Calls that no referendum can pause.
pub struct NeverPaused;

impl Contains<RuntimeCallNameOf<Runtime>> for NeverPaused {
	fn contains((pallet, call): &RuntimeCallNameOf<Runtime>) -> bool {
		is_never_paused(pallet, call)
	}
}

/// Pallets with calls that can be paused.
pub struct Pausable;

impl Contains<PalletName> for Pausable {
	fn contains(pallet: &PalletName) -> bool {
		let is = |name: &&str| name.as_bytes() == &pallet[..];
		RuntimeCall::get_module_names().iter().any(is) && !NEVER_PAUSED.iter().any(is)
	}
}

/// The calls that are not paused, for everyone but root.
pub struct NotPaused;

impl Contains<RuntimeCall> for NotPaused {
	fn contains(call: &RuntimeCall) -> bool {
		let CallMetadata {
			function_name,
			pallet_name,
		} = call.get_call_metadata();
		is_never_paused(pallet_name.as_bytes(), function_name.as_bytes())
			|| (Pauses::pallet(pallet_name.as_bytes()).is_none() && TxPause::contains(call))
	}
}

/// What the market asks: a pause of all submissions is one of each lane.
pub struct MarketPauses;

impl PausesApi for MarketPauses {
	fn model(model: &ModelId) -> Option<Moment> {
		Pauses::model(model)
	}

	fn lane(lane: Lane) -> Option<Moment> {
		Pauses::lane(lane)
			.or_else(|| Pauses::pallet(b"Jobs"))
			.or_else(|| {
				let stopped = TxPause::is_paused_unbound("Jobs".into(), "submit_job".into());
				stopped.then_some(Moment::MAX)
			})
	}
}

impl pallet_tx_pause::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeCall = RuntimeCall;
	type PauseOrigin = RootOr<EMERGENCY>;
	type UnpauseOrigin = RootOr<EMERGENCY>;
	type WhitelistedCalls = NeverPaused;
	type MaxNameLen = ConstU32<256>;
	type WeightInfo = pallet_tx_pause::weights::SubstrateWeight<Runtime>;
}

parameter_types! {
	/// Weight of what the guardians can decide.
	pub MotionWeight: Weight = Perbill::from_percent(5) * MAX_BLOCK_WEIGHT;
}

/// The guardians. They are few, and can do nothing but pause.
impl pallet_collective::Config<Instance1> for Runtime {
	type RuntimeOrigin = RuntimeOrigin;
	type Proposal = RuntimeCall;
	type RuntimeEvent = RuntimeEvent;
	type MotionDuration = ConstU32<DAYS>;
	type MaxProposals = ConstU32<16>;
	type MaxMembers = ConstU32<15>;
	type DefaultVote = PrimeDefaultVote;
	type WeightInfo = pallet_collective::weights::SubstrateWeight<Runtime>;
	type SetMembersOrigin = EnsureRoot<AccountId>;
	type MaxProposalWeight = MotionWeight;
	type DisapproveOrigin = RootOr<EMERGENCY>;
	type KillOrigin = RootOr<EMERGENCY>;
	type Consideration = ();
}

/// More than half of the guardians.
type Guardians = EnsureProportionMoreThan<AccountId, Instance1, 1, 2>;

impl pallet_pauses::Config for Runtime {
	type PauseOrigin = Guardians;
	type ResumeOrigin = EitherOf<RootOr<EMERGENCY>, Guardians>;
	type Clock = Clock;
	type Models = Models;
	type Pausable = Pausable;
	type Length = bounded::PauseLength;
	type Respite = bounded::PauseRespite;
	type MaxPauses = ConstU32<32>;
	type WeightInfo = pallet_pauses::weights::SubstrateWeight<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = crate::configs::benchmarking::Chain;
}
