//! An example of a pallet that asks: anyone asks the oracle, whose account pays, and it keeps the
//! token ids of the answers until they are collected.

use one_primitives::{
	inference::{AskerId, Inference, JobResult, OnResult, Request, ResultIds},
	jobs::JobId,
	models::ModelId,
};
use polkadot_sdk::{
	frame_support::{
		dispatch::DispatchResult,
		ensure,
		traits::Get,
		weights::{constants::ParityDbWeight, Weight},
		PalletId,
	},
	sp_runtime::traits::AccountIdConversion,
	*,
};

pub use pallet::*;

/// Names the oracle, and its account.
pub const ORACLE: PalletId = PalletId(*b"ex/oracl");
/// New tokens of an answer at the most.
const MAX_OUTPUT: u32 = 64;

#[frame_support::pallet]
pub mod pallet {
	use super::*;
	use frame_support::pallet_prelude::*;
	use frame_system::pallet_prelude::*;

	#[pallet::pallet]
	pub struct Pallet<T>(_);

	#[pallet::config]
	pub trait Config: polkadot_sdk::frame_system::Config<RuntimeEvent: From<Event<Self>>> {
		/// The market.
		type Inference: Inference<Self::AccountId>;
		/// The model that is asked.
		type Model: Get<ModelId>;
		/// Answers that are kept.
		type MaxAnswers: Get<u32>;
	}

	/// Who asked, by the job that is to answer.
	#[pallet::storage]
	pub type Questions<T: Config> = StorageMap<_, Twox64Concat, JobId, T::AccountId>;

	/// Answers, with whose they are.
	#[pallet::storage]
	pub type Answers<T: Config> =
		CountedStorageMap<_, Twox64Concat, JobId, (T::AccountId, ResultIds)>;

	#[pallet::event]
	#[pallet::generate_deposit(pub(super) fn deposit_event)]
	pub enum Event<T: Config> {
		/// A question went to the market.
		Asked { who: T::AccountId, job: JobId },
		/// The answer can be collected.
		Answered { who: T::AccountId, job: JobId },
		/// There is no answer.
		Unanswered { who: T::AccountId, job: JobId },
	}

	#[pallet::error]
	pub enum Error<T> {
		/// The oracle did not ask this.
		UnknownQuestion,
		/// There is no answer of this account's.
		NoAnswer,
		/// Answers wait to be collected.
		TooManyAnswers,
	}

	#[pallet::call]
	impl<T: Config> Pallet<T> {
		#[pallet::call_index(0)]
		#[pallet::weight(T::Inference::submit_weight(prompt.len() as u32))]
		pub fn ask(origin: OriginFor<T>, prompt: Vec<u8>) -> DispatchResult {
			let who = ensure_signed(origin)?;
			let request = Request {
				model: T::Model::get(),
				prompt,
				max_output: MAX_OUTPUT,
			};
			let job = T::Inference::submit(ORACLE.0, &Self::account(), request)?;
			Questions::<T>::insert(job, &who);
			Self::deposit_event(Event::Asked { who, job });
			Ok(())
		}

		#[pallet::call_index(1)]
		#[pallet::weight(ParityDbWeight::get().reads_writes(3, 2))]
		pub fn collect(origin: OriginFor<T>, job: JobId) -> DispatchResult {
			let who = ensure_signed(origin)?;
			let owner = Answers::<T>::get(job).map(|(owner, _)| owner);
			ensure!(owner == Some(who), Error::<T>::NoAnswer);
			Answers::<T>::remove(job);
			Ok(())
		}

		#[pallet::call_index(2)]
		#[pallet::weight(T::Inference::cancel_weight())]
		pub fn withdraw(origin: OriginFor<T>, job: JobId) -> DispatchResult {
			let who = ensure_signed(origin)?;
			let asked = Questions::<T>::get(job);
			ensure!(asked == Some(who), Error::<T>::UnknownQuestion);
			T::Inference::cancel(&Self::account(), job)
		}
	}
}

impl<T: Config> Pallet<T> {
	/// The account that pays.
	pub fn account() -> T::AccountId {
		ORACLE.into_account_truncating()
	}
}

impl<T: Config> OnResult for Pallet<T> {
	fn asker() -> AskerId {
		ORACLE.0
	}

	fn weight() -> Weight {
		ParityDbWeight::get().reads_writes(3, 3)
	}

	fn on_result(job: JobId, result: JobResult) -> DispatchResult {
		let who = Questions::<T>::take(job).ok_or(Error::<T>::UnknownQuestion)?;
		let JobResult::Served { ids, .. } = result else {
			Self::deposit_event(Event::Unanswered { who, job });
			return Ok(());
		};
		let room = Answers::<T>::count() < T::MaxAnswers::get();
		ensure!(room, Error::<T>::TooManyAnswers);
		Answers::<T>::insert(job, (&who, ids));
		Self::deposit_event(Event::Answered { who, job });
		Ok(())
	}
}
