use crate::chain::*;
use one_runtime::{
	configs::parameters::{
		bounded::{self, WeightPrice},
		credits, fees, time, workers, RuntimeParameters,
	},
	constants::currency::MICRO_ONE,
	Balance, Runtime, RuntimeCall,
};
use polkadot_sdk::{
	frame_support::{
		assert_ok,
		traits::{dynamic_params::AggregatedKeyValue, Get},
	},
	sp_keyring::Sr25519Keyring::*,
	sp_runtime::{DispatchError, Permill},
	*,
};

/// Bounds of the price of weight.
const LEAST: Balance = MICRO_ONE / 10;
const MOST: Balance = 1_000 * MICRO_ONE;

fn set_weight_price(value: Balance) -> RuntimeCall {
	let key_value = RuntimeParameters::Fees(fees::Parameters::WeightPrice(
		fees::WeightPrice,
		Some(value),
	));
	pallet_parameters::Call::<Runtime>::set_parameter { key_value }.into()
}

#[test]
fn parameter_should_take_what_root_sets() {
	in_block("development", || {
		assert_ok!(submit(Alice, sudo(set_weight_price(LEAST + 1))).unwrap());
		assert_eq!(WeightPrice::get(), LEAST + 1);
	});
}

#[test]
fn parameter_should_stay_within_bounds_whatever_is_set() {
	in_block("development", || {
		assert_ok!(submit(Alice, sudo(set_weight_price(Balance::MAX))).unwrap());
		assert_eq!(WeightPrice::get(), MOST);
		assert_ok!(submit(Alice, sudo(set_weight_price(0))).unwrap());
		assert_eq!(WeightPrice::get(), LEAST);
	});
}

#[test]
fn parameter_should_be_refused_when_the_origin_is_not_root() {
	in_block("development", || {
		let before = WeightPrice::get();
		assert_eq!(
			submit(Bob, set_weight_price(1)).unwrap(),
			Err(DispatchError::BadOrigin)
		);
		assert_eq!(WeightPrice::get(), before);
	});
}

/// A later step never ends before an earlier one, in no preset: see `docs/time.md`.
#[test]
fn periods_should_be_in_order() {
	for preset in ["development", "local", "demo", "live"] {
		at_genesis(preset).execute_with(|| {
			assert!(bounded::AcceptPeriod::get() < bounded::CompletionFloor::get());
			assert!(bounded::ChallengeWindow::get() < bounded::UnbondingPeriod::get());
			assert!(bounded::AppealWindow::get() < bounded::OffenceWindow::get());
			assert!(bounded::OffenceWindow::get() <= bounded::UnbondingPeriod::get());
			assert!(bounded::MaintenanceCap::get() < bounded::MaintenancePeriod::get());
			assert!(bounded::HeartbeatInterval::get() < bounded::LivenessTimeout::get());
		});
	}
}

#[test]
fn locks_should_ascend_whatever_is_set() {
	in_block("development", || {
		let set = |parameter| {
			let key_value = RuntimeParameters::Credits(parameter);
			let call = pallet_parameters::Call::<Runtime>::set_parameter { key_value };
			assert_ok!(submit(Alice, sudo(call)).unwrap());
		};
		let bonuses = [Permill::from_percent(300), Permill::zero()];
		set(credits::Parameters::LockLengths(
			credits::LockLengths,
			Some([u64::MAX, 0]),
		));
		set(credits::Parameters::LockBonuses(
			credits::LockBonuses,
			Some(bonuses),
		));
		let [none, short, long] = bounded::Locks::get();
		assert_eq!((none.length, none.bonus), (0, Permill::zero()));
		assert_eq!(short, long);
		assert_eq!(short.length, 4 * 365 * 24 * 3_600_000);
		assert_eq!(short.bonus, Permill::from_percent(100));
	});
}

/// What was taken is paid out before it is forgotten, and the bond is there until then.
#[test]
fn windows_of_offences_should_keep_their_order_whatever_is_set() {
	in_block("development", || {
		const DAY: u64 = 24 * 60 * 60 * 1_000;
		let values = [0, 30_000, DAY, 20 * DAY, 400 * DAY];
		for [appeal, offence, unbonding] in values
			.map(|a| values.map(|b| values.map(|c| [a, b, c])))
			.concat()
			.concat()
		{
			let times = [
				time::Parameters::AppealWindow(time::AppealWindow, Some(appeal)),
				time::Parameters::OffenceWindow(time::OffenceWindow, Some(offence)),
				time::Parameters::UnbondingPeriod(time::UnbondingPeriod, Some(unbonding)),
			];
			for time in times {
				let (key, value) = RuntimeParameters::Time(time).into_parts();
				pallet_parameters::Parameters::<Runtime>::set(key, value);
			}
			assert!(bounded::AppealWindow::get() <= bounded::OffenceWindow::get());
			assert!(bounded::OffenceWindow::get() <= bounded::UnbondingPeriod::get());
			assert!(bounded::ChallengeWindow::get() < bounded::UnbondingPeriod::get());
		}
	});
}

#[test]
fn ladder_should_ascend_whatever_is_set() {
	in_block("development", || {
		for value in [0, 5, 30, 255] {
			let steps = [
				workers::Parameters::SmallFrom(workers::SmallFrom, Some(value)),
				workers::Parameters::LargerFrom(workers::LargerFrom, Some(value / 2)),
				workers::Parameters::RemovalFrom(workers::RemovalFrom, Some(0)),
			];
			for step in steps {
				let (key, value) = RuntimeParameters::Workers(step).into_parts();
				pallet_parameters::Parameters::<Runtime>::set(key, value);
			}
			let ladder = bounded::Ladder::get();
			assert!(1 < ladder.small_from && ladder.small_from < ladder.larger_from);
			assert!(ladder.larger_from < ladder.removal_from);
			assert!(ladder.small <= ladder.larger && ladder.larger <= ladder.removal);
		}
	});
}

/// Neither splitting nor pooling of stake pays.
#[test]
fn tiers_should_ascend_and_give_the_same_per_stake() {
	at_genesis("local").execute_with(|| {
		let tiers = bounded::Tiers::get();
		let per_stake = |tier: usize| u128::from(tiers[tier].allowance) * tiers[0].threshold;
		for tier in 1..tiers.len() {
			assert!(tiers[tier].threshold > tiers[tier - 1].threshold);
			let scaled = u128::from(tiers[0].allowance) * tiers[tier].threshold;
			assert_eq!(per_stake(tier), scaled);
		}
	});
}
