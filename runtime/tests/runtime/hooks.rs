//! What the hooks of the own pallets take of a block at the most: each by its compiled weights and
//! limits, all in the same block.

use one_runtime::{
	configs::system::{HOOK_RATIO, MAX_BLOCK_WEIGHT},
	Runtime,
};
use pallet_capacity::{WeightInfo as _, MAX_BOOKINGS, MAX_CLOSED};
use pallet_clock::WeightInfo as _;
use pallet_credits::WeightInfo as _;
use pallet_settlement::{WeightInfo as _, MAX_PRUNED};
use pallet_validators::{WeightInfo as _, MAX_PAID};
use polkadot_sdk::frame_support::{traits::Get, weights::Weight};

type Clock = <Runtime as pallet_clock::Config>::WeightInfo;
type Credits = <Runtime as pallet_credits::Config>::WeightInfo;
type Payouts = <Runtime as pallet_settlement::Config>::WeightInfo;
type Capacity = <Runtime as pallet_capacity::Config>::WeightInfo;
type Validators = <Runtime as pallet_validators::Config>::WeightInfo;

/// Opens a credit day.
fn credits() -> Weight {
	Credits::poll().saturating_add(Credits::open_day())
}

/// Sells, settles, pays as many as it may, and drops as many old statements.
fn settlement() -> Weight {
	let payouts: u32 = <Runtime as pallet_settlement::Config>::MaxPayouts::get();
	[
		Payouts::sell(),
		Payouts::stipend(),
		Payouts::settle(),
		Payouts::pay().saturating_mul(payouts.into()),
		Payouts::prune().saturating_mul(MAX_PRUNED),
	]
	.into_iter()
	.fold(Weight::zero(), Weight::saturating_add)
}

/// Looks at every booking, closes as many as it may and tends one.
fn capacity() -> Weight {
	[
		Capacity::post_price(),
		Capacity::read_booking().saturating_mul(u64::from(MAX_BOOKINGS) + 1),
		Capacity::end_booking().saturating_mul(MAX_CLOSED as u64),
		Capacity::tend_booking(),
	]
	.into_iter()
	.fold(Weight::zero(), Weight::saturating_add)
}

/// Notes the author, and pays as many slashes out as it may.
fn validators() -> Weight {
	Validators::note_author()
		.saturating_add(Validators::poll())
		.saturating_add(Validators::pay_slash().saturating_mul(MAX_PAID.into()))
}

#[test]
fn hooks_should_leave_a_block_to_transactions_when_all_have_the_most_to_do() {
	let hooks = [
		("clock", Clock::on_poll()),
		("credits", credits()),
		(
			"workers",
			<Runtime as pallet_workers::Config>::PollWeight::get(),
		),
		("jobs", <Runtime as pallet_jobs::Config>::PollWeight::get()),
		(
			"receipts",
			<Runtime as pallet_receipts::Config>::PollWeight::get(),
		),
		("settlement", settlement()),
		("capacity", capacity()),
		("validators", validators()),
	];
	let share = |time: u64| 100.0 * time as f64 / MAX_BLOCK_WEIGHT.ref_time() as f64;
	let shares = hooks.map(|(name, weight)| format!("{name} {:.2} %", share(weight.ref_time())));
	let sum = hooks.iter().map(|(_, weight)| weight.ref_time()).sum();
	println!("{:.2} % of a block: {}", share(sum), shares.join(", "));
	assert!(
		sum <= HOOK_RATIO.mul_floor(MAX_BLOCK_WEIGHT.ref_time()),
		"{shares:?}"
	);
}
