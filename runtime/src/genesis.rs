//! Genesis presets: `development` (one validator), `local` (four), `demo` (two), and [`live`], which
//! its founders complete.
//!
//! The whole supply exists from genesis. In every preset some accounts hold ONE, two more have
//! allocations that vest, the protocol owns the liquidity of the ONE/USDC pool, and the treasury has
//! the rest. In all but `live` the accounts are the well-known ones of development, and hold USDC.

pub mod live;

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
use one_primitives::Usdc;
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
/// Preset of a network for good: with placeholders, in whose place its founders put their accounts.
pub const LIVE_PRESET: &str = "live";

/// Milliseconds of a second.
const SECOND: u64 = 1_000;

/// What each validator bonds of its balance.
const VALIDATOR_BOND: Balance = 100_000 * ONE;
/// ONE of each development account.
const ENDOWMENT: Balance = 10_000_000 * ONE;
/// USDC of each development account.
const USDC_ENDOWMENT: Usdc = 100_000 * ONE_USDC;
/// ONE in the pool: at the price of genesis a ONE is worth a USDC.
const POOL_ONE: Balance = 10_000_000 * ONE;
/// USDC in the pool.
const POOL_USDC: Usdc = 10_000_000 * ONE_USDC;

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

/// The development keys of a validator.
type Keyring = (Sr25519Keyring, Ed25519Keyring);

const ALICE: Keyring = (Sr25519Keyring::Alice, Ed25519Keyring::Alice);
const BOB: Keyring = (Sr25519Keyring::Bob, Ed25519Keyring::Bob);
const CHARLIE: Keyring = (Sr25519Keyring::Charlie, Ed25519Keyring::Charlie);
const DAVE: Keyring = (Sr25519Keyring::Dave, Ed25519Keyring::Dave);

/// A validator: its account and its keys.
type Validator = (AccountId, SessionKeys);

/// Whose a network is when it begins.
struct Founders {
	validators: Vec<Validator>,
	/// The root key, in development.
	sudo: Option<AccountId>,
	/// Who may pause things.
	guardians: Vec<AccountId>,
	/// Owner, issuer, admin and freezer of USDC.
	issuer: AccountId,
	/// ONE that is free from the first block.
	one: Vec<(AccountId, Balance)>,
	/// USDC beside the pool's.
	usdc: Vec<(AccountId, Usdc)>,
	/// Accounts whose allocations vest.
	allocated: Vec<AccountId>,
	schedule: Schedule,
}

/// The presets there are.
pub fn preset_names() -> Vec<PresetId> {
	vec![
		DEVELOPMENT_PRESET.into(),
		LOCAL_PRESET.into(),
		DEMO_PRESET.into(),
		LIVE_PRESET.into(),
	]
}

/// The preset `id` as JSON, `None` when there is none of this name.
pub fn get_preset(id: &PresetId) -> Option<Vec<u8>> {
	let sudo = Some(Sr25519Keyring::Alice.to_account_id());
	let patch = match id.as_ref() {
		DEVELOPMENT_PRESET => preset(
			keyrings(&[ALICE], sudo, A_FEW_MINUTES),
			&[fast_times(), lone_operators()].concat(),
		),
		// Its tests have one worker, so the bounds on operators are open here too.
		LOCAL_PRESET => preset(
			keyrings(&[ALICE, BOB, CHARLIE, DAVE], None, YEARS),
			&[fast_referenda(), lone_operators()].concat(),
		),
		DEMO_PRESET => preset(
			keyrings(&[ALICE, BOB], sudo, A_FEW_MINUTES),
			&[fast_times(), lone_operators()].concat(),
		),
		LIVE_PRESET => preset(live::founders(), &[]),
		_ => return None,
	};
	Some(patch.to_string().into_bytes())
}

/// The accounts of development, of which these validate.
fn keyrings(validators: &[Keyring], sudo: Option<AccountId>, schedule: Schedule) -> Founders {
	let accounts = |keys: &[Sr25519Keyring]| -> Vec<AccountId> {
		keys.iter().map(|key| key.to_account_id()).collect()
	};
	let endowed = accounts(&ENDOWED).into_iter();
	Founders {
		validators: validators.iter().map(validator).collect(),
		sudo,
		guardians: accounts(&GUARDIANS),
		issuer: treasury(),
		one: endowed.clone().map(|who| (who, ENDOWMENT)).collect(),
		usdc: endowed.map(|who| (who, USDC_ENDOWMENT)).collect(),
		allocated: accounts(&ALLOCATED),
		schedule,
	}
}

/// A genesis of these founders; governed parameters but these are at their defaults.
fn preset(founders: Founders, parameters: &[RuntimeParameters]) -> Value {
	build_struct_json_patch!(RuntimeGenesisConfig {
		balances: BalancesConfig {
			balances: balances(&founders)
		},
		assets: AssetsConfig {
			assets: vec![(USDC, founders.issuer.clone(), true, USDC_MIN_BALANCE)],
			metadata: vec![(USDC, b"USD Coin".to_vec(), b"USDC".to_vec(), 6)],
			accounts: usdc_accounts(&founders),
		},
		asset_conversion: AssetConversionConfig {
			pools: vec![pool()]
		},
		babe: BabeConfig {
			epoch_config: BABE_GENESIS_EPOCH_CONFIG
		},
		validators: ValidatorsConfig {
			validators: founders.validators.iter().map(bond).collect::<Vec<_>>()
		},
		session: SessionConfig {
			keys: founders
				.validators
				.iter()
				.map(session_keys)
				.collect::<Vec<_>>()
		},
		sudo: SudoConfig {
			key: founders.sudo.clone()
		},
		genesis_parameters: GenesisParametersConfig {
			values: parameters.iter().map(encoded).collect::<Vec<_>>()
		},
		guardians: GuardiansConfig {
			members: founders.guardians.clone()
		},
		vesting: VestingConfig {
			vesting: vesting(&founders)
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

/// Terms with which one worker alone serves Included jobs, that may wait for it: on a machine of its
/// own a network has no other.
fn lone_operators() -> Vec<RuntimeParameters> {
	use workers::Parameters;
	let operators = Parameters::MinOperators(workers::MinOperators, Some(0));
	let share = Parameters::OperatorShare(workers::OperatorShare, Some(Permill::one()));
	[operators, share].map(RuntimeParameters::Workers).into()
}

/// A parameter as `parameters.setParameter` takes it.
fn encoded(parameter: &RuntimeParameters) -> Bytes {
	parameter.encode().into()
}

/// The ONE of every account. They sum to the total supply.
fn balances(founders: &Founders) -> Vec<(AccountId, Balance)> {
	// One more for the deposit of the pool's liquidity tokens.
	let liquidity = (protocol_liquidity(), POOL_ONE + ONE);
	let fee_pot = (Settlement::fee_account(), EXISTENTIAL_DEPOSIT);
	let allocated = founders.allocated.iter().cloned();
	let free = founders.one.iter().cloned();
	let mut balances: Vec<_> = free
		.chain(allocated.map(|who| (who, ALLOCATION)))
		.chain([liquidity, fee_pot])
		.collect();
	let endowed: Balance = balances.iter().map(|(_, amount)| amount).sum();
	balances.push((treasury(), TOTAL_SUPPLY - endowed));
	balances
}

/// Account, first block, number of blocks and free part of the allocations that vest.
fn vesting(founders: &Founders) -> Vec<(AccountId, BlockNumber, BlockNumber, Balance)> {
	let Schedule { cliff, length } = founders.schedule;
	let allocated = founders.allocated.iter().cloned();
	allocated.map(|who| (who, cliff, length, LIQUID)).collect()
}

/// The USDC of every account.
fn usdc_accounts(founders: &Founders) -> Vec<(u32, AccountId, Usdc)> {
	let liquidity = (USDC, protocol_liquidity(), POOL_USDC + USDC_MIN_BALANCE);
	let others = founders.usdc.iter().cloned();
	others
		.map(|(who, amount)| (USDC, who, amount))
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
fn bond((account, _): &Validator) -> (AccountId, Balance) {
	(account.clone(), VALIDATOR_BOND)
}

/// Account, validator id and keys of a validator.
fn session_keys((account, keys): &Validator) -> (AccountId, AccountId, SessionKeys) {
	(account.clone(), account.clone(), keys.clone())
}

/// A validator by its development keys.
fn validator((sr, ed): &Keyring) -> Validator {
	let keys = SessionKeys {
		babe: sr.public().into(),
		grandpa: ed.public().into(),
	};
	(sr.to_account_id(), keys)
}
