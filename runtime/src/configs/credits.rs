//! Stakes, and the credits they give.

use crate::{
	configs::{fees::SplitFees, parameters::bounded},
	Access, Balances, Clock, Credits, Jobs, Runtime, RuntimeCall, RuntimeHoldReason, Settlement,
	Signature,
};
use one_primitives::credits::{CreditCall, CreditCalls, SubmitTerms};

impl pallet_access::Config for Runtime {
	type RuntimeHoldReason = RuntimeHoldReason;
	type Currency = Balances;
	type Clock = Clock;
	type Tiers = bounded::Tiers;
	type Locks = bounded::Locks;
	type Cooldown = bounded::Cooldown;
	type Fees = SplitFees;
	type OnExit = Credits;
	type Signature = Signature;
	type WeightInfo = pallet_access::weights::SubstrateWeight<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = super::benchmarking::Chain;
}

impl pallet_credits::Config for Runtime {
	type Clock = Clock;
	type Access = Access;
	type Stake = Access;
	type Treasury = Settlement;
	type Earnings = Settlement;
	type Submissions = Jobs;
	type CreditCalls = DirectCalls;
	type PricePerGiga = pallet_capacity::PostedPrice<Runtime>;
	type IncludedShare = bounded::IncludedShare;
	type BudgetShare = bounded::BudgetShare;
	type BudgetCap = bounded::BudgetCap;
	type AdmissionCharge = bounded::AdmissionCharge;
	type BlockShare = bounded::BlockShare;
	type WeightInfo = pallet_credits::weights::SubstrateWeight<Runtime>;
	#[cfg(feature = "runtime-benchmarks")]
	type BenchmarkHelper = super::benchmarking::Chain;
}

/// The calls whose fee credits or the stake may pay, unless something wraps them.
pub struct DirectCalls;

impl CreditCalls<RuntimeCall> for DirectCalls {
	fn classify(call: &RuntimeCall) -> Option<CreditCall> {
		use pallet_access::Call as AccessCall;
		use pallet_jobs::Call as JobsCall;
		match call {
			RuntimeCall::Jobs(JobsCall::submit_job {
				slot,
				model,
				lane,
				max_output,
				prompt,
			}) => Some(CreditCall::Submit(SubmitTerms {
				slot: *slot,
				lane: *lane,
				model: *model,
				prompt_len: u32::try_from(prompt.len()).unwrap_or(u32::MAX),
				max_output: *max_output,
				wants_ids: false,
			})),
			RuntimeCall::Jobs(JobsCall::cancel_job { job }) => Some(CreditCall::Cancel(*job)),
			RuntimeCall::Access(
				AccessCall::unstake { .. }
				| AccessCall::withdraw { .. }
				| AccessCall::exit { .. }
				| AccessCall::undelegate { .. },
			) => Some(CreditCall::Leave),
			_ => None,
		}
	}
}
