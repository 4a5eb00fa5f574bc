//! How pauses begin and end.

use frame_support::{
	ensure,
	traits::{Contains, Get},
};
use one_primitives::{
	clock::Clock,
	jobs::Lane,
	models::{ModelId, Models},
	pauses::Pauses as PausesApi,
	Moment,
};
use polkadot_sdk::*;
use sp_runtime::DispatchResult;

use crate::{Config, Error, Event, Pallet, Pause, Pauses, Subject, MAX_LENGTH};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_pause(subject: Subject) -> DispatchResult {
		Self::check(&subject)?;
		let now = T::Clock::utc();
		let until = now.saturating_add(T::Length::get().min(MAX_LENGTH));
		let again = until.saturating_add(T::Respite::get());
		Pauses::<T>::try_mutate(|pauses| {
			pauses.retain(|pause| pause.again > now);
			if let Some(pause) = pauses.iter().find(|pause| pause.subject == subject) {
				return Err(Self::obstacle(pause, now));
			}
			let pause = Pause {
				subject: subject.clone(),
				until,
				again,
			};
			let pushed = pauses.try_push(pause);
			pushed.map_err(|_| Error::<T>::TooManyPauses)
		})?;
		Self::deposit_event(Event::Paused { subject, until });
		Ok(())
	}

	pub(crate) fn do_resume(subject: Subject) -> DispatchResult {
		let now = T::Clock::utc();
		Pauses::<T>::try_mutate(|pauses| {
			let mut at_hand = pauses.iter_mut().filter(|pause| pause.until > now);
			let pause = at_hand.find(|pause| pause.subject == subject);
			pause.ok_or(Error::<T>::NotPaused)?.until = now;
			Ok::<_, Error<T>>(())
		})?;
		Self::deposit_event(Event::Resumed { subject });
		Ok(())
	}

	/// Whether there is such a thing to pause.
	fn check(subject: &Subject) -> Result<(), Error<T>> {
		match subject {
			Subject::Model(id) => ensure!(T::Models::is_registered(id), Error::<T>::UnknownModel),
			Subject::Pallet(name) => {
				ensure!(T::Pausable::contains(name), Error::<T>::NotPausable)
			}
			Subject::Lane(_) => {}
		}
		Ok(())
	}

	/// Why the subject of `pause` cannot be paused now.
	fn obstacle(pause: &Pause, now: Moment) -> Error<T> {
		if pause.until > now {
			Error::<T>::AlreadyPaused
		} else {
			Error::<T>::RespiteRunning
		}
	}

	/// UTC until which a subject that `is` the one looked for is paused, if it is.
	fn until(is: impl Fn(&Subject) -> bool) -> Option<Moment> {
		let now = T::Clock::utc();
		let pauses = Pauses::<T>::get();
		let mut at_hand = pauses.iter().filter(|pause| pause.until > now);
		let pause = at_hand.find(|pause| is(&pause.subject))?;
		Some(pause.until)
	}

	/// UTC until which the calls of the pallet `name` are paused, if they are.
	pub fn pallet(name: &[u8]) -> Option<Moment> {
		Self::until(|subject| matches!(subject, Subject::Pallet(paused) if paused[..] == *name))
	}
}

impl<T: Config> PausesApi for Pallet<T> {
	fn model(model: &ModelId) -> Option<Moment> {
		Self::until(|subject| *subject == Subject::Model(*model))
	}

	fn lane(lane: Lane) -> Option<Moment> {
		Self::until(|subject| *subject == Subject::Lane(lane))
	}
}

#[cfg(any(feature = "try-runtime", feature = "std"))]
impl<T: Config> Pallet<T> {
	/// Checks the invariants of the README.
	pub fn do_try_state() -> Result<(), sp_runtime::TryRuntimeError> {
		let now = T::Clock::utc();
		let pauses = Pauses::<T>::get();
		for (index, pause) in pauses.iter().enumerate() {
			let mut others = pauses.iter().skip(index.saturating_add(1));
			ensure!(
				others.all(|other| other.subject != pause.subject),
				"1: a subject is listed twice"
			);
			ensure!(
				pause.until <= now.saturating_add(MAX_LENGTH),
				"2: a pause lasts for more than a day"
			);
			ensure!(
				pause.until <= pause.again,
				"3: a pause may follow before this one is over"
			);
		}
		Ok(())
	}
}
