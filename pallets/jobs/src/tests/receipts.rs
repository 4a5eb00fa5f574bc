use frame_support::{assert_noop, assert_ok};
use one_primitives::{
	jobs::{JobId, Market},
	receipts::{Outcome, Receipt},
	settlement::PaidReceipt,
	workers::SlotUse,
};
use polkadot_sdk::*;

use crate::{mock::*, Error, Event, Payloads, Slots, State};

#[test]
fn served_receipt_should_charge_what_was_used_and_free_the_rest() {
	with_workers(|| {
		submit_sized(500);
		let worker = worker_of(0);
		let served = Receipt {
			output_tokens: 100,
			..receipt(0, Outcome::Served)
		};
		assert_eq!(Jobs::assigned(&served), Some(System::parent_hash()));
		let (charged, price) = complete(&served).unwrap();
		// 12 / 4 + 100 tokens of 20 CU, attention of 100 x (12 + 49.5) / 1000, 20 for the bytes.
		assert_eq!(charged, 2_060 + 7 + 20);
		assert_eq!(price, 208);
		assert_eq!(free_credits(ALICE), CREDITS - charged);
		assert_eq!(SlotUses::get(), [(worker, SlotUse::Served)]);
		assert_eq!(Accrued::get()[&worker], price);
		let completed = Event::JobCompleted {
			who: ALICE,
			job: 0,
			worker,
			charged,
			price,
		};
		assert_eq!(events().last(), Some(&completed));
	});
}

#[test]
fn served_receipt_should_show_how_fast_the_worker_is_from_its_acceptance_on() {
	with_workers(|| {
		let id = submit_accepted(ALICE, 0);
		let worker = worker_of(id);
		Now::set(&(Now::get() + 20_000));
		let served = Receipt {
			output_tokens: 1,
			..receipt(id, Outcome::Served)
		};
		assert_ok!(complete(&served));
		let [(who, work, time)] = Rates::get()[..] else {
			panic!("one job was served");
		};
		assert_eq!((who, time), (worker, 20_000));
		// 12 / 4 + 1 tokens of 20 CU and their attention: whatever the bytes and the least charge are.
		assert_eq!(work, 81);
		// One that was not accepted before its receipt shows nothing.
		let id = submit_assigned(ALICE, 1);
		assert_ok!(complete(&receipt(id, Outcome::Served)));
		assert_eq!(Rates::get().len(), 1);
	});
}

#[test]
fn served_receipt_should_charge_the_floor_when_less_was_used() {
	with_workers(|| {
		let id = submit_assigned(ALICE, 0);
		let short = Receipt {
			output_tokens: 0,
			..receipt(id, Outcome::Served)
		};
		assert_ok!(complete(&short), (FLOOR, 100));
	});
}

#[test]
fn served_job_should_free_its_slot_at_once_and_its_prompt_when_final() {
	with_workers(|| {
		let id = submit_accepted(ALICE, 0);
		let served = receipt(id, Outcome::Served);
		assert_ok!(complete(&served));
		assert_eq!(Slots::<Test>::get(ALICE, 0), None);
		assert!(Payloads::<Test>::contains_key(id));
		let Some(State::Completed { worker, price, .. }) = state(id) else {
			panic!("not served")
		};
		advance(600_000);
		assert!(state(id).is_some(), "a deadline does not pass early");
		advance(2_000);
		assert_eq!(state(id), None);
		assert!(!Payloads::<Test>::contains_key(id));
		let paid = PaidReceipt {
			job: id,
			receipt: served.hash(),
			amount: price,
		};
		assert_eq!(Matured::get(), [(worker, paid)]);
		assert_eq!(Finals::get(), [id]);
		assert_eq!(
			events(),
			[Event::JobFinalized {
				worker,
				job: id,
				price
			}]
		);
	});
}

#[test]
fn refused_receipt_should_free_everything_and_blame_no_worker() {
	with_workers(|| {
		let id = submit_accepted(ALICE, 0);
		let (first, reserved) = (worker_of(id), job(id).reserved);
		assert_ok!(complete(&receipt(id, Outcome::Refused)), (0, 0));
		assert_eq!(Unanswerable::get(), 0, "it is the word of one worker");
		next_block();
		let worker = worker_of(id);
		assert_ok!(complete(&receipt(id, Outcome::Refused)), (0, 0));
		assert_eq!(Unanswerable::get(), reserved, "its owner is to blame");
		assert_eq!(state(id), None);
		assert_eq!(free_credits(ALICE), CREDITS);
		let unused = [first, worker].map(|worker| (worker, SlotUse::Unused));
		assert_eq!(SlotUses::get(), unused);
		assert_eq!(
			events().last(),
			Some(&Event::JobRefused {
				who: ALICE,
				job: id,
				worker
			})
		);
		assert_eq!(Finals::get(), [id]);
	});
}

fn forged(id: JobId) -> Vec<Receipt<AccountId>> {
	let real = receipt(id, Outcome::Served);
	vec![
		Receipt {
			job: 9,
			..real.clone()
		},
		Receipt {
			attempt: 2,
			..real.clone()
		},
		Receipt {
			model: model(2),
			..real.clone()
		},
		Receipt {
			worker: 999,
			..real
		},
	]
}

#[test]
fn receipt_should_be_refused_when_it_is_not_of_the_current_attempt() {
	with_workers(|| {
		let id = submit_accepted(ALICE, 0);
		for forged in forged(id) {
			assert_eq!(Jobs::assigned(&forged), None);
			assert_noop!(complete(&forged), Error::<Test>::StaleAttempt);
		}
		let real = receipt(id, Outcome::Served);
		assert_ok!(complete(&real));
		assert_eq!(Jobs::assigned(&real), None);
		assert_noop!(complete(&real), Error::<Test>::StaleAttempt);
	});
}

#[test]
fn receipt_should_be_refused_when_it_states_more_than_was_asked() {
	with_workers(|| {
		let id = submit_accepted(ALICE, 0);
		let real = receipt(id, Outcome::Served);
		let excessive = [
			Receipt {
				input_tokens: 21,
				..real.clone()
			},
			Receipt {
				output_tokens: 21,
				..real.clone()
			},
			Receipt {
				requests: 2,
				..real.clone()
			},
			Receipt {
				requests: 0,
				..real.clone()
			},
		];
		for receipt in excessive {
			assert_noop!(complete(&receipt), Error::<Test>::ExcessiveReceipt);
		}
		assert_ok!(complete(&Receipt {
			input_tokens: 20,
			output_tokens: 20,
			..real
		}));
	});
}

#[test]
fn receipt_should_change_nothing_when_the_books_object() {
	with_workers(|| {
		let id = submit_accepted(ALICE, 0);
		BooksBroken::set(&true);
		let served = receipt(id, Outcome::Served);
		assert_noop!(complete(&served), sp_runtime::DispatchError::Corruption);
		BooksBroken::set(&false);
		assert_ok!(complete(&served));
	});
}
