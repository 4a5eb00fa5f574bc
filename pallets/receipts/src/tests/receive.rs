use frame_support::{assert_noop, assert_ok};
use one_primitives::{
	inference::ResultIds,
	receipts::{result_root, Finish, Outcome, Receipt, Receipts as _, SignedReceipt},
	workers::crypto::{WorkerPair, WorkerSignature},
};
use polkadot_sdk::*;
use sp_core::{Pair, H256};

use crate::{mock::*, Error, Event, ReceiptRecord, ReceiptStatus, Records};

#[test]
fn receive_should_record_what_the_worker_signed() {
	run(|| {
		assign(3);
		let signed = sign(receipt(3, Outcome::Served));
		assert!(Receipts::is_wanted(&signed.receipt));
		assert_ok!(receive(signed.clone()));
		let record = ReceiptRecord {
			receipt: signed.receipt,
			signature: signed.signature.into(),
			assigned: fork(3),
			block: 1,
			charged: 50,
			price: 7,
		};
		assert_eq!(Receipts::receipt(3), Some(ReceiptStatus::Recorded(record)));
	});
}

#[test]
fn receive_should_tell_everything_in_its_event() {
	run(|| {
		assign(3);
		assert_ok!(receive(sign(receipt(3, Outcome::Served))));
		let accepted = Event::ReceiptAccepted {
			worker: WORKER,
			job: 3,
			model: H256::repeat_byte(4),
			request_root: H256::repeat_byte(1),
			result_root: H256::repeat_byte(2),
			trace_root: H256::repeat_byte(3),
			input_tokens: 12,
			output_tokens: 5,
			outcome: Outcome::Served,
			finish: Finish::Stop,
			charged: 50,
			price: 7,
		};
		assert_eq!(events(), [accepted]);
	});
}

#[test]
fn receive_should_only_move_the_job_on_when_it_was_not_served() {
	run(|| {
		for (job, outcome) in [(1, Outcome::Failed), (2, Outcome::Refused)] {
			assign(job);
			assert_ok!(receive(sign(receipt(job, outcome))));
			assert_eq!(Receipts::receipt(job), None);
		}
		assert_eq!(events().len(), 2);
		assert!(Assigned::get().is_empty());
	});
}

#[test]
fn receive_should_refuse_when_the_receipt_was_taken_already() {
	run(|| {
		assign(3);
		let signed = sign(receipt(3, Outcome::Served));
		assert_ok!(receive(signed.clone()));
		assert!(!Receipts::is_wanted(&signed.receipt));
		assert_noop!(receive(signed), Error::<Test>::StaleReceipt);
	});
}

#[test]
fn receive_should_refuse_when_the_signature_is_of_something_else() {
	run(|| {
		assign(3);
		let real = receipt(3, Outcome::Served);
		let mut tampered = sign(real.clone());
		tampered.receipt.output_tokens += 1;
		let forged = [
			tampered,
			sign_for(H256::zero(), fork(3), real.clone()),
			sign_for(GENESIS, fork(4), real),
		];
		for signed in forged {
			assert_noop!(receive(signed), Error::<Test>::BadSignature);
		}
		assert_eq!(Records::<Test>::iter().count(), 0);
	});
}

#[test]
fn receive_should_refuse_when_another_key_signed() {
	run(|| {
		assign(3);
		let thief = WorkerPair::from_string("//Thief", None).unwrap();
		let signed = sign(receipt(3, Outcome::Served));
		let result = Receipts::receive(signed, &thief.public());
		assert_eq!(result, Err(Error::<Test>::BadSignature.into()));
	});
}

#[test]
fn receive_should_refuse_when_the_attempt_is_not_current() {
	run(|| {
		assign(3);
		let real = receipt(3, Outcome::Served);
		let stale = [
			Receipt {
				job: 4,
				..real.clone()
			},
			Receipt {
				attempt: 2,
				..real.clone()
			},
			Receipt {
				worker: WORKER + 1,
				..real
			},
		];
		for receipt in stale {
			assert_noop!(receive(sign(receipt)), Error::<Test>::StaleReceipt);
		}
	});
}

type Signed = SignedReceipt<AccountId, WorkerSignature>;

/// A receipt of job 3 for `stated`, that carries `carried`.
fn with_ids(outcome: Outcome, stated: &[u32], carried: &[u32]) -> Signed {
	let receipt = Receipt {
		output_tokens: stated.len() as u32,
		result_root: result_root(stated),
		..receipt(3, outcome)
	};
	Signed {
		ids: ResultIds::truncate_from(carried.to_vec()),
		..sign(receipt)
	}
}

#[test]
fn receive_should_deliver_the_ids_after_the_record_when_a_pallet_waits() {
	run(|| {
		assign(3);
		Awaited::set(&vec![3]);
		assert_ok!(receive(with_ids(Outcome::Served, &[7, 8, 9], &[7, 8, 9])));
		assert_eq!(Delivered::get(), [(3, vec![7, 8, 9], true)]);
	});
}

#[test]
fn receive_should_take_an_empty_answer_when_a_pallet_waits() {
	run(|| {
		assign(3);
		Awaited::set(&vec![3]);
		assert_ok!(receive(with_ids(Outcome::Served, &[], &[])));
		assert_eq!(Delivered::get(), [(3, vec![], true)]);
	});
}

#[test]
fn receive_should_refuse_when_the_ids_are_not_of_the_result_root() {
	run(|| {
		assign(3);
		Awaited::set(&vec![3]);
		for carried in [&[7, 9, 8][..], &[7, 8], &[7, 8, 9, 0], &[]] {
			let signed = with_ids(Outcome::Served, &[7, 8, 9], carried);
			assert_noop!(receive(signed), Error::<Test>::WrongIds);
		}
		let mut miscounted = with_ids(Outcome::Served, &[7, 8, 9], &[7, 8, 9]).receipt;
		miscounted.output_tokens = 2;
		let signed = Signed {
			ids: ResultIds::truncate_from(vec![7, 8, 9]),
			..sign(miscounted)
		};
		assert_noop!(receive(signed), Error::<Test>::WrongIds);
	});
}

#[test]
fn receive_should_refuse_ids_when_nobody_waits_or_the_job_was_not_served() {
	run(|| {
		assign(3);
		let unasked = with_ids(Outcome::Served, &[7], &[7]);
		assert_noop!(receive(unasked), Error::<Test>::WrongIds);
		Awaited::set(&vec![3]);
		let failed = with_ids(Outcome::Failed, &[7], &[7]);
		assert_noop!(receive(failed), Error::<Test>::WrongIds);
		assert_ok!(receive(with_ids(Outcome::Failed, &[], &[])));
		assert!(Delivered::get().is_empty());
	});
}
