use crate::chain::*;
use one_runtime::{
	configs::{
		fees::{MaxWeightPrice, MinWeightPrice, WeightPrice},
		parameters::{fees, RuntimeParameters},
	},
	Balance, Runtime, RuntimeCall,
};
use polkadot_sdk::{
	frame_support::{assert_ok, traits::Get},
	sp_keyring::Sr25519Keyring::*,
	sp_runtime::DispatchError,
	*,
};

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
		assert_ok!(submit(Alice, sudo(set_weight_price(MinWeightPrice::get() + 1))).unwrap());
		assert_eq!(WeightPrice::get(), MinWeightPrice::get() + 1);
	});
}

#[test]
fn parameter_should_stay_within_bounds_whatever_is_set() {
	in_block("development", || {
		assert_ok!(submit(Alice, sudo(set_weight_price(Balance::MAX))).unwrap());
		assert_eq!(WeightPrice::get(), MaxWeightPrice::get());
		assert_ok!(submit(Alice, sudo(set_weight_price(0))).unwrap());
		assert_eq!(WeightPrice::get(), MinWeightPrice::get());
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
