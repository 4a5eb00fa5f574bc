//! What an offence costs.

use frame_support::{
	defensive,
	storage::with_storage_layer,
	traits::{Get, ValidatorSet},
};
use pallet_session::SessionInterface;
use polkadot_sdk::*;
use sp_runtime::{DispatchError, DispatchResult, Perbill, SaturatedConversion, Weight};
use sp_staking::{
	offence::{OffenceDetails, OffenceSeverity, OnOffenceHandler},
	SessionIndex,
};

use crate::{
	BalanceOf, Config, Conviction, Convictions, Event, LedgerOf, Ledgers, Offence, Pallet, Status,
	WeightInfo,
};

impl<T: Config> OnOffenceHandler<T::AccountId, (T::AccountId, BalanceOf<T>), Weight> for Pallet<T> {
	/// Convicts who equivocated, and disables it until its session ends. At most a third of a set
	/// is ever disabled.
	///
	/// The list names all who did so at the same time, those reported earlier too; for them only
	/// the fraction can rise.
	fn on_offence(
		offenders: &[OffenceDetails<T::AccountId, (T::AccountId, BalanceOf<T>)>],
		fractions: &[Perbill],
		session: SessionIndex,
	) -> Weight {
		for (details, fraction) in offenders.iter().zip(fractions) {
			let (who, exposure) = &details.offender;
			let fraction = (*fraction).max(T::EquivocationSlash::get());
			let conviction = Conviction {
				offence: Offence::Equivocation,
				fraction,
			};
			if Self::convict(who, *exposure, session, conviction) {
				T::Sessions::report_offence(who.clone(), OffenceSeverity(fraction));
			}
		}
		T::WeightInfo::on_offence(offenders.len().saturated_into())
	}
}

impl<T: Config> Pallet<T> {
	/// Slashes `who` and takes it off the candidates. Returns whether this offence of that session is
	/// news: of several, only the largest fraction is taken.
	pub(crate) fn convict(
		who: &T::AccountId,
		exposure: BalanceOf<T>,
		session: SessionIndex,
		conviction: Conviction,
	) -> bool {
		let outcome = with_storage_layer(|| Self::do_convict(who, exposure, session, conviction));
		outcome.unwrap_or_else(|error| {
			defensive!("a conviction failed", error);
			false
		})
	}

	fn do_convict(
		who: &T::AccountId,
		exposure: BalanceOf<T>,
		session: SessionIndex,
		Conviction { offence, fraction }: Conviction,
	) -> Result<bool, DispatchError> {
		let before = Convictions::<T>::get(session, who);
		let is_news = before.is_none_or(|before| before.offence != offence);
		let paid = before.map(|before| before.fraction).unwrap_or_default();
		let fraction = fraction.max(paid);
		let amount = fraction.mul_floor(exposure) - paid.mul_floor(exposure);
		let mut ledger = Ledgers::<T>::get(who).unwrap_or_default();
		if is_news {
			Self::take_off(who, &mut ledger, offence)?;
			Self::deposit_event(Event::Convicted {
				who: who.clone(),
				offence,
				session,
			});
		}
		Convictions::<T>::insert(session, who, Conviction { offence, fraction });
		Self::defer_slash(who, &mut ledger, amount, offence, session)?;
		Self::store(who, &ledger);
		Ok(is_news)
	}

	/// Keeps `who` off the candidates for the rest of this session.
	fn take_off(who: &T::AccountId, ledger: &mut LedgerOf<T>, offence: Offence) -> DispatchResult {
		let until = T::Sessions::session_index().saturating_add(1);
		Self::transition(who, ledger, Status::Convicted { offence, until })
	}
}
