#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

use polkadot_sdk::*;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod bookings;
mod classes;
mod draw;
mod funds;
#[cfg(test)]
mod mock;
mod price;
mod queries;
mod records;
pub mod runtime_api;
mod slots;
mod sponsors;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "try-runtime", feature = "std"))]
mod try_state;
pub mod types;
pub mod weights;

pub use bookings::MAX_CLOSED;
pub use pallet::*;
pub use price::PostedPrice;
pub use types::{
	Allowance, Booking, BoundSlot, ClassStatus, Lot, PriceRecord, PriceStatus, Purchase,
	Reservation, Spendable, SponsorRecord, Sponsorship, ThroughputQuote, MAX_BOOKINGS, MAX_BOUND,
	MAX_CLASSES, MAX_LOTS, MIN_PERIOD,
};
pub use weights::WeightInfo;

/// Names the escrow accounts, one for each class.
pub const ESCROW: frame_support::PalletId = frame_support::PalletId(*b"one/escr");

/// FRAME pallet: capacity bought in USDC.
#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use frame_support::{
		pallet_prelude::*,
		traits::{fungible, fungibles},
		weights::WeightMeter,
	};
	use frame_system::pallet_prelude::*;
	use one_primitives::{
		capacity::{BookingId, ClassId, ProvenCapacity},
		clock::Clock,
		credits::Refusal,
		models::{ModelId, Models},
		settlement::{Earnings, Inflow},
		workers::Workers,
		Cu, ProtocolTime, Usdc,
	};
	use sp_runtime::Permill;

	/// The version of the storage layout.
	pub const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	/// Configuration of the pallet.
	#[pallet::config]
	pub trait Config: polkadot_sdk::frame_system::Config<RuntimeEvent: From<Event<Self>>> {
		/// Protocol time, for the steps of the price.
		type Clock: Clock;

		/// USDC, in which vouchers are bought and backed.
		type UsdcAsset: fungible::Mutate<Self::AccountId, Balance = Usdc>;

		/// The assets of which each class of vouchers is one.
		type Vouchers: fungibles::Create<Self::AccountId, AssetId = u32, Balance = u128>
			+ fungibles::Mutate<Self::AccountId>
			+ fungibles::metadata::Mutate<Self::AccountId>;

		/// Asset id of class 0; the ids from here on are reserved for classes.
		#[pallet::constant]
		type FirstAsset: Get<u32>;

		/// Where premiums and the price of jobs and idle slots go.
		type Ledger: Inflow<Self::AccountId> + Earnings<Self::AccountId>;

		/// The registry of models.
		type Models: Models;

		/// The workers' slots.
		type Workers: Workers<Self::AccountId>;

		/// What may be sold.
		type Proven: ProvenCapacity;

		/// The governed price, in micro-USDC per 10^9 CU: the posted one goes towards it.
		type PricePerGiga: Get<Usdc>;

		/// The most by which the posted price changes at once.
		#[pallet::constant]
		type PriceStep: Get<Permill>;

		/// Protocol time for which a posted price stands at the least.
		#[pallet::constant]
		type StepPeriod: Get<ProtocolTime>;

		/// What a newcomer pays on top of the price, for the credit pot.
		type Premium: Get<Permill>;

		/// What a sponsor with a perfect record pays on top; no more than the premium, whatever is
		/// said here.
		type LeastPremium: Get<Permill>;

		/// Protocol time for which the record of a sponsor counts after its last job.
		#[pallet::constant]
		type RecordPeriod: Get<ProtocolTime>;

		/// Credit days of proven capacity that may be outstanding.
		#[pallet::constant]
		type Horizon: Get<u32>;

		/// Job slots of an account on the Dedicated lane.
		type JobSlots: Get<u8>;

		/// Accounts that may draw on one sponsor.
		#[pallet::constant]
		type MaxAllowances: Get<u32>;

		/// Share of its rate that a slot is paid for being bound and idle.
		type StandbyShare: Get<Permill>;

		/// Share of a model's slots that may be bound to bookings.
		type BookableShare: Get<Permill>;

		/// Slots bound beyond those that serve the rate, as a share of them.
		#[pallet::constant]
		type SpareShare: Get<Permill>;

		/// Protocol time for which throughput is reserved at the most.
		#[pallet::constant]
		type MaxBookingPeriod: Get<ProtocolTime>;

		/// Weights of the calls and the hook.
		type WeightInfo: WeightInfo;

		/// What the benchmarks find in the other pallets.
		#[cfg(feature = "runtime-benchmarks")]
		type BenchmarkHelper: one_primitives::benchmarking::World<Self::AccountId>;
	}

	/// The pallet.
	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// The posted price.
	#[pallet::storage]
	pub type Price<T> = StorageValue<_, PriceRecord, OptionQuery>;

	/// Micro-USDC per 10^9 CU of each class.
	#[pallet::storage]
	pub type Classes<T> = StorageMap<_, Twox64Concat, ClassId, Usdc, OptionQuery>;

	/// Number of the next class.
	#[pallet::storage]
	pub type NextClass<T> = StorageValue<_, ClassId, ValueQuery>;

	/// Classes that pay for jobs, oldest first.
	#[pallet::storage]
	pub type OpenClasses<T> =
		StorageValue<_, BoundedVec<ClassId, ConstU32<MAX_CLASSES>>, ValueQuery>;

	/// What accounts may take of a sponsor's vouchers: by sponsor and account.
	#[pallet::storage]
	pub type Allowances<T: Config> = StorageDoubleMap<
		_,
		Blake2_128Concat,
		T::AccountId,
		Blake2_128Concat,
		T::AccountId,
		Allowance,
		OptionQuery,
	>;

	/// Number of a sponsor's allowances.
	#[pallet::storage]
	pub type AllowanceCount<T: Config> =
		StorageMap<_, Blake2_128Concat, T::AccountId, u32, ValueQuery>;

	/// The sponsor on which an account draws first.
	#[pallet::storage]
	pub type Sponsors<T: Config> =
		StorageMap<_, Blake2_128Concat, T::AccountId, T::AccountId, OptionQuery>;

	/// How the jobs ended that each sponsor paid for.
	#[pallet::storage]
	pub type Records<T: Config> =
		StorageMap<_, Blake2_128Concat, T::AccountId, SponsorRecord, OptionQuery>;

	/// Throughput that sponsors have reserved.
	#[pallet::storage]
	pub type Bookings<T: Config> =
		StorageMap<_, Twox64Concat, BookingId, Booking<T::AccountId>, OptionQuery>;

	/// Number of the next booking.
	#[pallet::storage]
	pub type NextBooking<T> = StorageValue<_, BookingId, ValueQuery>;

	/// The bookings, and the protocol time at which each ends.
	#[pallet::storage]
	pub type Ends<T> =
		StorageValue<_, BoundedVec<(BookingId, ProtocolTime), ConstU32<MAX_BOOKINGS>>, ValueQuery>;

	/// A sponsor's booking for a model.
	#[pallet::storage]
	pub type BookingOf<T: Config> = StorageDoubleMap<
		_,
		Blake2_128Concat,
		T::AccountId,
		Blake2_128Concat,
		ModelId,
		BookingId,
		OptionQuery,
	>;

	/// Slots of a model that its bookings want.
	#[pallet::storage]
	pub type BoundSlots<T> = StorageMap<_, Blake2_128Concat, ModelId, u32, ValueQuery>;

	/// What happened.
	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// Vouchers are sold at another price from now on.
		PriceChanged {
			/// Micro-USDC per 10^9 CU.
			price: Usdc,
		},
		/// A class was opened by its first purchase.
		ClassOpened {
			/// The class.
			class: ClassId,
			/// Its vouchers.
			asset: u32,
			/// Micro-USDC per 10^9 CU.
			price: Usdc,
		},
		/// A class pays for no more jobs; its vouchers can be refunded.
		ClassClosed {
			/// The class.
			class: ClassId,
		},
		/// Vouchers were bought.
		Bought {
			/// The buyer.
			who: T::AccountId,
			/// The class.
			class: ClassId,
			/// CU.
			cu: Cu,
			/// Micro-USDC paid, premium included.
			cost: Usdc,
			/// Micro-USDC of it on top of the price.
			premium: Usdc,
		},
		/// Vouchers were given back for their price.
		Refunded {
			/// Whose they were.
			who: T::AccountId,
			/// The class.
			class: ClassId,
			/// CU.
			cu: Cu,
			/// Micro-USDC paid out.
			amount: Usdc,
		},
		/// An account may draw on a sponsor.
		AccountAllowed {
			/// The sponsor.
			sponsor: T::AccountId,
			/// The account.
			who: T::AccountId,
			/// CU that it may spend from now on.
			cap: Cu,
		},
		/// An account may no longer draw on a sponsor; open jobs go on.
		AccountDisallowed {
			/// The sponsor.
			sponsor: T::AccountId,
			/// The account.
			who: T::AccountId,
		},
		/// An account chose on whom it draws first.
		SponsorChosen {
			/// The account.
			who: T::AccountId,
			/// The sponsor; none for the account's own vouchers alone.
			sponsor: Option<T::AccountId>,
		},
		/// Vouchers were set aside for a job.
		Reserved {
			/// Whose job it is.
			who: T::AccountId,
			/// Whose vouchers they are.
			payer: T::AccountId,
			/// CU.
			cu: Cu,
		},
		/// A receipt redeemed vouchers of a job; the rest was given back.
		Redeemed {
			/// Whose job it was.
			who: T::AccountId,
			/// Whose vouchers they were.
			payer: T::AccountId,
			/// Who served it.
			worker: T::AccountId,
			/// CU burnt.
			cu: Cu,
			/// Micro-USDC that the worker earns.
			amount: Usdc,
		},
		/// A job was withdrawn from a worker; the vouchers that it did not cost were given back.
		Forfeited {
			/// Whose job it was.
			who: T::AccountId,
			/// Whose vouchers they were.
			payer: T::AccountId,
			/// CU burnt.
			cu: Cu,
			/// Micro-USDC that went to the credit pot.
			amount: Usdc,
		},
		/// All vouchers of a job were given back.
		Returned {
			/// Whose job it was.
			who: T::AccountId,
			/// Whose vouchers they are.
			payer: T::AccountId,
			/// CU.
			cu: Cu,
		},
		/// A record that did not count any more was removed.
		RecordReaped {
			/// Whose it was.
			who: T::AccountId,
		},
		/// Throughput was reserved.
		ThroughputReserved {
			/// The sponsor.
			sponsor: T::AccountId,
			/// Number of the booking.
			booking: BookingId,
			/// The model.
			model: ModelId,
			/// CU in a minute.
			cu_per_minute: Cu,
			/// Protocol time at which it ends.
			ends: ProtocolTime,
			/// CU set aside for idle slots.
			standby: Cu,
		},
		/// A slot was bound to a booking.
		SlotBound {
			/// The booking.
			booking: BookingId,
			/// Whose slot it is.
			worker: T::AccountId,
		},
		/// A slot is not bound any more before its booking ends: its worker failed a job, or was not
		/// there for one. It is paid nothing for the time it was idle.
		SlotLost {
			/// The booking.
			booking: BookingId,
			/// Whose slot it was.
			worker: T::AccountId,
		},
		/// A worker earned something for a slot that was bound and idle.
		StandbyPaid {
			/// The booking.
			booking: BookingId,
			/// Whose slot it was.
			worker: T::AccountId,
			/// CU burnt.
			cu: Cu,
			/// Micro-USDC.
			amount: Usdc,
		},
		/// The books refuse to pay for an idle slot; the vouchers go back to the sponsor.
		StandbyUnpaid {
			/// The booking.
			booking: BookingId,
			/// Whose slot it was.
			worker: T::AccountId,
			/// What is in the way.
			error: DispatchError,
		},
		/// A booking is over: its slots are free, and what was not spent on idle ones is given back.
		ThroughputReleased {
			/// The sponsor.
			sponsor: T::AccountId,
			/// The booking.
			booking: BookingId,
			/// CU given back.
			cu: Cu,
		},
	}

	/// Why an operation failed.
	#[pallet::error]
	pub enum Error<T> {
		/// The amount is zero.
		ZeroAmount,
		/// The purchase costs more than the buyer is ready to pay.
		CostAboveLimit,
		/// More is outstanding then than the workers have shown that they can serve.
		CapacitySoldOut,
		/// The first purchase of a class must have a premium above the minimum balance of USDC,
		/// which the escrow keeps.
		PurchaseTooSmall,
		/// There is no such class.
		UnknownClass,
		/// No more classes can be numbered.
		TooManyClasses,
		/// The class's escrow holds less than its vouchers are worth.
		EscrowShort,
		/// An account needs no leave of its own.
		OwnAccount,
		/// The sponsor has allowed as many accounts as it can.
		TooManyAllowances,
		/// The sponsor has not allowed this account.
		NotAllowed,
		/// Too few vouchers are left, of the account itself and of its sponsor.
		NoVouchers,
		/// More is charged than was set aside.
		ChargeTooHigh,
		/// No active model has this id.
		UnknownModel,
		/// Throughput is reserved for a minute at the least, and for `MaxBookingPeriod` at the most.
		PeriodOutOfBounds,
		/// The sponsor has reserved throughput of this model already.
		AlreadyReserved,
		/// As much throughput as the model's slots prove is not for reservation, or is not free.
		ThroughputUnavailable,
		/// There are as many bookings as there may be.
		TooManyBookings,
		/// The caller has no such booking, or it ends within a minute.
		UnknownBooking,
		/// The account has no record, or one that counts.
		NothingToReap,
	}

	impl<T> From<Refusal> for Error<T> {
		fn from(_: Refusal) -> Self {
			// The only reason that this lane has.
			Self::NoVouchers
		}
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn on_poll(_: BlockNumberFor<T>, meter: &mut WeightMeter) {
			if meter.try_consume(T::WeightInfo::post_price()).is_ok() {
				Self::post_price();
			}
			Self::serve_bookings(meter);
		}

		fn integrity_test() {
			assert!(
				T::PriceStep::get() < Permill::one(),
				"a price could fall to nothing"
			);
			assert!(
				T::FirstAsset::get().checked_add(ClassId::MAX / 2).is_some(),
				"too few asset ids are left for classes"
			);
			assert!(
				T::MaxBookingPeriod::get() >= MIN_PERIOD,
				"no throughput could be reserved"
			);
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Buys vouchers for `cu` at the posted price and the caller's premium.
		///
		/// Signed; paid in USDC. The vouchers are an asset of the current class: one unit a CU,
		/// with 9 decimals. The first purchase at a price opens its class.
		///
		/// - `cu`: CU to buy.
		/// - `max_cost`: micro-USDC to pay at the most, premium included.
		///
		/// Emits [`Event::Bought`], and [`Event::ClassOpened`] if it is the first of its class.
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::buy())]
		pub fn buy(
			origin: OriginFor<T>,
			#[pallet::compact] cu: Cu,
			#[pallet::compact] max_cost: Usdc,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_buy(who, cu, max_cost)
		}

		/// Gives vouchers back for the price of their class, without the premium.
		///
		/// Signed by their holder, at any time.
		///
		/// - `class`: their class, open or closed.
		/// - `cu`: how many.
		///
		/// Emits [`Event::Refunded`].
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::refund())]
		pub fn refund(
			origin: OriginFor<T>,
			#[pallet::compact] class: ClassId,
			#[pallet::compact] cu: Cu,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_refund(who, class, cu)
		}

		/// Lets `account` spend vouchers of the caller on Dedicated jobs.
		///
		/// Signed by the sponsor. Once more for the same account, it sets a new cap and counts
		/// from zero; open jobs count. An account without a sponsor draws on this one from now on.
		///
		/// - `account`: who may draw.
		/// - `cap`: CU that its jobs may cost at the most.
		///
		/// Emits [`Event::AccountAllowed`].
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::allow())]
		pub fn allow(
			origin: OriginFor<T>,
			account: T::AccountId,
			#[pallet::compact] cap: Cu,
		) -> DispatchResult {
			let sponsor = ensure_signed(origin)?;
			Self::do_allow(sponsor, account, cap)
		}

		/// Takes the leave of `account` back; its open jobs go on.
		///
		/// Signed by the sponsor. Emits [`Event::AccountDisallowed`].
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::disallow())]
		pub fn disallow(origin: OriginFor<T>, account: T::AccountId) -> DispatchResult {
			let sponsor = ensure_signed(origin)?;
			Self::do_disallow(sponsor, account)
		}

		/// Chooses the sponsor on which the caller's Dedicated jobs draw first.
		///
		/// Signed. None leaves the caller's own vouchers alone.
		///
		/// - `sponsor`: one that allowed the caller.
		///
		/// Emits [`Event::SponsorChosen`].
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::choose_sponsor())]
		pub fn choose_sponsor(
			origin: OriginFor<T>,
			sponsor: Option<T::AccountId>,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_choose_sponsor(who, sponsor)
		}

		/// Reserves throughput of `model`: binds workers' slots that serve `cu_per_minute` and some
		/// to spare.
		///
		/// Signed by the sponsor. Its Dedicated jobs for the model, and those of the accounts that
		/// draw on it, then have these slots for themselves; they cost what they cost. Vouchers for
		/// slots that are idle all the time are set aside; what the slots were not idle, or
		/// not there, comes back at the end.
		///
		/// - `model`: an active model.
		/// - `cu_per_minute`: CU.
		/// - `period`: protocol time, in milliseconds.
		/// - `max_standby`: CU to set aside at the most.
		///
		/// A booking of the same that is over is closed first, if it is not yet.
		///
		/// Emits [`Event::ThroughputReserved`] and [`Event::SlotBound`] for each slot.
		#[pallet::call_index(5)]
		#[pallet::weight(Pallet::<T>::weight_of_booking(true))]
		pub fn reserve_throughput(
			origin: OriginFor<T>,
			model: ModelId,
			#[pallet::compact] cu_per_minute: Cu,
			#[pallet::compact] period: ProtocolTime,
			#[pallet::compact] max_standby: Cu,
		) -> DispatchResultWithPostInfo {
			let sponsor = ensure_signed(origin)?;
			let has_closed = Self::do_book(sponsor, model, cu_per_minute, period, max_standby)?;
			Ok(Some(Self::weight_of_booking(has_closed)).into())
		}

		/// Ends a booking in a minute; it is over when its last job is done.
		///
		/// Signed by its sponsor. [`Event::ThroughputReleased`] follows.
		///
		/// - `booking`: its number.
		#[pallet::call_index(6)]
		#[pallet::weight(T::WeightInfo::release_throughput())]
		pub fn release_throughput(
			origin: OriginFor<T>,
			#[pallet::compact] booking: BookingId,
		) -> DispatchResult {
			let sponsor = ensure_signed(origin)?;
			Self::do_end(sponsor, booking)
		}

		/// Removes the record of `who`, which does not count any more: nobody's price changes.
		///
		/// Anyone may call it; it is free if it removes one.
		///
		/// - `who`: whose record it is.
		///
		/// Emits [`Event::RecordReaped`].
		#[pallet::call_index(7)]
		#[pallet::weight(T::WeightInfo::reap_record())]
		pub fn reap_record(origin: OriginFor<T>, who: T::AccountId) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			Self::do_reap(who)?;
			Ok(Pays::No.into())
		}
	}
}
