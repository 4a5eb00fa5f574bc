mod live;

use crate::chain::*;
use one_runtime::{
	configs::assets::{protocol_liquidity, AssetKind},
	constants::currency::*,
	genesis, AssetConversion, Assets, Balances, PoolAssets, Runtime, Session,
};
use pallet_validators::HoldReason;
use polkadot_sdk::{
	frame_support::traits::fungibles::metadata::Inspect,
	sp_keyring::Sr25519Keyring::{self, *},
	*,
};

/// Presets with the number of their validators.
const PRESETS: [(&str, usize); 3] = [("development", 1), ("local", 4), ("demo", 2)];

fn for_each_preset(test: impl Fn(&str, usize)) {
	for (preset, validators) in PRESETS {
		at_genesis(preset).execute_with(|| test(preset, validators));
	}
}

#[test]
fn presets_should_be_listed_and_no_other_exist() {
	let listed: Vec<_> = genesis::preset_names()
		.iter()
		.map(|id| id.to_string())
		.collect();
	let of_development = PRESETS.map(|(name, _)| name);
	assert_eq!(listed, [&of_development[..], &["live"]].concat());
	assert!(genesis::get_preset(&"other".into()).is_none());
}

#[test]
fn supply_should_be_complete_in_every_preset() {
	for_each_preset(|_, _| assert_eq!(Balances::total_issuance(), TOTAL_SUPPLY));
}

#[test]
fn validators_should_be_those_of_the_preset() {
	let keys: [Sr25519Keyring; 4] = [Alice, Bob, Charlie, Dave];
	for_each_preset(|_, count| {
		let mut validators = Session::validators();
		let mut expected: Vec<_> = keys[..count]
			.iter()
			.map(|key| key.to_account_id())
			.collect();
		validators.sort();
		expected.sort();
		assert_eq!(validators, expected);
		assert_eq!(pallet_babe::Authorities::<Runtime>::get().len(), count);
		assert_eq!(one_runtime::Grandpa::grandpa_authorities().len(), count);
	});
}

#[test]
fn validators_should_be_bonded() {
	for_each_preset(|_, _| {
		for who in Session::validators() {
			assert_eq!(on_hold(HoldReason::Bond, &who), 100_000 * ONE);
		}
	});
}

#[test]
fn sudo_should_have_a_key_in_development_presets_only() {
	for_each_preset(|preset, _| {
		let expected = (preset != "local").then(|| account(Alice));
		assert_eq!(pallet_sudo::Key::<Runtime>::get(), expected);
	});
}

#[test]
fn usdc_should_be_sufficient_with_six_decimals() {
	for_each_preset(|_, _| {
		assert_eq!(Assets::decimals(USDC), 6);
		assert_eq!(Assets::symbol(USDC), b"USDC");
		let details = pallet_assets::Asset::<Runtime, pallet_assets::Instance1>::get(USDC).unwrap();
		assert!(details.is_sufficient);
		assert_eq!(details.min_balance, USDC_MIN_BALANCE);
	});
}

#[test]
fn pool_should_be_seeded_by_the_protocol_at_a_usdc_per_one() {
	for_each_preset(|_, _| {
		let (one, usdc) =
			AssetConversion::get_reserves(AssetKind::Native, AssetKind::WithId(USDC)).unwrap();
		assert_eq!((one, usdc), (10_000_000 * ONE, 10_000_000 * ONE_USDC));
		assert!(PoolAssets::balance(0, protocol_liquidity()) > 0);
	});
}
