use one_primitives::{capacity::ProvenCapacity, receipts::Outcome};

use crate::{mock::*, ThroughputRecord, PROOF_DAYS};

#[test]
fn receipts_should_prove_what_they_charge() {
	with_workers(|| {
		assert_eq!(Jobs::cu_per_day(), 0);
		for slot in 0..2 {
			let id = submit_assigned(ALICE, slot);
			complete(&receipt(id, Outcome::Served)).unwrap();
		}
		assert_eq!(Jobs::cu_per_day(), 2 * FLOOR);
		let id = submit_assigned(BOB, 0);
		complete(&receipt(id, Outcome::Refused)).unwrap();
		assert_eq!(Jobs::cu_per_day(), 2 * FLOOR);
	});
}

#[test]
fn best_day_should_count_until_its_proof_is_old_or_a_better_one_comes() {
	let mut record = ThroughputRecord::default();
	record.note(100, 70);
	record.note(100, 30);
	record.note(101, 40);
	assert_eq!(record.best(101), 100);
	record.note(102, 60);
	assert_eq!(record.best(100 + PROOF_DAYS), 100);
	assert_eq!(record.best(101 + PROOF_DAYS), 60);
	assert_eq!(record.best(103 + PROOF_DAYS), 0);
	// The best of what is left replaces the old one.
	record.note(101 + PROOF_DAYS, 10);
	assert_eq!((record.best, record.best_day), (60, 102));
	record.note(102 + PROOF_DAYS, 80);
	record.note(103 + PROOF_DAYS, 1);
	assert_eq!(record.best(103 + PROOF_DAYS), 80);
}
