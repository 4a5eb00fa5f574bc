use polkadot_sdk::sp_core::H256;

use crate::State;

fn all() -> Vec<State<u64>> {
	let (worker, assigned, due) = (1, H256::zero(), 9);
	vec![
		State::Queued { since: 1, due },
		State::Assigned {
			worker,
			assigned,
			due,
		},
		State::Accepted {
			worker,
			assigned,
			since: 3,
			due,
		},
		State::Completed {
			worker,
			charged: 1,
			price: 1,
			receipt: H256::zero(),
			due,
		},
		State::Final,
		State::Cancelled,
		State::Expired,
		State::Failed,
		State::Refused,
	]
}

/// Rows: from; columns: to; in the order of [`all`].
const TABLE: [&str; 9] = [
	".x...xx..", // Queued
	"x.xx.x.xx", // Assigned
	"x..x.x.xx", // Accepted
	"....x....", // Completed
	".........", // Final
	".........", // Cancelled
	".........", // Expired
	".........", // Failed
	".........", // Refused
];

#[test]
fn state_should_become_another_only_as_the_table_says() {
	for (from, row) in all().iter().zip(TABLE) {
		for (to, cell) in all().iter().zip(row.chars()) {
			assert_eq!(from.may_become(to), cell == 'x', "{from:?} -> {to:?}");
		}
	}
}

#[test]
fn state_should_have_a_deadline_until_it_is_terminal() {
	for state in all() {
		let followed = all().iter().any(|next| state.may_become(next));
		assert_eq!(state.is_terminal(), !followed, "{state:?}");
	}
}
