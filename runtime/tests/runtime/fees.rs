use crate::chain::*;
use one_runtime::{
	configs::assets::AssetKind, constants::currency::*, Address, Assets, Balance, Executive,
	Runtime, RuntimeEvent, Settlement, UncheckedExtrinsic,
};
use polkadot_sdk::{
	frame_support::assert_ok,
	frame_system::AccountInfo,
	pallet_asset_conversion_tx_payment::{ChargeAssetTxPayment, Event::AssetTxFeePaid},
	pallet_balances::AccountData,
	sp_keyring::Sr25519Keyring::{self, *},
	sp_runtime::transaction_validity::{InvalidTransaction, TransactionValidityError},
	*,
};

/// A transfer whose fee is paid in `asset`, with a tip.
fn transfer_paying_in(
	asset: Option<AssetKind>,
	tip: Balance,
	from: Sr25519Keyring,
) -> UncheckedExtrinsic {
	let mut extension = next_extensions(from);
	extension.8 = ChargeAssetTxPayment::from(tip, asset).into();
	sign_with(from, transfer(Charlie, ONE), extension)
}

fn usdc(who: Sr25519Keyring) -> Balance {
	Assets::balance(USDC, account(who))
}

#[test]
fn transfer_should_cost_a_hundredth_of_a_one() {
	in_block("development", || {
		let before = free(Bob);
		assert_ok!(submit(Bob, transfer(Charlie, ONE)).unwrap());
		let fee = before - free(Bob) - ONE;
		assert!(
			(8 * MILLI_ONE..12 * MILLI_ONE).contains(&fee),
			"the fee is {fee}"
		);
	});
}

#[test]
fn fee_should_be_split_and_the_tip_be_the_authors() {
	in_block("development", || {
		let (author, payer, pot) = (free(Alice), free(Bob), Settlement::fee_pot());
		let xt = transfer_paying_in(None, 5 * ONE, Bob);
		assert_ok!(Executive::apply_extrinsic(xt).unwrap());
		let fee = payer - free(Bob) - 6 * ONE;
		let share = fee * 4 / 5;
		let saved = Settlement::fee_pot() - pot;
		assert!((share..=share + 1).contains(&saved), "{saved} of {fee}");
		assert_eq!(free(Alice) - author, 5 * ONE + fee - saved);
	});
}

#[test]
fn fee_should_be_payable_in_usdc() {
	in_block("development", || {
		let (one, dollars, pot) = (free(Bob), usdc(Bob), Settlement::fee_pot());
		let xt = transfer_paying_in(Some(AssetKind::WithId(USDC)), 0, Bob);
		assert_ok!(Executive::apply_extrinsic(xt).unwrap());

		assert_eq!(one - free(Bob), ONE);
		let paid = dollars - usdc(Bob);
		// The swap has its own weight.
		assert!(
			(10_000..20_000).contains(&paid),
			"the fee is {paid} micro-USDC"
		);
		assert!(Settlement::fee_pot() - pot > 5 * MILLI_ONE);
		assert!(has_event(|event| matches!(
			event,
			RuntimeEvent::AssetTxPayment(AssetTxFeePaid { actual_fee, .. }) if *actual_fee == paid
		)));
	});
}

#[test]
fn supply_should_not_shrink_when_an_account_leaves_dust_or_burns() {
	in_block("development", || {
		let (dest, value) = (Address::Id(account(One)), EXISTENTIAL_DEPOSIT);
		let fund = pallet_balances::Call::<Runtime>::transfer_keep_alive { dest, value };
		assert_ok!(submit(Bob, fund).unwrap());
		let pot = Settlement::fee_pot();
		let leave = pallet_balances::Call::<Runtime>::force_transfer {
			source: Address::Id(account(One)),
			dest: Address::Id(account(Bob)),
			value: 1,
		};
		assert_ok!(submit(Alice, sudo(leave)).unwrap());
		assert_eq!(free(One), 0);
		assert!(Settlement::fee_pot() >= pot + EXISTENTIAL_DEPOSIT - 1);
		let value = ONE;
		let burn = pallet_balances::Call::<Runtime>::burn {
			value,
			keep_alive: true,
		};
		assert_eq!(
			submit(Bob, burn).unwrap(),
			Err(frame_system::Error::<Runtime>::CallFiltered.into())
		);
	});
}

#[test]
fn fee_should_be_refused_in_an_asset_without_pool() {
	in_block("development", || {
		let xt = transfer_paying_in(Some(AssetKind::WithId(7)), 0, Bob);
		assert_eq!(
			Executive::apply_extrinsic(xt),
			Err(TransactionValidityError::Invalid(
				InvalidTransaction::Payment
			))
		);
	});
}

/// Of every block in all of these tests, that is; this one shows that a difference is found.
#[test]
#[should_panic(expected = "the events tell other balances")]
fn balances_should_follow_from_events() {
	in_block("development", || {
		let lose_one = |info: &mut AccountInfo<_, AccountData<_>>| info.data.free -= 1;
		frame_system::Account::<Runtime>::mutate(account(Alice), lose_one);
	});
}
