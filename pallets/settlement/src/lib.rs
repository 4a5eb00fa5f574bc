#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
pub mod exchange;
pub mod fees;
mod ledger;
mod payout;
pub mod price;
pub mod runtime_api;
mod sale;
mod statements;
mod stipend;
pub mod tree;
#[cfg(any(feature = "try-runtime", feature = "std"))]
mod try_state;
pub mod types;
mod void;
pub mod weights;

#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

use polkadot_sdk::frame_support::PalletId;

pub use exchange::{ConversionPool, Exchange};
pub use fees::{SplitFees, ToFeePot};
pub use pallet::*;
pub use statements::MAX_PRUNED;
pub use weights::WeightInfo;

/// Names the account that holds all USDC of the protocol.
pub const USDC_POT: PalletId = PalletId(*b"one/usdc");
/// Names the account that collects fees in ONE.
pub const FEE_POT: PalletId = PalletId(*b"one/fees");

const LOG_TARGET: &str = "runtime::settlement";

/// The pallet.
#[polkadot_sdk::frame_support::pallet]
pub mod pallet {
	use core::marker::PhantomData;

	use one_primitives::{
		clock::{Clock, Day},
		jobs::JobId,
		ProtocolTime, Usdc,
	};
	use polkadot_sdk::{
		frame_support::{
			pallet_prelude::*,
			traits::{fungible, BuildGenesisConfig},
			weights::WeightMeter,
		},
		frame_system::pallet_prelude::*,
		sp_core::H256,
		sp_runtime::{Perbill, Permill},
	};

	use crate::{
		exchange::Exchange,
		price::PriceRecord,
		tree::GrowingTree,
		types::{
			Balance, EarningsRecord, FlowsRecord, HaltReason, Payment, PotsRecord, QueueRecord,
			RoundRecord,
		},
		weights::WeightInfo,
	};

	const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config: polkadot_sdk::frame_system::Config<RuntimeEvent: From<Event<Self>>> {
		/// ONE, in which fees come.
		type Currency: fungible::Balanced<Self::AccountId, Balance = Balance>
			+ fungible::Mutate<Self::AccountId, Balance = Balance>;
		/// USDC, in which workers are paid.
		type UsdcAsset: fungible::Mutate<Self::AccountId, Balance = Usdc>;
		/// Where ONE is sold for USDC.
		type Exchange: Exchange<Self::AccountId>;
		/// UTC for the windows, protocol time for the average.
		type Clock: Clock;
		/// The fee pot's part of each fee; the rest is the author's.
		type FeeShare: Get<Permill>;
		/// The most that is sold in a block, as a part of the pool's ONE.
		type SliceShare: Get<Permill>;
		/// The least that is sold at once, in 10^-12 ONE.
		type MinSale: Get<Balance>;
		/// How far below the average price a sale may be.
		type MaxDiscount: Get<Permill>;
		/// How far the pool may have moved since the last block.
		type MaxMove: Get<Permill>;
		/// Period of the average price, in milliseconds of protocol time.
		type AveragingPeriod: Get<ProtocolTime>;
		/// The author of this block, if it is known.
		type Author: Get<Option<Self::AccountId>>;
		/// What the author of a block gets of the credit pot, as a part of it.
		type AuthorStipend: Get<Perbill>;
		/// Payees of one block at most, so that a payout leaves room for other hooks.
		#[pallet::constant]
		type MaxPayouts: Get<u32>;
		/// Windows for which the statement of a payment is kept.
		#[pallet::constant]
		type StatementWindows: Get<u32>;
		/// Weights of the hook's steps.
		type WeightInfo: WeightInfo;
		/// What the benchmarks find in the other pallets.
		#[cfg(feature = "runtime-benchmarks")]
		type BenchmarkHelper: one_primitives::benchmarking::World<Self::AccountId>;
	}

	/// What the USDC in the account is promised to.
	#[pallet::storage]
	pub type Pots<T: Config> = StorageValue<_, PotsRecord, ValueQuery>;

	/// USDC that ever came and went.
	#[pallet::storage]
	pub type Flows<T: Config> = StorageValue<_, FlowsRecord, ValueQuery>;

	/// Micro-USDC in the pot of each credit day.
	#[pallet::storage]
	pub type DayPots<T: Config> = StorageMap<_, Twox64Concat, Day, Usdc, ValueQuery>;

	/// What each worker, and each author of blocks, is owed and was paid.
	#[pallet::storage]
	pub type Earnings<T: Config> =
		StorageMap<_, Blake2_128Concat, T::AccountId, EarningsRecord, ValueQuery>;

	/// Workers with something payable, in the order in which they are paid.
	#[pallet::storage]
	pub type Payees<T: Config> = StorageMap<_, Twox64Concat, u64, T::AccountId>;

	/// Ends of [`Payees`].
	#[pallet::storage]
	pub type Queue<T: Config> = StorageValue<_, QueueRecord, ValueQuery>;

	/// The settlement in progress.
	#[pallet::storage]
	pub type Round<T: Config> = StorageValue<_, RoundRecord>;

	/// The window of the last settlement, or in which the chain began.
	#[pallet::storage]
	pub type LastWindow<T: Config> = StorageValue<_, u32>;

	/// The receipts behind what is payable to each worker.
	#[pallet::storage]
	pub type Receipts<T: Config> =
		StorageMap<_, Blake2_128Concat, T::AccountId, GrowingTree, ValueQuery>;

	/// What was paid in a window, to whom, and for which receipts.
	#[pallet::storage]
	pub type Payments<T: Config> =
		StorageDoubleMap<_, Twox64Concat, u32, Blake2_128Concat, T::AccountId, Payment>;

	/// The oldest window that [`Payments`] may have.
	#[pallet::storage]
	pub type OldestPayment<T: Config> = StorageValue<_, u32, ValueQuery>;

	/// The pool's price and its average.
	#[pallet::storage]
	pub type PoolPrice<T: Config> = StorageValue<_, PriceRecord>;

	/// Why sales wait, if they do.
	#[pallet::storage]
	pub type Halt<T: Config> = StorageValue<_, HaltReason>;

	/// Gives the fee pot's account its existential deposit, unless the balances of the genesis
	/// do: a chain whose supply is fixed lists the account there.
	#[pallet::genesis_config]
	#[derive(polkadot_sdk::frame_support::DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		#[doc(hidden)]
		#[serde(skip)]
		pub phantom: PhantomData<T>,
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			use fungible::{Inspect, Mutate};
			let (account, minimum) = (Pallet::<T>::fee_account(), T::Currency::minimum_balance());
			if T::Currency::balance(&account) < minimum {
				T::Currency::set_balance(&account, minimum);
			}
		}
	}

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// Fees were sold: `usdc` micro-USDC for `one` 10^-12 ONE, of which `booked` went to the
		/// credit pot; the first sale also leaves the account its minimum balance.
		FeesSold {
			/// 10^-12 ONE sold.
			one: Balance,
			/// Micro-USDC received.
			usdc: Usdc,
			/// Micro-USDC added to the credit pot.
			booked: Usdc,
		},
		/// Fees are not being sold from now on, until the next [`Event::FeesSold`].
		SalesHalted {
			/// What is in the way.
			reason: HaltReason,
		},
		/// USDC that was transferred to the account went to the credit pot.
		TransfersBooked {
			/// Micro-USDC.
			amount: Usdc,
		},
		/// Credit pot -> pot of a day.
		Earmarked {
			/// The credit day.
			day: Day,
			/// Micro-USDC.
			amount: Usdc,
		},
		/// Pot of a day -> credit pot.
		Released {
			/// The credit day.
			day: Day,
			/// Micro-USDC.
			amount: Usdc,
		},
		/// Pot of a day -> earnings of a worker, not payable yet.
		Accrued {
			/// The worker.
			who: T::AccountId,
			/// The credit day.
			day: Day,
			/// Micro-USDC.
			amount: Usdc,
		},
		/// USDC of another account came into the books.
		Funded {
			/// Whose it was.
			from: T::AccountId,
			/// Micro-USDC added to the credit pot; the first also leaves the account its minimum
			/// balance.
			amount: Usdc,
		},
		/// USDC of another account came into the earnings of a worker, not payable yet.
		Earned {
			/// The worker.
			who: T::AccountId,
			/// Whose it was.
			from: T::AccountId,
			/// Micro-USDC.
			amount: Usdc,
		},
		/// Credit pot -> earnings of the block's author, payable. Its [`Event::Matured`] follows, with the
		/// block in the place of the job.
		StipendAccrued {
			/// The author.
			who: T::AccountId,
			/// Micro-USDC.
			amount: Usdc,
		},
		/// A job is final: its price is payable. With `who`, this is a leaf under the root of the
		/// worker's next [`Event::Paid`].
		Matured {
			/// The worker.
			who: T::AccountId,
			/// The job.
			job: JobId,
			/// Hash of the job's receipt.
			receipt: H256,
			/// Micro-USDC.
			amount: Usdc,
		},
		/// Earnings of a worker, payable or not -> credit pot: it was convicted.
		PayVoided {
			/// The worker.
			who: T::AccountId,
			/// Micro-USDC.
			amount: Usdc,
		},
		/// A worker was paid.
		Paid {
			/// The worker.
			who: T::AccountId,
			/// The window at whose start this was due.
			window: u32,
			/// Micro-USDC.
			amount: Usdc,
			/// Receipts that this pays: those matured since the worker's last payment.
			receipts: u32,
			/// Merkle root over them.
			root: H256,
		},
		/// A worker could not be paid; the amount stays payable for the next window.
		PayoutSkipped {
			/// The worker.
			who: T::AccountId,
			/// The window at whose start this was due.
			window: u32,
			/// Micro-USDC.
			amount: Usdc,
			/// What the asset answered.
			error: DispatchError,
		},
		/// All who were owed at the start of a window were paid or skipped.
		WindowSettled {
			/// The window.
			window: u32,
			/// Micro-USDC paid.
			paid: Usdc,
			/// Workers paid.
			payees: u32,
			/// Workers skipped.
			carried: u32,
		},
	}

	#[pallet::error]
	pub enum Error<T> {
		/// The credit pot holds less.
		CreditPotTooSmall,
		/// The day's pot holds less.
		DayPotTooSmall,
		/// The earnings pot holds less.
		EarningsPotTooSmall,
		/// The worker has accrued less.
		NotAccrued,
		/// Less came in than a worker earned: the account keeps its minimum balance of it.
		NotReceived,
	}

	#[pallet::extra_constants]
	impl<T: Config> Pallet<T> {
		/// The account that holds all USDC of the protocol.
		#[pallet::constant_name(UsdcAccount)]
		fn usdc_account_constant() -> T::AccountId {
			Self::usdc_account()
		}

		/// The account that collects fees in ONE.
		#[pallet::constant_name(FeeAccount)]
		fn fee_account_constant() -> T::AccountId {
			Self::fee_account()
		}
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_poll(_: BlockNumberFor<T>, meter: &mut WeightMeter) {
			Self::do_tick(meter);
		}

		fn integrity_test() {
			assert!(T::MaxPayouts::get() > 0, "no payee would ever be paid");
			assert!(
				T::StatementWindows::get() > 0,
				"no payment could be looked up"
			);
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(
			_: BlockNumberFor<T>,
		) -> Result<(), polkadot_sdk::sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}
}
