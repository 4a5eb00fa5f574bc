//! What the benchmarks of other pallets need to find in this runtime.

use crate::{
	configs::assets::AssetKind, AccountId, AssetConversion, Assets, Balance, Balances, Runtime,
	RuntimeOrigin,
};
use alloc::boxed::Box;
use codec::Decode;
use one_primitives::{jobs::JobId, models::ModelId, ProtocolTime};
use pallet_jobs::JobOf;
use pallet_models::{ModelOf, ModelState};
use pallet_workers::benchmarking::BenchmarkHelper as WorkersHelper;
use polkadot_sdk::{
	frame_support::{
		defensive,
		traits::{fungible, fungibles},
	},
	pallet_asset_conversion_tx_payment::BenchmarkHelperTrait,
	sp_runtime::{
		traits::{StaticLookup, TrailingZeroInput},
		DispatchResult,
	},
	*,
};

/// Makes an asset in which fees can be paid.
pub struct FeeAssets;

/// What the treasury pays, and to whom.
pub struct TreasuryArguments;

impl pallet_treasury::ArgumentsFactory<AssetKind, AccountId> for TreasuryArguments {
	fn create_asset_kind(seed: u32) -> AssetKind {
		AssetKind::WithId(seed)
	}

	fn create_beneficiary(seed: [u8; 32]) -> AccountId {
		seed.into()
	}
}

const FUNDS: Balance = 1 << 80;
const LIQUIDITY: Balance = 1 << 60;

fn set_up(id: u32, account: &AccountId) -> DispatchResult {
	let owner = <Runtime as frame_system::Config>::Lookup::unlookup(account.clone());
	Assets::force_create(RuntimeOrigin::root(), id.into(), owner, true, 1)?;
	<Balances as fungible::Mutate<_>>::mint_into(account, FUNDS)?;
	<Assets as fungibles::Mutate<_>>::mint_into(id, account, FUNDS)?;

	let signed = RuntimeOrigin::signed(account.clone());
	let (one, asset) = (Box::new(AssetKind::Native), Box::new(AssetKind::WithId(id)));
	AssetConversion::create_pool(signed.clone(), one.clone(), asset.clone())?;
	AssetConversion::add_liquidity(
		signed,
		one,
		asset,
		LIQUIDITY,
		LIQUIDITY,
		1,
		1,
		account.clone(),
	)
}

impl BenchmarkHelperTrait<AccountId, AssetKind, AssetKind> for FeeAssets {
	fn create_asset_id_parameter(id: u32) -> (AssetKind, AssetKind) {
		(AssetKind::WithId(id), AssetKind::WithId(id))
	}

	fn setup_balances_and_pool(asset: AssetKind, account: AccountId) {
		let AssetKind::WithId(id) = asset else { return };
		if let Err(error) = set_up(id, &account) {
			defensive!("the pool could not be made", error);
		}
	}
}

/// Finds or makes the models, jobs and times that the benchmarks of workers need.
pub struct Market;

/// A record whose fields are all zero.
fn zeroed<T: Decode>() -> T {
	T::decode(&mut TrailingZeroInput::zeroes()).expect("each enum has a variant 0")
}

impl WorkersHelper<AccountId> for Market {
	fn model(n: u32) -> ModelId {
		let id = ModelId::from_low_u64_be(n.into());
		let mut model: ModelOf<Runtime> = zeroed();
		model.state = ModelState::Active;
		model.record.arithmetic = 1;
		pallet_models::Models::<Runtime>::insert(id, model);
		id
	}

	fn pass(time: ProtocolTime) {
		pallet_clock::Elapsed::<Runtime>::mutate(|elapsed| *elapsed = elapsed.saturating_add(time));
	}

	fn failed_job(owner: &AccountId, model: &ModelId, worker: &AccountId) -> JobId {
		let mut job: JobOf<Runtime> = zeroed();
		job.owner = owner.clone();
		job.model = *model;
		job.avoid = Some(worker.clone());
		pallet_jobs::Jobs::<Runtime>::insert(0, job);
		0
	}
}
