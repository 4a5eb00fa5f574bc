//! Genesis presets: `development` (one validator), `local` (four) and `demo` (two).
//!
//! The whole supply exists from genesis. In every preset the well-known development accounts hold
//! some ONE and USDC, the protocol owns the liquidity of the ONE/USDC pool, and the treasury has
//! the rest.

use crate::{
	configs::{
		assets::{protocol_liquidity, treasury, AssetKind},
		consensus::BABE_GENESIS_EPOCH_CONFIG,
	},
	constants::currency::*,
	AccountId, AssetConversionConfig, AssetsConfig, BabeConfig, Balance, BalancesConfig,
	RuntimeGenesisConfig, SessionConfig, SessionKeys, SudoConfig,
};
use alloc::{string::ToString, vec, vec::Vec};
use polkadot_sdk::{
	frame_support::build_struct_json_patch,
	sp_genesis_builder::{PresetId, DEV_RUNTIME_PRESET},
	sp_keyring::{Ed25519Keyring, Sr25519Keyring},
};
use serde_json::Value;

/// Preset of a network of one validator.
pub const DEVELOPMENT_PRESET: &str = DEV_RUNTIME_PRESET;
/// Preset of a network of four validators.
pub const LOCAL_PRESET: &str = "local";
/// Preset of a network of two validators whose governed times are short.
pub const DEMO_PRESET: &str = "demo";

/// ONE of each development account.
const ENDOWMENT: Balance = 10_000_000 * ONE;
/// USDC of each development account.
const USDC_ENDOWMENT: Balance = 100_000 * ONE_USDC;
/// ONE in the pool: at the price of genesis a ONE is worth a USDC.
const POOL_ONE: Balance = 10_000_000 * ONE;
/// USDC in the pool.
const POOL_USDC: Balance = 10_000_000 * ONE_USDC;

/// The development accounts with a balance.
const ENDOWED: [Sr25519Keyring; 6] = [
	Sr25519Keyring::Alice,
	Sr25519Keyring::Bob,
	Sr25519Keyring::Charlie,
	Sr25519Keyring::Dave,
	Sr25519Keyring::Eve,
	Sr25519Keyring::Ferdie,
];

/// A validator by its development keys.
type Validator = (Sr25519Keyring, Ed25519Keyring);

const ALICE: Validator = (Sr25519Keyring::Alice, Ed25519Keyring::Alice);
const BOB: Validator = (Sr25519Keyring::Bob, Ed25519Keyring::Bob);
const CHARLIE: Validator = (Sr25519Keyring::Charlie, Ed25519Keyring::Charlie);
const DAVE: Validator = (Sr25519Keyring::Dave, Ed25519Keyring::Dave);

/// The presets there are.
pub fn preset_names() -> Vec<PresetId> {
	vec![
		DEVELOPMENT_PRESET.into(),
		LOCAL_PRESET.into(),
		DEMO_PRESET.into(),
	]
}

/// The preset `id` as JSON, `None` when there is none of this name.
pub fn get_preset(id: &PresetId) -> Option<Vec<u8>> {
	let sudo = Some(Sr25519Keyring::Alice.to_account_id());
	let patch = match id.as_ref() {
		DEVELOPMENT_PRESET => preset(&[ALICE], sudo),
		LOCAL_PRESET => preset(&[ALICE, BOB, CHARLIE, DAVE], None),
		DEMO_PRESET => preset(&[ALICE, BOB], sudo),
		_ => return None,
	};
	Some(patch.to_string().into_bytes())
}

/// A genesis with these validators and this sudo key.
fn preset(validators: &[Validator], sudo: Option<AccountId>) -> Value {
	build_struct_json_patch!(RuntimeGenesisConfig {
		balances: BalancesConfig {
			balances: balances()
		},
		assets: AssetsConfig {
			assets: vec![(USDC, treasury(), true, USDC_MIN_BALANCE)],
			metadata: vec![(USDC, b"USD Coin".to_vec(), b"USDC".to_vec(), 6)],
			accounts: usdc_accounts(),
		},
		asset_conversion: AssetConversionConfig {
			pools: vec![pool()]
		},
		babe: BabeConfig {
			epoch_config: BABE_GENESIS_EPOCH_CONFIG
		},
		session: SessionConfig {
			keys: validators.iter().map(session_keys).collect::<Vec<_>>()
		},
		sudo: SudoConfig { key: sudo },
	})
}

/// The ONE of every account. They sum to the total supply.
fn balances() -> Vec<(AccountId, Balance)> {
	// One more for the deposit of the pool's liquidity tokens.
	let liquidity = (protocol_liquidity(), POOL_ONE + ONE);
	let mut balances: Vec<_> = ENDOWED
		.iter()
		.map(|key| (key.to_account_id(), ENDOWMENT))
		.chain([liquidity])
		.collect();
	let endowed: Balance = balances.iter().map(|(_, amount)| amount).sum();
	balances.push((treasury(), TOTAL_SUPPLY - endowed));
	balances
}

/// The USDC of every account.
fn usdc_accounts() -> Vec<(u32, AccountId, Balance)> {
	let liquidity = (USDC, protocol_liquidity(), POOL_USDC + USDC_MIN_BALANCE);
	ENDOWED
		.iter()
		.map(|key| (USDC, key.to_account_id(), USDC_ENDOWMENT))
		.chain([liquidity])
		.collect()
}

/// The ONE/USDC pool, its liquidity owned by the protocol.
fn pool() -> (AssetKind, AssetKind, AccountId, Balance, Balance) {
	(
		AssetKind::Native,
		AssetKind::WithId(USDC),
		protocol_liquidity(),
		POOL_ONE,
		POOL_USDC,
	)
}

/// Account, validator id and keys of a validator.
fn session_keys((sr, ed): &Validator) -> (AccountId, AccountId, SessionKeys) {
	let account = sr.to_account_id();
	let keys = SessionKeys {
		babe: sr.public().into(),
		grandpa: ed.public().into(),
	};
	(account.clone(), account, keys)
}
