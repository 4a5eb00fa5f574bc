//! The treasury spends ONE and assets, when a referendum says so.

use super::*;
use one_runtime::{
	configs::assets::{treasury, AssetKind},
	constants::currency::USDC,
	Address, Assets,
};

fn spend(asset: AssetKind, amount: u128) -> RuntimeCall {
	pallet_treasury::Call::<Runtime>::spend {
		asset_kind: Box::new(asset),
		amount,
		beneficiary: Box::new(Address::Id(account(One))),
		valid_from: None,
	}
	.into()
}

fn payout(index: u32) -> sp_runtime::ApplyExtrinsicResult {
	submit(Eve, pallet_treasury::Call::<Runtime>::payout { index })
}

fn usdc(who: Sr25519Keyring) -> u128 {
	Assets::balance(USDC, account(who))
}

#[test]
fn treasury_should_spend_one_and_usdc() {
	in_block("local", || {
		let give = transfer_asset(USDC, treasury(), 1_000 * ONE_USDC);
		assert_ok!(submit(Bob, give).unwrap());
		let calls = vec![
			spend(AssetKind::Native, 5 * ONE),
			spend(AssetKind::WithId(USDC), 7 * ONE_USDC),
		];
		let both = pallet_utility::Call::<Runtime>::batch_all { calls };
		assert_ok!(pass(Origin::Treasury, both));
		assert_eq!((free(One), usdc(One)), (0, 0));

		for index in 0..2 {
			assert_ok!(payout(index).unwrap());
		}
		assert_eq!((free(One), usdc(One)), (5 * ONE, 7 * ONE_USDC));
		let again = pallet_treasury::Error::<Runtime>::AlreadyAttempted;
		assert_eq!(payout(0).unwrap(), Err(again.into()));
	});
}

#[test]
fn emergency_should_void_a_spend_that_is_not_paid() {
	in_block("local", || {
		assert_ok!(pass(Origin::Treasury, spend(AssetKind::Native, 5 * ONE)));
		let void = pallet_treasury::Call::<Runtime>::void_spend { index: 0 };
		assert_ok!(pass(Origin::Emergency, void));
		let gone = pallet_treasury::Error::<Runtime>::InvalidIndex;
		assert_eq!(payout(0).unwrap(), Err(gone.into()));
		assert_eq!(free(One), 0);
	});
}
