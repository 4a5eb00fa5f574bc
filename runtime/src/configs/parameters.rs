//! Governed parameters.
//!
//! Governance writes them into `pallet-parameters`; everything reads them through [`bounded`], so
//! that whatever is written stays within bounds that only a runtime upgrade can change.

use crate::{
	configs::governance::{origins::ParameterAdmin, periods::TrackPeriods},
	constants::{
		currency::{MICRO_ONE, MILLI_ONE, ONE, ONE_USDC},
		MAX_VALIDATORS,
	},
	genesis_parameters, Balance, Runtime, RuntimeEvent,
};
use one_primitives::{Cu, Moment, ProtocolTime, Usdc};
use polkadot_sdk::{
	frame_support::dynamic_params::{dynamic_pallet_params, dynamic_params},
	sp_runtime::{Perbill, Permill},
	*,
};

pub use dynamic::*;

/// Milliseconds of a second, the unit of the tables below.
const SECOND: u64 = 1_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
pub(super) const DAY: u64 = 24 * HOUR;

/// The parameters, by concern.
#[dynamic_params(RuntimeParameters, pallet_parameters::Parameters::<Runtime>)]
pub mod dynamic {
	use super::*;

	/// Transaction fees.
	#[dynamic_pallet_params]
	#[codec(index = 0)]
	pub mod fees {
		/// Price of a microsecond of weight, in ONE's smallest units.
		#[codec(index = 0)]
		pub static WeightPrice: Balance = 20 * MICRO_ONE;
		/// Price of a byte of an extrinsic, in ONE's smallest units.
		#[codec(index = 1)]
		pub static BytePrice: Balance = 10 * MICRO_ONE;
		/// The fee pot's part of each fee; the rest and the tip are the author's.
		#[codec(index = 2)]
		pub static FeeShare: Permill = Permill::from_percent(80);
	}

	/// Periods, in milliseconds. A day and a window are UTC and are set in genesis for the life of
	/// a chain; the others are protocol time.
	#[dynamic_pallet_params]
	#[codec(index = 1)]
	pub mod time {
		/// A credit day.
		#[codec(index = 0)]
		pub static DayLength: Moment = DAY;
		/// A settlement window.
		#[codec(index = 1)]
		pub static WindowLength: Moment = 6 * HOUR;
		/// From unstaking to withdrawal.
		#[codec(index = 2)]
		pub static Cooldown: ProtocolTime = 14 * DAY;
		/// A worker accepts an assignment.
		#[codec(index = 3)]
		pub static AcceptPeriod: ProtocolTime = 30 * SECOND;
		/// A worker completes a job, at the least.
		#[codec(index = 4)]
		pub static CompletionFloor: ProtocolTime = 2 * MINUTE;
		/// A job waits for a worker.
		#[codec(index = 5)]
		pub static QueuePeriod: ProtocolTime = 10 * MINUTE;
		/// A receipt can be challenged.
		#[codec(index = 6)]
		pub static ChallengeWindow: ProtocolTime = 6 * HOUR;
		/// A worker's bond comes back after it left.
		#[codec(index = 7)]
		pub static UnbondingPeriod: ProtocolTime = 28 * DAY;
		/// A worker that has not reported is given no jobs.
		#[codec(index = 8)]
		pub static LivenessTimeout: ProtocolTime = 5 * MINUTE;
		/// A worker with nothing to say reports.
		#[codec(index = 9)]
		pub static HeartbeatInterval: ProtocolTime = 2 * MINUTE;
		/// From a model's announcement to its activation.
		#[codec(index = 10)]
		pub static ModelTimelock: ProtocolTime = 2 * DAY;
		/// The pool price is averaged over this.
		#[codec(index = 11)]
		pub static AveragingPeriod: ProtocolTime = 30 * MINUTE;
		/// The stub of a receipt is kept after its job is final.
		#[codec(index = 12)]
		pub static StubPeriod: ProtocolTime = 30 * DAY;
		/// A slash of a validator can be cancelled; then it is paid out.
		#[codec(index = 13)]
		pub static SlashDeferral: ProtocolTime = 7 * DAY;
		/// The conviction of a worker can be cancelled.
		#[codec(index = 14)]
		pub static AppealWindow: ProtocolTime = 14 * DAY;
		/// Offences of a worker add up.
		#[codec(index = 15)]
		pub static OffenceWindow: ProtocolTime = 28 * DAY;
		/// Maintenance that a worker may declare in a period.
		#[codec(index = 16)]
		pub static MaintenanceCap: ProtocolTime = DAY;
		/// That period.
		#[codec(index = 17)]
		pub static MaintenancePeriod: ProtocolTime = 28 * DAY;
		/// A requester keeps a worker that failed it away.
		#[codec(index = 18)]
		pub static ExclusionPeriod: ProtocolTime = DAY;
	}

	/// Tiers and credits.
	#[dynamic_pallet_params]
	#[codec(index = 2)]
	pub mod credits {
		/// Least stake of each tier, in ONE's smallest units.
		#[codec(index = 0)]
		pub static Thresholds: [Balance; 3] = [1_000 * ONE, 10_000 * ONE, 100_000 * ONE];
		/// CU a day for each ONE of a tier's threshold, at rate 1.
		#[codec(index = 1)]
		pub static AllowancePerOne: Cu = 1_000_000;
		/// The most one job may reserve in each tier, in CU.
		#[codec(index = 2)]
		pub static MaxJob: [Cu; 3] = [100_000_000, 1_000_000_000, 10_000_000_000];
		/// Job slots of an account in each tier.
		#[codec(index = 3)]
		pub static Slots: [u8; 3] = [4, 8, 16];
		/// Micro-USDC per 10^9 CU in the Dedicated lane.
		#[codec(index = 4)]
		pub static PricePerGiga: Usdc = 100_000;
		/// Share of that price that an Included job costs.
		#[codec(index = 5)]
		pub static IncludedShare: Permill = Permill::from_percent(60);
		/// Share of the credit pot that one day gets.
		#[codec(index = 6)]
		pub static BudgetShare: Permill = Permill::from_percent(10);
		/// Micro-USDC that one day gets at the most.
		#[codec(index = 7)]
		pub static BudgetCap: Usdc = 1_000_000 * ONE_USDC;
		/// How long each lock binds a stake.
		#[codec(index = 10)]
		pub static LockLengths: [ProtocolTime; 2] = [90 * DAY, 365 * DAY];
		/// Part of the allowance that each lock gives on top.
		#[codec(index = 11)]
		pub static LockBonuses: [Permill; 2] =
			[Permill::from_percent(10), Permill::from_percent(25)];
		/// CU for the admission of a submission without a fee.
		#[codec(index = 8)]
		pub static AdmissionCharge: Cu = 100_000;
		/// Share of the weight for normal transactions that those without a fee may take.
		#[codec(index = 9)]
		pub static BlockShare: Perbill = Perbill::from_percent(50);
	}

	/// Models, workers and jobs.
	#[dynamic_pallet_params]
	#[codec(index = 3)]
	pub mod market {
		/// CU that a job costs at the least: its transactions.
		#[codec(index = 0)]
		pub static JobFloor: Cu = 10_000_000;
		/// CU for each byte of a public prompt.
		#[codec(index = 1)]
		pub static CuPerByte: Cu = 1_000;
		/// Share of an output token's work at which an input token's is charged.
		#[codec(index = 2)]
		pub static InputRatio: Permill = Permill::from_percent(25);
		/// Least share of the matches that are Included while both lanes wait.
		#[codec(index = 3)]
		pub static IncludedFloor: Permill = Permill::from_percent(10);
		/// Jobs that may wait in one queue.
		#[codec(index = 4)]
		pub static MaxQueue: u32 = 10_000;
		/// Bond of a worker per slot and GiB of device memory.
		#[codec(index = 5)]
		pub static BondPerSlotGib: Balance = 100 * ONE;
		/// Tokens per second that deadlines count on until audits prove a worker's own rate.
		#[codec(index = 6)]
		pub static ProvenRate: u32 = 5;
		/// What the Dedicated lane asks for while no job waits, in percent of the price.
		#[codec(index = 7)]
		pub static PriceFloor: u32 = 100;
		/// What it asks for when a job waits for each slot of the model.
		#[codec(index = 8)]
		pub static PriceCeiling: u32 = 150;
		/// Deposit of whoever proposes a model, in ONE's smallest units.
		#[codec(index = 9)]
		pub static ListingDeposit: Balance = 1_000 * ONE;
	}

	/// The sale of fees.
	#[dynamic_pallet_params]
	#[codec(index = 4)]
	pub mod settlement {
		/// The most that is sold in a block, as a part of the pool's ONE.
		#[codec(index = 0)]
		pub static SliceShare: Permill = Permill::from_parts(1_000);
		/// The least that is sold at once, in ONE's smallest units.
		#[codec(index = 1)]
		pub static MinSale: Balance = 20 * MILLI_ONE;
		/// How far below the average price a sale may be.
		#[codec(index = 2)]
		pub static MaxDiscount: Permill = Permill::from_percent(1);
		/// How far the pool may have moved since the last block.
		#[codec(index = 3)]
		pub static MaxMove: Permill = Permill::from_parts(3_000);
		/// What the author of a block gets of the credit pot: about 0.6 % of it a day for all.
		#[codec(index = 4)]
		pub static AuthorStipend: Perbill = Perbill::from_parts(200);
	}

	/// Vouchers.
	#[dynamic_pallet_params]
	#[codec(index = 5)]
	pub mod capacity {
		/// What a newcomer pays on top of the price.
		#[codec(index = 0)]
		pub static Premium: Permill = Permill::from_percent(3);
		/// CU a day that may be sold before receipts prove that workers serve as much.
		#[codec(index = 1)]
		pub static FirstCapacity: Cu = 1_000_000_000_000;
		/// Job slots of an account on the Dedicated lane.
		#[codec(index = 2)]
		pub static DedicatedSlots: u8 = 16;
		/// Share of its rate that a slot is paid for being bound to a sponsor and idle.
		#[codec(index = 3)]
		pub static StandbyShare: Permill = Permill::from_percent(20);
		/// Share of a model's slots that may be bound to sponsors.
		#[codec(index = 4)]
		pub static BookableShare: Permill = Permill::from_percent(50);
		/// What a sponsor pays on top of the price all of whose jobs were served.
		#[codec(index = 5)]
		pub static LeastPremium: Permill = Permill::from_percent(2);
	}

	/// Validators.
	#[dynamic_pallet_params]
	#[codec(index = 6)]
	pub mod validators {
		/// Validators at the most.
		#[codec(index = 0)]
		pub static MaxValidators: u32 = 100;
		/// Below this number nobody leaves the set.
		#[codec(index = 1)]
		pub static MinValidators: u32 = 4;
		/// The least bond of a candidate, in ONE's smallest units.
		#[codec(index = 2)]
		pub static MinBond: Balance = 10_000 * ONE;
		/// The least part of what is at stake that an equivocation costs.
		#[codec(index = 3)]
		pub static EquivocationSlash: Perbill = Perbill::from_percent(5);
		/// Part of what is at stake that being offline costs.
		#[codec(index = 4)]
		pub static OfflineSlash: Perbill = Perbill::from_parts(1_000_000);
		/// Blocks that were due from a validator without one, until it counts as offline.
		#[codec(index = 5)]
		pub static OfflineBlocks: u32 = 20;
		/// Part of the validators that can be punished for being offline at once; are there more,
		/// none is.
		#[codec(index = 6)]
		pub static MaxOffline: Permill = Permill::from_percent(10);
		/// Part of a session's slots that must have blocks for the session to prove anything.
		#[codec(index = 7)]
		pub static MinActivity: Permill = Permill::from_percent(66);
	}

	/// What workers answer for. An offence climbs the ladder by one step when late, by as many as
	/// lead to the larger slash when wrong, and to removal when malicious.
	#[dynamic_pallet_params]
	#[codec(index = 7)]
	pub mod workers {
		/// Jobs that a new worker serves before its slots grow.
		#[codec(index = 0)]
		pub static ProbationJobs: u16 = 20;
		/// Steps from which an offence costs the small slash.
		#[codec(index = 1)]
		pub static SmallFrom: u8 = 6;
		/// Steps from which it costs the larger slash.
		#[codec(index = 2)]
		pub static LargerFrom: u8 = 16;
		/// Steps from which the worker is removed.
		#[codec(index = 3)]
		pub static RemovalFrom: u8 = 32;
		/// The small slash, as a part of the bond.
		#[codec(index = 4)]
		pub static SmallSlash: Permill = Permill::from_percent(1);
		/// The larger slash.
		#[codec(index = 5)]
		pub static LargerSlash: Permill = Permill::from_percent(20);
		/// What removal costs.
		#[codec(index = 6)]
		pub static RemovalSlash: Permill = Permill::from_percent(100);
		/// The most of its bond that a worker loses in a window for being late.
		#[codec(index = 7)]
		pub static LateCap: Permill = Permill::from_percent(10);
		/// Part of the required bond below which a worker is suspended.
		#[codec(index = 8)]
		pub static BondFloor: Permill = Permill::from_percent(85);
		/// The most of a model's slots that a requester excludes.
		#[codec(index = 9)]
		pub static ExclusionShare: Permill = Permill::from_percent(10);
		/// Workers that serve a model at the least for it to be open to Included jobs.
		#[codec(index = 10)]
		pub static MinOperators: u32 = 3;
		/// The most of a model's slots that a worker has in use when it gets an Included job.
		#[codec(index = 11)]
		pub static OperatorShare: Permill = Permill::from_parts(333_334);
	}

	/// How governance goes, in milliseconds; only root sets it. Those of referenda are counted in
	/// blocks, the guardians' in UTC.
	#[dynamic_pallet_params]
	#[codec(index = 10)]
	pub mod governance {
		/// Referenda on the root track.
		#[codec(index = 0)]
		pub static RootPeriods: TrackPeriods = track(DAY, 14 * DAY, DAY, DAY);
		/// Referenda on the parameters track.
		#[codec(index = 1)]
		pub static ParametersPeriods: TrackPeriods = track(2 * HOUR, 7 * DAY, 12 * HOUR, 12 * HOUR);
		/// Referenda on the models track.
		#[codec(index = 2)]
		pub static ModelsPeriods: TrackPeriods = track(2 * HOUR, 7 * DAY, 12 * HOUR, HOUR);
		/// Referenda on the treasury track.
		#[codec(index = 3)]
		pub static TreasuryPeriods: TrackPeriods = track(12 * HOUR, 14 * DAY, DAY, DAY);
		/// Referenda on the emergency track.
		#[codec(index = 4)]
		pub static EmergencyPeriods: TrackPeriods = track(10 * MINUTE, DAY, HOUR, 10 * MINUTE);
		/// A vote of the lowest conviction stays locked after it won.
		#[codec(index = 5)]
		pub static VoteLock: Moment = 7 * DAY;
		/// What the guardians pause stands still.
		#[codec(index = 6)]
		pub static PauseLength: Moment = DAY;
		/// From a guardians' pause to the next one of the same.
		#[codec(index = 7)]
		pub static PauseRespite: Moment = 7 * DAY;
	}
}

/// The periods of a track: prepare, decision, confirm, enactment.
const fn track(
	prepare: Moment,
	decision: Moment,
	confirm: Moment,
	enactment: Moment,
) -> TrackPeriods {
	TrackPeriods {
		prepare,
		decision,
		confirm,
		enactment,
	}
}

/// The parameters as they act: within compiled bounds, whatever was written.
pub mod bounded {
	use super::*;
	use one_primitives::{
		access::{Lock, Tier, LOCKS, TIERS},
		jobs::MAX_SLOTS,
	};
	use pallet_workers::LadderTerms;
	use polkadot_sdk::frame_support::traits::Get;

	/// `Name: Type = parameter, min, max;` defines the getter of a parameter within its bounds.
	macro_rules! bounded {
		($($name:ident: $type:ty = $group:ident, $min:expr, $max:expr;)*) => {
			$(
				#[doc = concat!("[`", stringify!($group), "::", stringify!($name), "`] within its bounds.")]
				pub struct $name;

				impl Get<$type> for $name {
					fn get() -> $type {
						<$group::$name as Get<$type>>::get().clamp($min, $max)
					}
				}
			)*
		};
	}

	bounded! {
		WeightPrice: Balance = fees, MICRO_ONE / 10, 1_000 * MICRO_ONE;
		BytePrice: Balance = fees, MICRO_ONE / 10, 1_000 * MICRO_ONE;
		FeeShare: Permill = fees, Permill::from_percent(50), Permill::from_percent(95);

		DayLength: Moment = time, 30 * SECOND, DAY;
		WindowLength: Moment = time, 30 * SECOND, DAY;
		Cooldown: ProtocolTime = time, MINUTE, 90 * DAY;
		AcceptPeriod: ProtocolTime = time, 6 * SECOND, 10 * MINUTE;
		CompletionFloor: ProtocolTime = time, 15 * SECOND, HOUR;
		QueuePeriod: ProtocolTime = time, 15 * SECOND, DAY;
		ChallengeWindow: ProtocolTime = time, 15 * SECOND, 7 * DAY;
		AppealWindow: ProtocolTime = time, 15 * SECOND, 60 * DAY;
		// A slash is paid out before its offence is forgotten, and both before the bond is free,
		// whatever was written.
		OffenceWindow: ProtocolTime = time, AppealWindow::get(), 90 * DAY;
		UnbondingPeriod: ProtocolTime =
			time, OffenceWindow::get().max(ChallengeWindow::get() + SECOND), 90 * DAY;
		MaintenanceCap: ProtocolTime = time, MINUTE, 7 * DAY;
		MaintenancePeriod: ProtocolTime = time, MaintenanceCap::get(), 90 * DAY;
		ExclusionPeriod: ProtocolTime = time, MINUTE, 7 * DAY;
		LivenessTimeout: ProtocolTime = time, 15 * SECOND, HOUR;
		HeartbeatInterval: ProtocolTime = time, 6 * SECOND, 30 * MINUTE;
		ModelTimelock: ProtocolTime = time, 0, 30 * DAY;
		AveragingPeriod: ProtocolTime = time, MINUTE, DAY;
		StubPeriod: ProtocolTime = time, MINUTE, 365 * DAY;
		// At least three sessions: the slashed funds of a validator outlast its seat.
		SlashDeferral: ProtocolTime = time, 31 * MINUTE, 28 * DAY;

		AllowancePerOne: Cu = credits, 1_000, 1_000_000_000;
		PricePerGiga: Usdc = credits, 1_000, 100 * ONE_USDC;
		IncludedShare: Permill = credits, Permill::from_percent(10), Permill::from_percent(100);
		BudgetShare: Permill = credits, Permill::from_percent(1), Permill::from_percent(50);
		BudgetCap: Usdc = credits, 0, 10_000_000 * ONE_USDC;
		AdmissionCharge: Cu = credits, 1_000, 10_000_000;
		BlockShare: Perbill = credits, Perbill::from_percent(5), Perbill::from_percent(75);

		JobFloor: Cu = market, 10_000, 1_000_000_000;
		CuPerByte: Cu = market, 0, 1_000_000;
		InputRatio: Permill = market, Permill::from_percent(1), Permill::from_percent(100);
		IncludedFloor: Permill = market, Permill::from_percent(5), Permill::from_percent(50);
		MaxQueue: u32 = market, 100, 100_000;
		BondPerSlotGib: Balance = market, ONE, 100_000 * ONE;
		ProvenRate: u32 = market, 1, 10_000;
		PriceFloor: u32 = market, 50, 100;
		PriceCeiling: u32 = market, 100, 400;
		ListingDeposit: Balance = market, ONE, 100_000 * ONE;

		ProbationJobs: u16 = workers, 0, 1_000;
		SmallFrom: u8 = workers, 2, 16;
		LargerFrom: u8 = workers, SmallFrom::get() + 1, 32;
		RemovalFrom: u8 = workers, LargerFrom::get() + 1, 60;
		SmallSlash: Permill = workers, Permill::from_parts(1_000), Permill::from_percent(5);
		LargerSlash: Permill = workers, Permill::from_percent(5), Permill::from_percent(50);
		RemovalSlash: Permill = workers, Permill::from_percent(50), Permill::from_percent(100);
		LateCap: Permill = workers, Permill::from_percent(1), Permill::from_percent(30);
		BondFloor: Permill = workers, Permill::from_percent(50), Permill::from_percent(100);
		ExclusionShare: Permill = workers, Permill::zero(), Permill::from_percent(50);
		MinOperators: u32 = workers, 0, 100;
		OperatorShare: Permill = workers, Permill::from_percent(10), Permill::from_percent(100);

		SliceShare: Permill = settlement, Permill::from_parts(10), Permill::from_parts(1_000);
		MinSale: Balance = settlement, MILLI_ONE, 1_000 * ONE;
		MaxDiscount: Permill = settlement, Permill::from_parts(3_500), Permill::from_percent(5);
		MaxMove: Permill = settlement, Permill::from_parts(100), Permill::from_percent(2);
		// At the most 5.6 % of the pot a day, whatever governance says: the rest is the holders'.
		AuthorStipend: Perbill = settlement, Perbill::zero(), Perbill::from_parts(2_000);

		Premium: Permill = capacity, Permill::from_percent(2), Permill::from_percent(5);
		LeastPremium: Permill = capacity, Permill::from_percent(2), Premium::get();
		FirstCapacity: Cu = capacity, 1_000_000_000, 1_000_000_000_000_000_000;
		DedicatedSlots: u8 = capacity, 1, MAX_SLOTS;
		StandbyShare: Permill = capacity, Permill::from_percent(5), Permill::from_percent(100);
		BookableShare: Permill = capacity, Permill::zero(), Permill::from_percent(80);

		MaxValidators: u32 = validators, 1, MAX_VALIDATORS;
		MinValidators: u32 = validators, 1, MAX_VALIDATORS;
		MinBond: Balance = validators, ONE, 10_000_000 * ONE;
		EquivocationSlash: Perbill = validators, Perbill::from_parts(1_000_000), Perbill::one();
		OfflineSlash: Perbill = validators, Perbill::zero(), Perbill::from_percent(1);
		OfflineBlocks: u32 = validators, 15, 1_000;
		MaxOffline: Permill = validators, Permill::from_percent(5), Permill::from_percent(33);
		MinActivity: Permill = validators, Permill::from_percent(50), Permill::from_percent(90);

		PauseLength: Moment = governance, 6 * SECOND, DAY;
		PauseRespite: Moment = governance, MINUTE, 30 * DAY;
	}

	/// What a worker's offences cost.
	pub struct Ladder;

	impl Get<LadderTerms> for Ladder {
		fn get() -> LadderTerms {
			LadderTerms {
				small_from: SmallFrom::get(),
				larger_from: LargerFrom::get(),
				removal_from: RemovalFrom::get(),
				small: SmallSlash::get(),
				larger: LargerSlash::get(),
				removal: RemovalSlash::get(),
				late_cap: LateCap::get(),
				floor: BondFloor::get(),
			}
		}
	}

	/// The table of tiers: thresholds ascend, and allowances are proportional to them, so that
	/// neither splitting nor pooling of stake pays.
	pub struct Tiers;

	impl Get<[Tier<Balance>; TIERS]> for Tiers {
		fn get() -> [Tier<Balance>; TIERS] {
			let (max_jobs, slots) = (credits::MaxJob::get(), credits::Slots::get());
			let mut lowest = ONE;
			core::array::from_fn(|tier| {
				let threshold = credits::Thresholds::get()[tier].clamp(lowest, 100_000_000 * ONE);
				lowest = threshold;
				let whole = u64::try_from(threshold / ONE).unwrap_or(u64::MAX);
				Tier {
					threshold,
					allowance: whole.saturating_mul(AllowancePerOne::get()),
					max_job: max_jobs[tier].max(JobFloor::get()),
					slots: slots[tier].clamp(1, MAX_SLOTS),
				}
			})
		}
	}

	/// The table of locks: none, then those governed, each for longer and for more than the last.
	pub struct Locks;

	impl Get<[Lock; LOCKS]> for Locks {
		fn get() -> [Lock; LOCKS] {
			let (mut length, mut bonus) = (0, Permill::zero());
			let governed = credits::LockLengths::get().into_iter();
			let mut governed = governed.zip(credits::LockBonuses::get());
			core::array::from_fn(|lock| {
				if let Some((next, more)) = (lock > 0).then(|| governed.next()).flatten() {
					length = next.clamp(length.max(MINUTE), 4 * 365 * DAY);
					bonus = more.clamp(bonus, Permill::from_percent(100));
				}
				Lock { length, bonus }
			})
		}
	}
}

#[cfg(feature = "runtime-benchmarks")]
impl Default for RuntimeParameters {
	fn default() -> Self {
		RuntimeParameters::Fees(fees::Parameters::WeightPrice(
			fees::WeightPrice,
			Some(MICRO_ONE),
		))
	}
}

impl pallet_parameters::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type RuntimeParameters = RuntimeParameters;
	type AdminOrigin = ParameterAdmin;
	// The pallet keeps its weights private; these are for RocksDB, so on the safe side.
	type WeightInfo = ();
}

impl genesis_parameters::Config for Runtime {}
