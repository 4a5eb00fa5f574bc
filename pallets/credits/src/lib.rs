#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

use polkadot_sdk::*;

pub use extension::ChargeCredit;
pub use nonce::CheckNextNonce;
pub use pallet::*;
pub use types::{CreditStatus, DayRecord, Ledger, Reservation};
pub use weights::WeightInfo;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
pub mod extension;
mod funds;
mod impls;
pub mod math;
#[cfg(test)]
mod mock;
mod nonce;
pub mod runtime_api;
#[cfg(test)]
mod tests;
pub mod types;
pub mod weights;

/// FRAME pallet: the day ledger of compute credits.
#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use frame_support::{pallet_prelude::*, weights::WeightMeter};
	use frame_system::pallet_prelude::*;
	use one_primitives::{
		access::{Access, PayFromStake},
		clock::{Clock, Day},
		credits::{CreditCalls, Refusal, Submissions},
		settlement::{Earnings, Treasury},
		Cu, Usdc,
	};
	use pallet_transaction_payment::OnChargeTransaction;
	use sp_runtime::{Perbill, Permill};

	/// Amount of ONE, as fees are counted.
	pub type BalanceOf<T> =
		<<T as pallet_transaction_payment::Config>::OnChargeTransaction as OnChargeTransaction<
			T,
		>>::Balance;

	/// The version of the storage layout.
	pub const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	/// Configuration of the pallet.
	#[pallet::config]
	pub trait Config:
		polkadot_sdk::frame_system::Config<RuntimeEvent: From<Event<Self>>>
		+ pallet_transaction_payment::Config
	{
		/// Credit days.
		type Clock: Clock;

		/// Who gets how many credits.
		type Access: Access<Self::AccountId, BalanceOf<Self>>;

		/// Pays the fee of leaving where nothing else can.
		type Stake: PayFromStake<Self::AccountId, BalanceOf<Self>>;

		/// Fills the pots of days.
		type Treasury: Treasury;

		/// Where the price of a job goes.
		type Earnings: Earnings<Self::AccountId>;

		/// What the market says of a submission.
		type Submissions: Submissions<Self::AccountId>;

		/// Recognises the calls whose fee is waived or comes out of the stake.
		type CreditCalls: CreditCalls<Self::RuntimeCall>;

		/// Micro-USDC per 10^9 CU in the Dedicated lane.
		type PricePerGiga: Get<Usdc>;

		/// Share of that price that an Included job costs.
		type IncludedShare: Get<Permill>;

		/// Share of the credit pot that one day gets.
		type BudgetShare: Get<Permill>;

		/// Micro-USDC that one day gets at the most.
		type BudgetCap: Get<Usdc>;

		/// CU for the admission of one submission without a fee.
		type AdmissionCharge: Get<Cu>;

		/// Share of a block's weight for normal transactions that those without a fee may take.
		type BlockShare: Get<Perbill>;

		/// Weights of the hook and the extension.
		type WeightInfo: WeightInfo;

		/// What the benchmarks find in the other pallets.
		#[cfg(feature = "runtime-benchmarks")]
		type BenchmarkHelper: one_primitives::benchmarking::World<Self::AccountId>;
	}

	/// The pallet.
	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// The latest opened credit day.
	#[pallet::storage]
	pub type Today<T> = StorageValue<_, Day, OptionQuery>;

	/// The books of the open day, and of earlier ones with open jobs.
	#[pallet::storage]
	pub type Days<T: Config> =
		StorageMap<_, Twox64Concat, Day, DayRecord<BalanceOf<T>>, OptionQuery>;

	/// What each account did on its latest day.
	#[pallet::storage]
	pub type Ledgers<T: Config> =
		StorageMap<_, Blake2_128Concat, T::AccountId, Ledger, OptionQuery>;

	/// Weight that transactions without a fee took, and in which block.
	#[pallet::storage]
	pub type BlockUse<T: Config> = StorageValue<_, (BlockNumberFor<T>, Weight), ValueQuery>;

	/// What happened.
	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A credit day began.
		DayOpened {
			/// The day.
			day: Day,
			/// Micro-USDC in its pot.
			budget: Usdc,
			/// Share of its allowance that every account gets.
			rate: Perbill,
			/// Micro-USDC per 10^9 CU.
			price: Usdc,
		},
		/// The last job of a past day is done; what is left returns to the credit pot.
		DayClosed {
			/// The day.
			day: Day,
			/// Micro-USDC that workers earned.
			spent: Usdc,
			/// Micro-USDC that went back.
			returned: Usdc,
		},
		/// A submission was admitted without a fee.
		Admitted {
			/// The holder.
			who: T::AccountId,
			/// Job slot that the submission names.
			slot: u8,
			/// CU charged for the admission.
			charged: Cu,
		},
		/// Credits of a job that came to nothing came back after its day.
		CreditsReturned {
			/// The holder.
			who: T::AccountId,
			/// Day of the job.
			from: Day,
			/// CU, as many as the job's price pays for today.
			cu: Cu,
			/// Micro-USDC that moved from the pot of that day to today's.
			amount: Usdc,
		},
	}

	/// Why an operation failed.
	#[pallet::error]
	pub enum Error<T> {
		/// The stake gives no tier.
		BelowThreshold,
		/// The stake counts from a later day.
		NotYetCounting,
		/// Too little is left of today's credits; they come back at midnight UTC.
		NoCredits,
		/// The job is larger than the tier allows.
		JobTooLarge,
		/// The model is for higher tiers.
		TierTooLow,
		/// The market refuses the job.
		Refused,
		/// No day with this number has open jobs.
		UnknownDay,
		/// More is charged than was set aside.
		ChargeTooHigh,
		/// The books do not hold what was set aside.
		NotReserved,
	}

	impl<T> From<Refusal> for Error<T> {
		fn from(refusal: Refusal) -> Self {
			match refusal {
				Refusal::BelowThreshold { .. } => Self::BelowThreshold,
				Refusal::NotYetCounting { .. } => Self::NotYetCounting,
				Refusal::NoCredits { .. } => Self::NoCredits,
				Refusal::JobTooLarge { .. } => Self::JobTooLarge,
				Refusal::TierTooLow { .. } => Self::TierTooLow,
				_ => Self::Refused,
			}
		}
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_poll(_: BlockNumberFor<T>, meter: &mut WeightMeter) {
			meter.consume(<T as Config>::WeightInfo::poll());
			let day = T::Clock::day();
			if Today::<T>::get().is_none_or(|today| today < day) {
				meter.consume(<T as Config>::WeightInfo::open_day());
				Self::do_open(day);
			}
		}

		fn integrity_test() {
			assert!(
				T::BlockShare::get() < Perbill::one(),
				"transactions with a fee must have a share of the block"
			);
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}
}
