//! What a client asks of the credits.

use codec::Codec;
use polkadot_sdk::*;

use crate::CreditStatus;

sp_api::decl_runtime_apis! {
	/// Credits of an account.
	pub trait CreditsApi<AccountId>
	where
		AccountId: Codec,
	{
		/// What `who` has today, and when it resets.
		fn credits(who: AccountId) -> CreditStatus;
	}
}
