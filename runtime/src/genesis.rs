//! Genesis presets: `development` (one validator), `local` (four) and `demo` (two).
//!
//! The whole supply exists from genesis. In every preset the well-known development accounts hold
//! some ONE and USDC, two more accounts have allocations that vest, the protocol owns the liquidity
//! of the ONE/USDC pool, and the treasury has the rest.

use crate::{
	configs::{
		assets::{protocol_liquidity, treasury, AssetKind},
		consensus::BABE_GENESIS_EPOCH_CONFIG,
		governance::periods::TrackPeriods,
		parameters::{credits, governance, market, time, workers, RuntimeParameters},
	},
	constants::{
		currency::*,
		time::{DAYS, MINUTES},
	},
	AccountId, AssetConversionConfig, AssetsConfig, BabeConfig, Balance, BalancesConfig,
	BlockNumber, GenesisParametersConfig, GuardiansConfig, RuntimeGenesisConfig, SessionConfig,
	SessionKeys, Settlement, SudoConfig, ValidatorsConfig, VestingConfig,
};
use alloc::{string::ToString, vec, vec::Vec};
use codec::Encode;
use polkadot_sdk::{
	frame_support::build_struct_json_patch,
	sp_core::Bytes,
	sp_genesis_builder::{PresetId, DEV_RUNTIME_PRESET},
	sp_keyring::{Ed25519Keyring, Sr25519Keyring},
	sp_runtime::Permill,
};
use serde_json::Value;

/// Preset of a network of one validator.
pub const DEVELOPMENT_PRESET: &str = DEV_RUNTIME_PRESET;
/// Preset of a network of four validators.
pub const LOCAL_PRESET: &str = "local";
/// Preset of a network of two validators whose governed times are short.
pub const DEMO_PRESET: &str = "demo";

/// Milliseconds of a second.
const SECOND: u64 = 1_000;

/// What each validator bonds of its balance.
const VALIDATOR_BOND: Balance = 100_000 * ONE;
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

/// ONE of each account whose allocation vests.
const ALLOCATION: Balance = 5_000_000 * ONE;
/// What of it is free from the first block: somebody has to pay for the transactions.
const LIQUID: Balance = 1_000 * ONE;

/// The accounts whose allocations vest.
const ALLOCATED: [Sr25519Keyring; 2] = [Sr25519Keyring::AliceStash, Sr25519Keyring::BobStash];

/// When allocations vest: nothing before the cliff, then block by block for a while.
#[derive(Clone, Copy)]
struct Schedule {
	cliff: BlockNumber,
	length: BlockNumber,
}

/// A year, then three.
const YEARS: Schedule = Schedule {
	cliff: 365 * DAYS,
	length: 3 * 365 * DAYS,
};
/// A minute, then ten.
const A_FEW_MINUTES: Schedule = Schedule {
	cliff: MINUTES,
	length: 10 * MINUTES,
};

/// The guardians, who may pause things.
const GUARDIANS: [Sr25519Keyring; 3] = [
	Sr25519Keyring::Alice,
	Sr25519Keyring::Bob,
	Sr25519Keyring::Charlie,
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
		DEVELOPMENT_PRESET => preset(&[ALICE], sudo, fast_times(), A_FEW_MINUTES),
		LOCAL_PRESET => preset(&[ALICE, BOB, CHARLIE, DAVE], None, fast_referenda(), YEARS),
		DEMO_PRESET => preset(&[ALICE, BOB], sudo, fast_times(), A_FEW_MINUTES),
		_ => return None,
	};
	Some(patch.to_string().into_bytes())
}

/// A genesis with these validators, this sudo key, these governed parameters and this schedule of
/// allocations.
fn preset(
	validators: &[Validator],
	sudo: Option<AccountId>,
	parameters: Vec<RuntimeParameters>,
	schedule: Schedule,
) -> Value {
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
		validators: ValidatorsConfig {
			validators: validators.iter().map(bond).collect::<Vec<_>>()
		},
		session: SessionConfig {
			keys: validators.iter().map(session_keys).collect::<Vec<_>>()
		},
		sudo: SudoConfig { key: sudo },
		genesis_parameters: GenesisParametersConfig {
			values: lone_operators()
				.iter()
				.chain(&parameters)
				.map(encoded)
				.collect::<Vec<_>>()
		},
		guardians: GuardiansConfig {
			members: GUARDIANS
				.iter()
				.map(|key| key.to_account_id())
				.collect::<Vec<_>>()
		},
		vesting: VestingConfig {
			vesting: vesting(schedule)
		},
	})
}

/// Governed times with which a credit day and a settlement window last a minute, a day's budget
/// that even a few fees make worth a prompt, and terms that let a worker begin with little.
fn fast_times() -> Vec<RuntimeParameters> {
	use time::Parameters;
	let times = [
		Parameters::DayLength(time::DayLength, Some(60 * SECOND)),
		Parameters::WindowLength(time::WindowLength, Some(60 * SECOND)),
		Parameters::HeartbeatInterval(time::HeartbeatInterval, Some(9 * SECOND)),
		Parameters::LivenessTimeout(time::LivenessTimeout, Some(30 * SECOND)),
		Parameters::AcceptPeriod(time::AcceptPeriod, Some(15 * SECOND)),
		Parameters::CompletionFloor(time::CompletionFloor, Some(60 * SECOND)),
		Parameters::QueuePeriod(time::QueuePeriod, Some(120 * SECOND)),
		Parameters::ChallengeWindow(time::ChallengeWindow, Some(15 * SECOND)),
		Parameters::ModelTimelock(time::ModelTimelock, Some(0)),
		Parameters::Cooldown(time::Cooldown, Some(60 * SECOND)),
		Parameters::AppealWindow(time::AppealWindow, Some(45 * SECOND)),
		Parameters::OffenceWindow(time::OffenceWindow, Some(90 * SECOND)),
		Parameters::UnbondingPeriod(time::UnbondingPeriod, Some(120 * SECOND)),
		Parameters::MaintenanceCap(time::MaintenanceCap, Some(60 * SECOND)),
		Parameters::MaintenancePeriod(time::MaintenancePeriod, Some(180 * SECOND)),
		Parameters::ExclusionPeriod(time::ExclusionPeriod, Some(60 * SECOND)),
		Parameters::AveragingPeriod(time::AveragingPeriod, Some(60 * SECOND)),
		Parameters::SlashDeferral(time::SlashDeferral, Some(31 * 60 * SECOND)),
	];
	let budget =
		credits::Parameters::BudgetShare(credits::BudgetShare, Some(Permill::from_percent(50)));
	let bond = market::Parameters::BondPerSlotGib(market::BondPerSlotGib, Some(10 * ONE));
	let probation = workers::Parameters::ProbationJobs(workers::ProbationJobs, Some(3));
	let pauses = [
		governance::Parameters::PauseLength(governance::PauseLength, Some(60 * SECOND)),
		governance::Parameters::PauseRespite(governance::PauseRespite, Some(60 * SECOND)),
	];
	times
		.into_iter()
		.map(RuntimeParameters::Time)
		.chain([
			RuntimeParameters::Credits(budget),
			RuntimeParameters::Market(bond),
			RuntimeParameters::Workers(probation),
		])
		.chain(pauses.map(RuntimeParameters::Governance))
		.chain(fast_referenda())
		.collect()
}

/// Periods with which a referendum that most agree with is enacted within half a minute.
fn fast_referenda() -> Vec<RuntimeParameters> {
	use governance::Parameters;
	let track = TrackPeriods {
		prepare: 6 * SECOND,
		decision: 60 * SECOND,
		confirm: 6 * SECOND,
		enactment: 6 * SECOND,
	};
	let emergency = TrackPeriods {
		prepare: 3 * SECOND,
		decision: 30 * SECOND,
		confirm: 3 * SECOND,
		enactment: 3 * SECOND,
	};
	let periods = [
		Parameters::RootPeriods(governance::RootPeriods, Some(track)),
		Parameters::ParametersPeriods(governance::ParametersPeriods, Some(track)),
		Parameters::ModelsPeriods(governance::ModelsPeriods, Some(track)),
		Parameters::TreasuryPeriods(governance::TreasuryPeriods, Some(track)),
		Parameters::EmergencyPeriods(governance::EmergencyPeriods, Some(emergency)),
		Parameters::VoteLock(governance::VoteLock, Some(30 * SECOND)),
	];
	periods.map(RuntimeParameters::Governance).into()
}

/// Terms with which one worker alone serves Included jobs, that may wait for it: every network here
/// begins with none.
fn lone_operators() -> [RuntimeParameters; 2] {
	use workers::Parameters;
	let operators = Parameters::MinOperators(workers::MinOperators, Some(0));
	let share = Parameters::OperatorShare(workers::OperatorShare, Some(Permill::one()));
	[operators, share].map(RuntimeParameters::Workers)
}

/// A parameter as `parameters.setParameter` takes it.
fn encoded(parameter: &RuntimeParameters) -> Bytes {
	parameter.encode().into()
}

/// The ONE of every account. They sum to the total supply.
fn balances() -> Vec<(AccountId, Balance)> {
	// One more for the deposit of the pool's liquidity tokens.
	let liquidity = (protocol_liquidity(), POOL_ONE + ONE);
	let fee_pot = (Settlement::fee_account(), EXISTENTIAL_DEPOSIT);
	let allocated = ALLOCATED.map(|key| (key.to_account_id(), ALLOCATION));
	let mut balances: Vec<_> = ENDOWED
		.iter()
		.map(|key| (key.to_account_id(), ENDOWMENT))
		.chain(allocated)
		.chain([liquidity, fee_pot])
		.collect();
	let endowed: Balance = balances.iter().map(|(_, amount)| amount).sum();
	balances.push((treasury(), TOTAL_SUPPLY - endowed));
	balances
}

/// Account, first block, number of blocks and free part of the allocations that vest.
fn vesting(schedule: Schedule) -> Vec<(AccountId, BlockNumber, BlockNumber, Balance)> {
	let Schedule { cliff, length } = schedule;
	ALLOCATED
		.iter()
		.map(|key| (key.to_account_id(), cliff, length, LIQUID))
		.collect()
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

/// Account and bond of a validator.
fn bond((sr, _): &Validator) -> (AccountId, Balance) {
	(sr.to_account_id(), VALIDATOR_BOND)
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
