#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

use polkadot_sdk::*;

pub use pallet::*;
pub use sessions::ExposureOf;
pub use slashes::MAX_PAID;
pub use types::{
	Candidate, Chunk, Conviction, Ledger, Offence, PendingSlash, Seat, SlashRange, Status,
	MAX_CHUNKS,
};
pub use weights::WeightInfo;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod bonds;
mod candidates;
mod election;
mod liveness;
#[cfg(test)]
mod mock;
mod offences;
mod sessions;
mod slashes;
#[cfg(test)]
mod tests;
#[cfg(any(feature = "try-runtime", feature = "std"))]
mod try_state;
pub mod types;
pub mod weights;

/// FRAME pallet: the bonded validators.
#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use alloc::vec::Vec;
	use frame_support::{
		pallet_prelude::*,
		traits::{
			fungible::{BalancedHold, Credit, Inspect, MutateHold},
			DisabledValidators, OnUnbalanced, ValidatorRegistration, ValidatorSet,
		},
		weights::WeightMeter,
	};
	use frame_system::pallet_prelude::*;
	use one_primitives::{clock::Clock, ProtocolTime};
	use pallet_session::SessionInterface;
	use sp_runtime::{Perbill, Permill};
	use sp_staking::SessionIndex;

	/// Amount of ONE.
	pub type BalanceOf<T> =
		<<T as Config>::Currency as Inspect<<T as frame_system::Config>::AccountId>>::Balance;
	/// What is held of an account.
	pub type LedgerOf<T> = Ledger<BalanceOf<T>>;
	/// A validator of one session.
	pub type SeatOf<T> = Seat<<T as frame_system::Config>::AccountId, BalanceOf<T>>;
	/// An account that stands for election.
	pub type CandidateOf<T> = Candidate<<T as frame_system::Config>::AccountId, BalanceOf<T>>;

	/// The version of the storage layout.
	pub const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

	/// Configuration of the pallet.
	#[pallet::config]
	pub trait Config: polkadot_sdk::frame_system::Config<RuntimeEvent: From<Event<Self>>> {
		/// Why this pallet holds funds.
		type RuntimeHoldReason: From<HoldReason>;

		/// ONE.
		type Currency: MutateHold<Self::AccountId, Reason = Self::RuntimeHoldReason>
			+ BalancedHold<Self::AccountId>;

		/// Protocol time.
		type Clock: Clock;

		/// The sessions that this pallet names the validators of.
		type Sessions: ValidatorSet<Self::AccountId, ValidatorId = Self::AccountId>
			+ ValidatorRegistration<Self::AccountId>
			+ DisabledValidators
			+ SessionInterface<ValidatorId = Self::AccountId, AccountId = Self::AccountId>;

		/// The least bond of a candidate, in 10^-12 ONE.
		type MinBond: Get<BalanceOf<Self>>;

		/// Validators at the most; at most [`Config::MaxSeats`] count.
		type MaxValidators: Get<u32>;

		/// Below this number nobody leaves the set.
		type MinValidators: Get<u32>;

		/// The least that an equivocation costs, as a part of what is at stake.
		type EquivocationSlash: Get<Perbill>;

		/// What being offline costs, as a part of what is at stake.
		type OfflineSlash: Get<Perbill>;

		/// Blocks that were due from a validator without one, until it counts as offline.
		type OfflineBlocks: Get<u32>;

		/// Part of the validators that can be punished for being offline at once.
		type MaxOffline: Get<Permill>;

		/// Part of a session's slots that must have blocks for the session to prove anything.
		type MinActivity: Get<Permill>;

		/// Milliseconds of protocol time for which a slash can be cancelled.
		type SlashDeferral: Get<ProtocolTime>;

		/// Milliseconds of protocol time that [`Config::ReportSessions`], the session of the offence
		/// and the two around it last at the most.
		#[pallet::constant]
		type ReportWindow: Get<ProtocolTime>;

		/// Sessions for which an offence can be reported.
		#[pallet::constant]
		type ReportSessions: Get<SessionIndex>;

		/// Slots of a session.
		#[pallet::constant]
		type SessionLength: Get<u32>;

		/// Candidates at the most.
		#[pallet::constant]
		type MaxCandidates: Get<u32>;

		/// Validators of a session, whatever is governed.
		#[pallet::constant]
		type MaxSeats: Get<u32>;

		/// Where slashed funds go.
		type OnSlash: OnUnbalanced<Credit<Self::AccountId, Self::Currency>>;

		/// Who cancels slashes.
		type CancelOrigin: EnsureOrigin<Self::RuntimeOrigin>;

		/// Weights of calls and hooks.
		type WeightInfo: WeightInfo;
	}

	/// The pallet.
	#[pallet::pallet]
	#[pallet::storage_version(STORAGE_VERSION)]
	pub struct Pallet<T>(_);

	/// Why funds are held.
	#[pallet::composite_enum]
	pub enum HoldReason {
		/// Bonded, or unbonding.
		#[codec(index = 0)]
		Bond,
		/// Slashed, and not yet paid out.
		#[codec(index = 1)]
		Slashed,
	}

	/// What is held of each account.
	#[pallet::storage]
	pub type Ledgers<T: Config> =
		StorageMap<_, Blake2_128Concat, T::AccountId, LedgerOf<T>, OptionQuery>;

	/// Who stands for election, largest bond first; of equal ones, the earlier first.
	#[pallet::storage]
	pub type Candidates<T: Config> =
		StorageValue<_, BoundedVec<CandidateOf<T>, T::MaxCandidates>, ValueQuery>;

	/// The validators of this session and of the next.
	#[pallet::storage]
	pub type Sets<T: Config> =
		StorageMap<_, Twox64Concat, SessionIndex, BoundedVec<SeatOf<T>, T::MaxSeats>, ValueQuery>;

	/// Blocks of each validator in this session.
	#[pallet::storage]
	pub type Authored<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, u32, ValueQuery>;

	/// Validators without a block in the last sessions, with the thousandths of blocks that were
	/// due from each in them.
	#[pallet::storage]
	pub type Silent<T: Config> =
		StorageValue<_, BoundedVec<(T::AccountId, u32), T::MaxSeats>, ValueQuery>;

	/// What each offender of a session was slashed by.
	#[pallet::storage]
	pub type Convictions<T: Config> = StorageDoubleMap<
		_,
		Twox64Concat,
		SessionIndex,
		Blake2_128Concat,
		T::AccountId,
		Conviction,
		OptionQuery,
	>;

	/// Slashes that can still be cancelled.
	#[pallet::storage]
	pub type Slashes<T: Config> =
		StorageMap<_, Twox64Concat, u32, PendingSlash<T::AccountId, BalanceOf<T>>, OptionQuery>;

	/// Ids of the pending slashes.
	#[pallet::storage]
	pub type SlashIds<T> = StorageValue<_, SlashRange, ValueQuery>;

	/// The first validators.
	#[pallet::genesis_config]
	#[derive(frame_support::DefaultNoBound)]
	pub struct GenesisConfig<T: Config> {
		/// Accounts with what they bond of their balance. Their session keys are the session
		/// pallet's to know.
		pub validators: Vec<(T::AccountId, BalanceOf<T>)>,
	}

	#[pallet::genesis_build]
	impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
		fn build(&self) {
			for (who, bond) in &self.validators {
				Pallet::<T>::do_bond(who, *bond)
					.and_then(|()| Pallet::<T>::stand(who))
					// A genesis without its validators must not come to life.
					.expect("genesis: a validator cannot bond");
			}
		}
	}

	/// What happened.
	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// Funds were bonded.
		Bonded {
			/// The account.
			who: T::AccountId,
			/// What was added.
			amount: BalanceOf<T>,
			/// The whole bond.
			bonded: BalanceOf<T>,
		},
		/// A part of a bond began to unbond.
		Unbonded {
			/// The account.
			who: T::AccountId,
			/// What was taken out.
			amount: BalanceOf<T>,
			/// What stays bonded.
			bonded: BalanceOf<T>,
			/// Protocol time from which it may be withdrawn.
			until: ProtocolTime,
		},
		/// Unbonded funds are free again.
		Withdrawn {
			/// The account.
			who: T::AccountId,
			/// What was freed.
			amount: BalanceOf<T>,
			/// What still unbonds.
			unbonding: BalanceOf<T>,
		},
		/// An account stands for election.
		CandidateAdded {
			/// The account.
			who: T::AccountId,
			/// Its bond.
			bond: BalanceOf<T>,
		},
		/// A candidate made room for one with a larger bond.
		CandidateDisplaced {
			/// The account.
			who: T::AccountId,
			/// The one with the larger bond.
			by: T::AccountId,
		},
		/// A candidate stands no longer.
		Chilled {
			/// The account.
			who: T::AccountId,
		},
		/// The validators of a session are known.
		SetPlanned {
			/// The session.
			session: SessionIndex,
			/// How many there are.
			validators: u32,
			/// How many of them stay although they were not elected.
			retained: u32,
		},
		/// An account stays in the set although it was not elected; what unbonds of it waits anew.
		Retained {
			/// The account.
			who: T::AccountId,
			/// Protocol time before which nothing of it can be withdrawn.
			until: ProtocolTime,
		},
		/// A validator committed an offence.
		Convicted {
			/// The offender.
			who: T::AccountId,
			/// What it did.
			offence: Offence,
			/// Session of the offence.
			session: SessionIndex,
		},
		/// Funds of an offender were set aside.
		Slashed {
			/// The offender.
			who: T::AccountId,
			/// Id of the slash.
			slash: u32,
			/// What was taken.
			amount: BalanceOf<T>,
			/// Protocol time from which it is paid out.
			payable_at: ProtocolTime,
		},
		/// Slashed funds went where slashes go.
		SlashPaid {
			/// The offender.
			who: T::AccountId,
			/// Id of the slash.
			slash: u32,
			/// What was paid.
			amount: BalanceOf<T>,
		},
		/// Slashed funds are part of the bond again.
		SlashCancelled {
			/// The account.
			who: T::AccountId,
			/// Id of the slash.
			slash: u32,
			/// What came back.
			amount: BalanceOf<T>,
			/// The whole bond.
			bonded: BalanceOf<T>,
		},
		/// So many validators were offline that none was punished.
		OfflinePardoned {
			/// The session.
			session: SessionIndex,
			/// How many were offline.
			offline: u32,
		},
		/// A session with too few blocks to say who was offline.
		SessionDiscarded {
			/// The session.
			session: SessionIndex,
			/// Its blocks.
			blocks: u32,
		},
	}

	/// Why a call failed.
	#[pallet::error]
	pub enum Error<T> {
		/// The amount is zero.
		ZeroAmount,
		/// The account has a bond; `bond_more` adds to it.
		AlreadyBonded,
		/// The account has no bond.
		NotBonded,
		/// The bond would be, or is, less than a candidate needs.
		BondTooSmall,
		/// The account has bonded less than that.
		NotEnoughBonded,
		/// As much is left as would be neither nothing nor enough for a candidate.
		RestTooSmall,
		/// A candidate keeps the least bond; `chill` first.
		StillCandidate,
		/// Too many parts of the bond unbond already; withdraw one first.
		TooManyChunks,
		/// Nothing has unbonded yet.
		NothingToWithdraw,
		/// The account has no session keys; `session.setKeys` sets them.
		NoSessionKeys,
		/// The account stands for election already.
		AlreadyCandidate,
		/// The account does not stand for election.
		NotCandidate,
		/// The account was convicted in this session; it may stand again in the next.
		ConvictedThisSession,
		/// There are as many candidates as can be, none with a smaller bond.
		TooManyCandidates,
		/// There is no pending slash with this id.
		NoSuchSlash,
	}

	#[pallet::hooks]
	impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
		/// Weighs what counts this block for its author.
		fn on_initialize(_: BlockNumberFor<T>) -> Weight {
			T::WeightInfo::note_author()
		}

		fn on_poll(_: BlockNumberFor<T>, meter: &mut WeightMeter) {
			Self::do_pay_slashes(meter);
		}

		fn integrity_test() {
			assert!(
				T::MaxSeats::get() > 0 && T::MaxSeats::get() <= T::MaxCandidates::get(),
				"there must be room for candidates beside the validators"
			);
			assert!(T::SessionLength::get() > 0, "a session must have slots");
			assert!(T::MaxValidators::get() > 0, "somebody must make blocks");
		}

		#[cfg(feature = "try-runtime")]
		fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
			Self::do_try_state()
		}
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		/// Bonds `amount` of the caller's free balance, at least the least bond.
		///
		/// Emits [`Event::Bonded`].
		#[pallet::call_index(0)]
		#[pallet::weight(T::WeightInfo::bond())]
		pub fn bond(
			origin: OriginFor<T>,
			#[pallet::compact] amount: BalanceOf<T>,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_bond(&who, amount)
		}

		/// Adds `amount` of the caller's free balance to its bond.
		///
		/// A candidate's place follows its bond. Emits [`Event::Bonded`].
		#[pallet::call_index(1)]
		#[pallet::weight(T::WeightInfo::bond_more())]
		pub fn bond_more(
			origin: OriginFor<T>,
			#[pallet::compact] amount: BalanceOf<T>,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_bond_more(&who, amount)
		}

		/// Takes `amount` out of the caller's bond; it can be withdrawn once no offence can cost it
		/// any more.
		///
		/// What stays must be nothing or the least bond, of a candidate the least bond. Emits
		/// [`Event::Unbonded`].
		#[pallet::call_index(2)]
		#[pallet::weight(T::WeightInfo::unbond())]
		pub fn unbond(
			origin: OriginFor<T>,
			#[pallet::compact] amount: BalanceOf<T>,
		) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_unbond(&who, amount)
		}

		/// Frees what has unbonded.
		///
		/// Emits [`Event::Withdrawn`].
		#[pallet::call_index(3)]
		#[pallet::weight(T::WeightInfo::withdraw())]
		pub fn withdraw(origin: OriginFor<T>) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_withdraw(&who)
		}

		/// Stands for election: the candidates with the largest bonds are the validators of the
		/// session after the next.
		///
		/// Needs the least bond and session keys. Where there are as many candidates as can be, the
		/// one with the smallest bond makes room for a larger one. Emits [`Event::CandidateAdded`].
		#[pallet::call_index(4)]
		#[pallet::weight(T::WeightInfo::validate())]
		pub fn validate(origin: OriginFor<T>) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_validate(&who)
		}

		/// Stands for election no longer. The caller still serves the sessions it is planned for.
		///
		/// Emits [`Event::Chilled`].
		#[pallet::call_index(5)]
		#[pallet::weight(T::WeightInfo::chill())]
		pub fn chill(origin: OriginFor<T>) -> DispatchResult {
			let who = ensure_signed(origin)?;
			Self::do_chill(&who)
		}

		/// Gives a slash that is not yet paid out back to the bond it was taken from.
		///
		/// For governance. Emits [`Event::SlashCancelled`].
		#[pallet::call_index(6)]
		#[pallet::weight(T::WeightInfo::cancel_slash())]
		pub fn cancel_slash(origin: OriginFor<T>, #[pallet::compact] slash: u32) -> DispatchResult {
			T::CancelOrigin::ensure_origin(origin)?;
			Self::do_cancel_slash(slash)
		}
	}
}
