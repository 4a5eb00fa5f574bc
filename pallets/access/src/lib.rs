#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

use polkadot_sdk::*;

pub use pallet::*;
pub use types::{Binding, Chunk, Dated, StakeRecord, MAX_CHUNKS};
pub use weights::WeightInfo;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod delegation;
mod impls;
#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;
mod traits;
pub mod types;
pub mod weights;

/// FRAME pallet: stake gives access.
#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use frame_support::{
		pallet_prelude::*,
		traits::{
			fungible::{Balanced, BalancedHold, Credit, Inspect, MutateHold},
			OnUnbalanced,
		},
	};
	use frame_system::pallet_prelude::*;
	use one_primitives::{
		access::{self, Lock, LockId, Standing, Tier, LOCKS, TIERS},
		clock::{Clock, Day},
		ProtocolTime,
	};
	use sp_runtime::traits::{IdentifyAccount, Verify};

	/// Amount of ONE.
	pub type BalanceOf<T> =
		<<T as Config>::Currency as Inspect<<T as frame_system::Config>::AccountId>>::Balance;

	/// The version of the storage layout.
	pub const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	/// Configuration of the pallet.
	#[pallet::config]
	pub trait Config: polkadot_sdk::frame_system::Config<RuntimeEvent: From<Event<Self>>> {
		/// Why this pallet holds funds.
		type RuntimeHoldReason: From<HoldReason>;

		/// ONE.
		type Currency: MutateHold<Self::AccountId, Reason = Self::RuntimeHoldReason>
			+ BalancedHold<Self::AccountId>
			+ Balanced<Self::AccountId>;

		/// Days and protocol time.
		type Clock: Clock;

		/// The tiers, lowest threshold first.
		type Tiers: Get<[Tier<BalanceOf<Self>>; TIERS]>;

		/// The locks, shortest first; the first binds for no time and gives nothing.
		type Locks: Get<[Lock; LOCKS]>;

		/// Milliseconds of protocol time from unstaking to withdrawal.
		type Cooldown: Get<ProtocolTime>;

		/// Where fees that are paid out of a stake go.
		type Fees: OnUnbalanced<Credit<Self::AccountId, Self::Currency>>;

		/// Who forgets an account whose stake is gone.
		type OnExit: access::OnExit<Self::AccountId>;

		/// How a delegate says that it wants to be one.
		type Signature: Verify<Signer: IdentifyAccount<AccountId = Self::AccountId>> + Parameter;

		/// Weights of the calls.
		type WeightInfo: WeightInfo;

		/// What the benchmarks find in the other pallets.
		#[cfg(feature = "runtime-benchmarks")]
		type BenchmarkHelper: one_primitives::benchmarking::World<Self::AccountId>;
	}

	/// The pallet.
	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// Why funds are held.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// Staked, or cooling down.
		#[codec(index = 0)]
		Stake,
	}

	/// What is held of each account.
	#[pallet::storage]
	pub type Stakes<T: Config> =
		StorageMap<_, Blake2_128Concat, T::AccountId, StakeRecord<BalanceOf<T>>, OptionQuery>;

	/// Accounts in each tier and lock.
	#[pallet::storage]
	pub type Population<T> = StorageValue<_, Dated<access::Population>, ValueQuery>;

	/// The account that each holder lets spend its credits.
	#[pallet::storage]
	pub type Delegates<T: Config> =
		StorageMap<_, Blake2_128Concat, T::AccountId, T::AccountId, OptionQuery>;

	/// Whose credits each delegate spends.
	#[pallet::storage]
	pub type Principals<T: Config> =
		StorageMap<_, Blake2_128Concat, T::AccountId, T::AccountId, OptionQuery>;

	/// What happened.
	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// Funds were staked.
		Staked {
			/// The holder.
			who: T::AccountId,
			/// What was added.
			amount: BalanceOf<T>,
			/// The whole stake.
			staked: BalanceOf<T>,
		},
		/// Stake began to cool down.
		Unstaked {
			/// The holder.
			who: T::AccountId,
			/// What was taken out.
			amount: BalanceOf<T>,
			/// What stays staked.
			staked: BalanceOf<T>,
			/// Protocol time from which it may be withdrawn.
			until: ProtocolTime,
		},
		/// Cooled down stake is free again.
		Withdrawn {
			/// The holder.
			who: T::AccountId,
			/// What was freed.
			amount: BalanceOf<T>,
			/// What still cools down.
			cooling: BalanceOf<T>,
		},
		/// A stake was bound.
		Locked {
			/// The holder.
			who: T::AccountId,
			/// The lock.
			lock: LockId,
			/// Protocol time until which nothing can be unstaked.
			until: ProtocolTime,
		},
		/// An account's tier or lock changes.
		StandingChanged {
			/// The holder.
			who: T::AccountId,
			/// Tier and lock, if the stake gives any.
			standing: Option<Standing>,
			/// Credit day from which it counts.
			counts_from: Day,
		},
		/// A transaction's fee came out of a stake.
		FeePaid {
			/// The holder.
			who: T::AccountId,
			/// The fee.
			amount: BalanceOf<T>,
		},
		/// A holder lets another account spend its credits.
		Delegated {
			/// The holder.
			who: T::AccountId,
			/// The account.
			delegate: T::AccountId,
		},
		/// A delegate does not spend its holder's credits any more.
		Undelegated {
			/// The holder.
			who: T::AccountId,
			/// The account.
			delegate: T::AccountId,
		},
	}

	/// Why a call failed.
	#[pallet::error]
	pub enum Error<T> {
		/// The amount is zero.
		ZeroAmount,
		/// The stake would be less than the lowest tier asks for.
		BelowLowestThreshold,
		/// The account has nothing staked.
		NotStaked,
		/// The account has staked less than that.
		StakeTooSmall,
		/// As much is left as would be neither nothing nor enough for the lowest tier.
		RestBelowLowestThreshold,
		/// Too many withdrawals cool down already; withdraw one first.
		TooManyChunks,
		/// Nothing has cooled down yet.
		NothingToWithdraw,
		/// The account is in the tier that its stake gives, with the lock that binds it.
		TierUpToDate,
		/// The stake is bound.
		StakeLocked,
		/// There is no lock of that number.
		UnknownLock,
		/// The stake is bound for longer, or by a longer lock.
		LockShorter,
		/// The account has a delegate already; undelegate first.
		AlreadyDelegated,
		/// The account is another holder's delegate.
		DelegateTaken,
		/// The account has a stake, or one that cools down: it spends its own credits.
		DelegateStakes,
		/// The signature is not the delegate's, or of something else.
		InvalidProof,
		/// The account has no delegate and is none.
		NotDelegated,
		/// The account is a delegate; undelegate first.
		IsDelegate,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		fn integrity_test() {
			let tiers = T::Tiers::get();
			assert!(
				tiers
					.windows(2)
					.all(|pair| matches!(pair, [low, high] if low.threshold < high.threshold)),
				"thresholds must rise from tier to tier"
			);
			let [none, ..] = T::Locks::get();
			assert!(
				none.length == 0 && none.bonus.is_zero(),
				"the first lock binds for no time"
			);
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Stakes `amount` of the caller's free balance.
		///
		/// The whole stake must reach the lowest tier; it counts from the next credit day. Emits
		/// [`Event::Staked`], and [`Event::StandingChanged`] if it gives another tier.
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::stake())]
		pub fn stake(
			origin: OriginFor<T>,
			#[pallet::compact] amount: BalanceOf<T>,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_stake(&who, amount)
		}

		/// Takes `amount` out of the caller's stake; it can be withdrawn after the cooldown.
		///
		/// What stays must be nothing or reach the lowest tier, and the stake must not be bound. Today's credits stay. A caller
		/// without free balance pays the fee out of the stake. Emits [`Event::Unstaked`], and
		/// [`Event::StandingChanged`] if the rest gives another tier.
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::unstake())]
		pub fn unstake(
			origin: OriginFor<T>,
			#[pallet::compact] amount: BalanceOf<T>,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_unstake(&who, amount)
		}

		/// Frees what has cooled down.
		///
		/// A caller without free balance pays the fee out of the stake. Emits
		/// [`Event::Withdrawn`].
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::withdraw())]
		pub fn withdraw(origin: OriginFor<T>) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_withdraw(&who)
		}

		/// Unstakes everything; a `withdraw` after the cooldown ends the stay.
		///
		/// A caller without free balance pays the fee out of the stake. Emits
		/// [`Event::Unstaked`] and [`Event::StandingChanged`].
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::unstake())]
		pub fn exit(origin: OriginFor<T>) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_exit(&who)
		}

		/// Puts `who` into the tier that the stake gives by the thresholds now in force, without a lock
		/// that has run out.
		///
		/// Anyone may call it; it is free if it changes something. Emits [`Event::StandingChanged`].
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::retier())]
		pub fn retier(origin: OriginFor<T>, who: T::AccountId) -> DispatchResultWithPostInfo {
			ensure_signed(origin)?;
			Self::do_retier(&who)?;
			Ok(Pays::No.into())
		}

		/// Binds the caller's stake, and what is added to it, for the time of `lock`: no unstaking, a
		/// larger allowance.
		///
		/// A bound stake can only be bound for longer. Counts from the next credit day. Emits
		/// [`Event::Locked`], and [`Event::StandingChanged`] if the lock is another.
		#[pallet::call_index(5)]
		#[pallet::weight(T::WeightInfo::lock())]
		pub fn lock(origin: OriginFor<T>, lock: LockId) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_lock(&who, lock)
		}

		/// Lets `delegate` spend the caller's credits: its submissions to the Included lane are the
		/// caller's, without a fee and without a balance of its own.
		///
		/// - `delegate`: an account that has no stake and is nobody's delegate.
		/// - `proof`: its signature over SCALE of `(genesis hash, "delegate", caller)`: nobody becomes
		///   a delegate unasked.
		///
		/// The delegation ends with the stake. Emits [`Event::Delegated`].
		#[pallet::call_index(6)]
		#[pallet::weight(T::WeightInfo::delegate())]
		pub fn delegate(
			origin: OriginFor<T>,
			delegate: T::AccountId,
			proof: T::Signature,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_delegate(who, delegate, &proof)
		}

		/// Ends the delegation of the caller, who is the holder or the delegate.
		///
		/// Open jobs stay the holder's. A holder without free balance pays the fee out of the stake.
		/// Emits [`Event::Undelegated`].
		#[pallet::call_index(7)]
		#[pallet::weight(T::WeightInfo::undelegate())]
		pub fn undelegate(origin: OriginFor<T>) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_undelegate(who)
		}
	}
}
