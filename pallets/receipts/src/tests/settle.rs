use frame_support::assert_ok;
use one_primitives::{jobs::OnFinal, receipts::Outcome};
use polkadot_sdk::*;
use sp_core::H256;

use crate::{
	mock::*, Event, Expiries, ExpiryCursor, ReceiptStatus, ReceiptStub, Stubs, WeightInfo, BUCKET,
};

fn served(job: u64) {
	assign(job);
	assert_ok!(receive(sign(receipt(job, Outcome::Served))));
}

#[test]
fn record_should_collapse_to_a_stub_when_the_job_is_final() {
	run(|| {
		served(3);
		Receipts::on_final(3);
		let model = H256::repeat_byte(4);
		let stub = ReceiptStub {
			worker: WORKER,
			model,
			result_root: H256::repeat_byte(2),
			price: 7,
		};
		assert_eq!(Receipts::receipt(3), Some(ReceiptStatus::Settled(stub)));
		let settled = Event::ReceiptSettled {
			worker: WORKER,
			job: 3,
			price: 7,
		};
		assert_eq!(events().last(), Some(&settled));
	});
}

#[test]
fn final_job_should_leave_nothing_when_it_had_no_record() {
	run(|| {
		Receipts::on_final(3);
		assert_eq!(Receipts::receipt(3), None);
		assert!(events().is_empty());
	});
}

#[test]
fn stub_should_be_pruned_when_its_time_is_over_and_not_before() {
	run(|| {
		served(3);
		Receipts::on_final(3);
		advance(PERIOD);
		assert!(Receipts::receipt(3).is_some());
		advance(BUCKET);
		assert_eq!(Receipts::receipt(3), None);
		assert_eq!(Expiries::<Test>::iter().count(), 0);
	});
}

#[test]
fn stubs_should_all_be_pruned_over_blocks_when_weight_is_short() {
	run(|| {
		for job in 0..20 {
			served(job);
			Receipts::on_final(job);
		}
		MaxPoll::set(&(<() as WeightInfo>::prune_stub() * 8));
		advance(PERIOD + BUCKET);
		let left = Stubs::<Test>::iter().count();
		assert!((1..20).contains(&left), "{left}");
		Receipts::do_try_state().unwrap();
		(0..40).for_each(|_| advance(0));
		assert_eq!(Stubs::<Test>::iter().count(), 0);
		assert_eq!(ExpiryCursor::<Test>::get(), Now::get() / BUCKET);
	});
}
