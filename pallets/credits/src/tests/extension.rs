use codec::Encode;
use frame_support::{
	dispatch::{DispatchClass, DispatchInfo, GetDispatchInfo, Pays},
	pallet_prelude::TransactionSource,
	weights::Weight,
};
use one_primitives::jobs::LaneChoice;
use pallet_transaction_payment::ChargeTransactionPayment;
use scale_info::TypeInfo;
use sp_runtime::{
	traits::{DispatchTransaction, Dispatchable, TransactionExtension},
	transaction_validity::{InvalidTransaction, TransactionValidityError, ValidTransaction},
	DispatchResultWithInfo,
};

use super::*;
use crate::extension::{LONGEVITY, PRIORITY};

const LEN: usize = 10;
/// Base fee, weight fee and length fee.
const FEE: Balance = 100 + 100 + LEN as Balance;

fn extension(tip: Balance) -> Extension {
	ChargeTransactionPayment::from(tip).into()
}

fn info(call: &RuntimeCall) -> DispatchInfo {
	DispatchInfo {
		extension_weight: extension(0).weight(call),
		..call.get_dispatch_info()
	}
}

fn validate_tipped(
	who: AccountId,
	tip: Balance,
	call: &RuntimeCall,
) -> Result<ValidTransaction, TransactionValidityError> {
	let origin = RuntimeOrigin::signed(who);
	extension(tip)
		.validate_only(
			origin,
			call,
			&info(call),
			LEN,
			TransactionSource::External,
			0,
		)
		.map(|(validity, ..)| validity)
}

fn validate(
	who: AccountId,
	call: &RuntimeCall,
) -> Result<ValidTransaction, TransactionValidityError> {
	validate_tipped(who, 0, call)
}

type Applied = Result<
	DispatchResultWithInfo<<RuntimeCall as Dispatchable>::PostInfo>,
	TransactionValidityError,
>;

fn apply_tipped(who: AccountId, tip: Balance, call: RuntimeCall) -> Applied {
	let info = info(&call);
	extension(tip).dispatch_transaction(RuntimeOrigin::signed(who), call, &info, LEN, 0)
}

fn apply(who: AccountId, call: RuntimeCall) -> Applied {
	apply_tipped(who, 0, call)
}

fn custom(code: u8) -> TransactionValidityError {
	InvalidTransaction::Custom(code).into()
}

fn free(who: AccountId) -> Balance {
	Balances::free_balance(who)
}

#[test]
fn submission_should_cost_credits_and_no_fee_when_nothing_is_free() {
	build_and_execute(|| {
		poor_holder();
		assert_ok!(apply(1, submit(3, 1_000)).unwrap());
		assert_eq!(free(1), ED);
		assert_eq!(Credits::available(&1), GIGA - ADMISSION - 1_000);
		assert!(events().contains(&Event::Admitted {
			who: 1,
			slot: 3,
			charged: ADMISSION
		}));
	});
}

#[test]
fn submission_should_come_after_those_who_pay() {
	build_and_execute(|| {
		poor_holder();
		let validity = validate(1, &submit(3, 1_000)).unwrap();
		assert_eq!(validity.longevity, LONGEVITY);
		Balances::force_set_balance(RuntimeOrigin::root(), 2, 1_000_000).unwrap();
		let paid = validate(2, &submit_in(LaneChoice::Dedicated, 0, 1)).unwrap();
		assert_eq!(validity.priority, PRIORITY);
		assert!(paid.priority > validity.priority);
	});
}

#[test]
fn submission_should_be_refused_by_number_when_something_is_missing() {
	build_and_execute(|| {
		poor_holder();
		assert_eq!(validate(5, &submit(0, 1)), Err(custom(1)));
		World::enter(5, Some(0));
		assert_eq!(validate(5, &submit(0, 1)), Err(custom(2)));
		assert_eq!(validate(1, &submit(0, GIGA / 2 + 1)), Err(custom(7)));
		assert_eq!(validate(1, &submit(4, 1)), Err(custom(13)));
		assert_ok!(apply(1, submit(0, GIGA / 2)).unwrap());
		assert_eq!(validate(1, &submit(0, 1)), Err(custom(4)));
		assert_eq!(validate(1, &submit(1, GIGA / 2)), Err(custom(3)));
		assert_eq!(validate(1, &cancel(9)), Err(custom(10)));
		assert_eq!(validate(5, &cancel(0)), Err(custom(11)));
	});
}

#[test]
fn submission_should_be_refused_when_credits_cover_the_job_but_not_its_admission() {
	build_and_execute(|| {
		poor_holder();
		assert_ok!(apply(1, submit(0, GIGA / 2 - ADMISSION)).unwrap());
		assert_eq!(Credits::available(&1), GIGA / 2);
		assert_eq!(validate(1, &submit(1, GIGA / 2)), Err(custom(3)));
		assert_ok!(validate(1, &submit(1, GIGA / 2 - ADMISSION)));
	});
}

#[test]
fn refused_submissions_should_change_no_state() {
	build_and_execute(|| {
		poor_holder();
		let root = sp_io::storage::root(sp_runtime::StateVersion::V1);
		for slot in 0..=250 {
			assert!(apply(5, submit(slot, 1)).is_err());
			assert!(apply(1, submit(4 + slot % 100, 1)).is_err());
			assert!(apply(1, submit(0, GIGA)).is_err());
			assert!(apply(1, cancel(slot.into())).is_err());
		}
		assert_eq!(root, sp_io::storage::root(sp_runtime::StateVersion::V1));
	});
}

#[test]
fn admission_should_be_kept_when_the_dispatch_fails() {
	build_and_execute(|| {
		poor_holder();
		let call = submit(0, 1_000);
		let info = info(&call);
		let result = extension(0)
			.test_run(RuntimeOrigin::signed(1), &call, &info, LEN, 0, |_| {
				Err(sp_runtime::DispatchError::Other("something else went wrong").into())
			})
			.unwrap();
		assert!(result.is_err());
		assert_eq!(Credits::available(&1), GIGA - ADMISSION);
		assert_eq!(free(1), ED);
	});
}

#[test]
fn fee_should_be_paid_when_a_tip_is_given() {
	build_and_execute(|| {
		poor_holder();
		assert_eq!(
			validate_tipped(1, 1, &submit(0, 1_000)),
			Err(InvalidTransaction::Payment.into())
		);
		Balances::force_set_balance(RuntimeOrigin::root(), 1, 10_000).unwrap();
		assert_ok!(apply_tipped(1, 5, submit(0, 1_000)).unwrap());
		assert_eq!(free(1), 10_000 - FEE - 5);
		assert_eq!(Credits::available(&1), GIGA - 1_000);
	});
}

#[test]
fn fee_should_be_paid_when_the_lane_or_the_call_is_another() {
	build_and_execute(|| {
		poor_holder();
		let remark = RuntimeCall::System(frame_system::Call::remark { remark: vec![] });
		for call in [submit_in(LaneChoice::Dedicated, 0, 1), remark] {
			assert_eq!(validate(1, &call), Err(InvalidTransaction::Payment.into()));
		}
	});
}

#[test]
fn fee_should_be_waived_while_credits_cover_the_job_and_paid_when_vouchers_do() {
	build_and_execute(|| {
		poor_holder();
		let first = |slot| submit_in(LaneChoice::IncludedFirst, slot, GIGA / 2);
		assert_eq!(validate(1, &first(0)), validate(1, &submit(0, 1)));
		assert_ok!(apply(1, first(0)).unwrap());
		assert_eq!(Credits::available(&1), GIGA / 2 - ADMISSION);
		// Nothing is free to pay the fee of the other lane with.
		assert_eq!(
			validate(1, &first(1)),
			Err(InvalidTransaction::Payment.into())
		);
		Balances::force_set_balance(RuntimeOrigin::root(), 1, 10_000).unwrap();
		assert_ok!(apply(1, first(1)).unwrap());
		assert_eq!(free(1), 10_000 - FEE);
		assert_eq!(Credits::available(&1), GIGA / 2 - ADMISSION);
	});
}

#[test]
fn cancellation_should_be_free_when_the_owner_sends_it() {
	build_and_execute(|| {
		poor_holder();
		assert_ok!(apply(1, submit(0, 1_000)).unwrap());
		assert_ok!(apply(1, cancel(0)).unwrap());
		assert_eq!(free(1), ED);
		assert_eq!(Credits::available(&1), GIGA - ADMISSION);
		assert_eq!(validate(1, &cancel(0)), Err(custom(10)));
	});
}

#[test]
fn delegate_should_submit_and_cancel_for_its_holder_without_a_balance() {
	build_and_execute(|| {
		poor_holder();
		assert_eq!(validate(5, &submit(0, 1)), Err(custom(1)));
		Principals::insert(5, 1);
		assert_ok!(apply(5, submit(0, GIGA / 2)).unwrap());
		assert_eq!(free(5), 0);
		assert_eq!(Credits::available(&1), GIGA / 2 - ADMISSION);
		assert_eq!(Credits::credits(&5), Credits::credits(&1));
		assert!(events().contains(&Event::Admitted {
			who: 1,
			slot: 0,
			charged: ADMISSION
		}));
		// Slots and credits are the holder's.
		for who in [1, 5] {
			assert_eq!(validate(who, &submit(0, 1)), Err(custom(4)));
			assert_eq!(validate(who, &submit(1, GIGA / 2)), Err(custom(3)));
		}
		assert_ok!(apply(5, cancel(0)).unwrap());
		assert_eq!(Credits::available(&1), GIGA - ADMISSION);
	});
}

#[test]
fn delegate_should_spend_nothing_more_when_it_is_revoked() {
	build_and_execute(|| {
		poor_holder();
		Principals::insert(5, 1);
		assert_ok!(apply(5, submit(0, GIGA / 2)).unwrap());
		Principals::remove(5);
		assert_eq!(validate(5, &submit(1, 1)), Err(custom(1)));
		assert_eq!(validate(5, &cancel(0)), Err(custom(11)));
		assert_eq!(Credits::credits(&5).available, 0);
		assert_ok!(apply(1, cancel(0)).unwrap());
		assert_eq!(Credits::available(&1), GIGA - ADMISSION);
	});
}

#[test]
fn block_should_be_shared_when_many_pay_nothing() {
	build_and_execute(|| {
		poor_holder();
		let quarter = Credits::block_share().saturating_div(4).saturating_mul(3);
		let heavy = DispatchInfo {
			call_weight: quarter,
			extension_weight: Weight::zero(),
			class: DispatchClass::Normal,
			pays_fee: Pays::Yes,
		};
		let send = |slot| {
			let origin = RuntimeOrigin::signed(1);
			extension(0).dispatch_transaction(origin, submit(slot, 1), &heavy, LEN, 0)
		};
		assert_ok!(send(0).unwrap());
		let left = Credits::available(&1);
		assert_eq!(
			send(1).unwrap_err(),
			InvalidTransaction::ExhaustsResources.into()
		);
		assert_eq!(Credits::available(&1), left);
		next_block();
		assert_ok!(send(1).unwrap());
	});
}

#[test]
fn leaving_should_be_paid_out_of_the_stake_when_nothing_is_free() {
	build_and_execute(|| {
		poor_holder();
		assert_ok!(apply(1, leave()).unwrap());
		assert_eq!(free(1), ED);
		assert_eq!(Stakes::get(1), 1_000 - FEE);
	});
}

#[test]
fn leaving_should_be_paid_by_a_fee_when_something_is_free() {
	build_and_execute(|| {
		holder(1, 0);
		Balances::force_set_balance(RuntimeOrigin::root(), 1, 10_000).unwrap();
		assert_ok!(apply(1, leave()).unwrap());
		assert_eq!(free(1), 10_000 - FEE);
		assert_eq!(Stakes::get(1), 1_000);
	});
}

#[test]
fn leaving_should_be_refused_when_nothing_pays() {
	build_and_execute(|| {
		next_block();
		assert_eq!(
			validate(5, &leave()),
			Err(InvalidTransaction::Payment.into())
		);
		Stakes::insert(5, FEE - 1);
		assert_eq!(
			validate(5, &leave()),
			Err(InvalidTransaction::Payment.into())
		);
		Stakes::insert(5, FEE);
		assert_ok!(validate(5, &leave()));
		assert_eq!(
			validate_tipped(5, 1, &leave()),
			Err(InvalidTransaction::Payment.into())
		);
	});
}

#[test]
fn unsigned_should_be_left_to_the_inner_extension() {
	build_and_execute(|| {
		poor_holder();
		let call = submit(0, 1);
		let validated = extension(0).validate_only(
			RuntimeOrigin::none(),
			&call,
			&info(&call),
			LEN,
			TransactionSource::External,
			0,
		);
		assert!(validated.is_err());
	});
}

#[test]
fn wallets_should_see_the_inner_extension() {
	type Inner = ChargeTransactionPayment<Test>;
	assert_eq!(extension(7).encode(), Inner::from(7).encode());
	assert_eq!(Extension::type_info(), Inner::type_info());
	assert_eq!(
		<Extension as TransactionExtension<RuntimeCall>>::IDENTIFIER,
		<Inner as TransactionExtension<RuntimeCall>>::IDENTIFIER
	);
}

#[test]
fn unused_weight_should_come_back_when_the_inner_extension_was_skipped() {
	build_and_execute(|| {
		poor_holder();
		let call = submit(0, 1_000);
		let reserved = info(&call).total_weight();
		let post = apply(1, call).unwrap().unwrap();
		let used = post.actual_weight.unwrap();
		let inner: Weight = ChargeTransactionPayment::<Test>::from(0).weight(&leave());
		assert_eq!(reserved.saturating_sub(used), inner);
	});
}
