use codec::Encode;
use frame_support::{dispatch::GetDispatchInfo, pallet_prelude::TransactionSource};
use frame_system::CheckNonce;
use one_primitives::jobs::LaneChoice;
use scale_info::TypeInfo;
use sp_runtime::{
	traits::{DispatchTransaction, TransactionExtension},
	transaction_validity::{InvalidTransaction, TransactionValidityError, ValidTransaction},
};

use super::*;
use crate::CheckNextNonce;

fn validate(nonce: u32, call: &RuntimeCall) -> Result<ValidTransaction, TransactionValidityError> {
	let origin = RuntimeOrigin::signed(1);
	let info = call.get_dispatch_info();
	CheckNextNonce::<Test>::from(nonce)
		.validate_only(origin, call, &info, 0, TransactionSource::External, 0)
		.map(|(validity, ..)| validity)
}

#[test]
fn free_calls_should_be_refused_when_their_nonce_is_ahead() {
	build_and_execute(|| {
		poor_holder();
		for call in [submit(0, 1), cancel(0)] {
			assert!(validate(0, &call).unwrap().requires.is_empty());
			for nonce in [1, 2, u32::MAX] {
				assert_eq!(
					validate(nonce, &call),
					Err(InvalidTransaction::Future.into())
				);
			}
		}
		System::inc_account_nonce(1);
		assert_eq!(
			validate(0, &submit(0, 1)),
			Err(InvalidTransaction::Stale.into())
		);
	});
}

#[test]
fn other_calls_should_wait_for_the_nonce_before_theirs() {
	build_and_execute(|| {
		poor_holder();
		for call in [leave(), submit_in(LaneChoice::Dedicated, 0, 1)] {
			assert_eq!(
				validate(5, &call).unwrap().requires,
				vec![(1u64, 4u32).encode()]
			);
		}
	});
}

#[test]
fn nonce_should_rise_when_a_call_is_dispatched() {
	build_and_execute(|| {
		poor_holder();
		let (call, extension) = (submit(0, 1_000), CheckNextNonce::<Test>::from(0));
		let info = call.get_dispatch_info();
		let origin = RuntimeOrigin::signed(1);
		assert_ok!(extension
			.dispatch_transaction(origin, call, &info, 0, 0)
			.unwrap());
		assert_eq!(System::account_nonce(1), 1);
	});
}

#[test]
fn wallets_should_see_check_nonce() {
	type Inner = CheckNonce<Test>;
	assert_eq!(
		CheckNextNonce::<Test>::from(7).encode(),
		Inner::from(7).encode()
	);
	assert_eq!(CheckNextNonce::<Test>::type_info(), Inner::type_info());
	assert_eq!(
		<CheckNextNonce<Test> as TransactionExtension<RuntimeCall>>::IDENTIFIER,
		<Inner as TransactionExtension<RuntimeCall>>::IDENTIFIER
	);
}
