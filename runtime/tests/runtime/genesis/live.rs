//! The preset `live`, as it is, and as founders complete it.

use super::*;
use one_runtime::{configs::parameters::bounded, genesis::live, RuntimeGenesisConfig, Vesting};
use polkadot_sdk::{
	frame_support::traits::{Get, VestingSchedule},
	pallet_assets::Instance1,
	sp_core::{crypto::Ss58Codec, storage::Storage},
	sp_keyring::Ed25519Keyring,
	sp_runtime::{BuildStorage, Permill},
};

const YEAR: u32 = 365 * 28_800;

fn storage(config: RuntimeGenesisConfig) -> Storage {
	config.build_storage().unwrap()
}

fn unedited() -> Storage {
	storage(genesis_config("live"))
}

/// What a founder puts in the place of `role`.
fn of_founder(role: &str) -> String {
	let founders = [Alice, Bob, Charlie, Dave];
	let (words, number): (Vec<_>, Vec<_>) = role
		.split(' ')
		.partition(|word| word.parse::<usize>().is_err());
	let index = number
		.first()
		.map_or(1, |number| number.parse::<usize>().unwrap())
		- 1;
	match words[..] {
		["validator"] => founders[index].to_account_id().to_ss58check(),
		["validator", "babe"] => founders[index].to_account_id().to_ss58check(),
		["validator", "grandpa"] => {
			let keys = [
				Ed25519Keyring::Alice,
				Ed25519Keyring::Bob,
				Ed25519Keyring::Charlie,
				Ed25519Keyring::Dave,
			];
			keys[index].to_account_id().to_ss58check()
		}
		["guardian"] => [Eve, Ferdie, One][index].to_account_id().to_ss58check(),
		["allocation"] => [AliceStash, BobStash][index].to_account_id().to_ss58check(),
		["USDC", "issuer"] => Two.to_account_id().to_ss58check(),
		_ => panic!("nobody knows what {role} is"),
	}
}

/// The preset after a text editor has put the founders' in the place of all placeholders but the last `left`.
fn edited(left: usize) -> RuntimeGenesisConfig {
	let placeholders = live::placeholders(&unedited());
	let mut config = serde_json::to_string(&genesis_config("live")).unwrap();
	for placeholder in placeholders.iter().rev().skip(left) {
		config = config.replace(&placeholder.address, &of_founder(&placeholder.role));
	}
	serde_json::from_str(&config).unwrap()
}

#[test]
fn live_should_be_refused_until_every_placeholder_is_replaced() {
	let missing = live::placeholders(&unedited());
	// Four validators with two keys each, three guardians, two allocations and the issuer.
	assert_eq!(missing.len(), 4 * 3 + 3 + 2 + 1);
	let error = live::check(&unedited()).unwrap_err();
	for placeholder in &missing {
		let line = format!("{}: {}", placeholder.role, placeholder.address);
		assert!(error.contains(&line), "{error}");
	}
	assert!(error.contains("export-chain-spec --chain live"), "{error}");
	let error = live::check(&storage(edited(1))).unwrap_err();
	assert!(error.contains("validator 4 grandpa: "), "{error}");
	assert!(!error.contains("validator 3"), "{error}");
	assert_eq!(live::check(&storage(edited(0))), Ok(()));
}

#[test]
fn live_should_be_refused_when_the_supply_is_another() {
	let mut config = edited(0);
	config.balances.balances[0].1 += 1;
	let error = live::check(&storage(config)).unwrap_err();
	assert!(error.contains("1000000000 ONE"), "{error}");
}

fn at_live() -> polkadot_sdk::sp_io::TestExternalities {
	storage(edited(0)).into()
}

#[test]
fn live_should_have_no_root_and_every_safeguard() {
	at_live().execute_with(|| {
		assert_eq!(pallet_sudo::Key::<Runtime>::get(), None);
		assert_eq!(pallet_parameters::Parameters::<Runtime>::iter().count(), 0);
		assert_eq!(bounded::MinOperators::get(), 3);
		assert_eq!(bounded::OperatorShare::get(), Permill::from_parts(333_334));
		assert_eq!(bounded::WindowLength::get(), 6 * 60 * 60 * 1_000);
	});
}

#[test]
fn live_should_be_of_its_founders() {
	at_live().execute_with(|| {
		assert_eq!(Balances::total_issuance(), TOTAL_SUPPLY);
		assert_eq!(Session::validators().len(), 4);
		for who in Session::validators() {
			assert_eq!(on_hold(HoldReason::Bond, &who), 100_000 * ONE);
		}
		assert_eq!(
			pallet_collective::Members::<Runtime, Instance1>::get().len(),
			3
		);
		let usdc = pallet_assets::Asset::<Runtime, Instance1>::get(USDC).unwrap();
		for role in [usdc.owner, usdc.issuer, usdc.admin, usdc.freezer] {
			assert_eq!(role, account(Two));
		}
		for who in [AliceStash, BobStash] {
			let schedules = pallet_vesting::Vesting::<Runtime>::get(account(who)).unwrap();
			assert_eq!(schedules[0].starting_block(), YEAR);
			let locked = 5_000_000 * ONE - 1_000 * ONE;
			assert_eq!(Vesting::vesting_balance(&account(who)), Some(locked));
		}
	});
}

#[test]
fn live_should_make_blocks_and_keep_every_invariant() {
	at_live().execute_with(|| {
		(0..4).for_each(|author| {
			open_block(author);
			close_block();
		});
	});
}
