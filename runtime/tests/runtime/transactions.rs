use crate::chain::*;
use codec::{Decode, Encode};
use one_runtime::{
	configs::{accounts::ProxyType, assets::AssetKind, system::*},
	constants::currency::*,
	transactions::extensions,
	Address, Executive, Runtime, RuntimeCall, System, UncheckedExtrinsic,
};
use polkadot_sdk::{
	frame_support::{assert_ok, dispatch::DispatchClass},
	frame_system::offchain::CreateAuthorizedTransaction,
	pallet_asset_conversion_tx_payment::ChargeAssetTxPayment,
	sp_keyring::Sr25519Keyring::*,
	sp_runtime::{
		generic::{Era, Preamble},
		transaction_validity::{InvalidTransaction, TransactionValidityError},
		ApplyExtrinsicResult,
	},
	*,
};

fn invalid(reason: InvalidTransaction) -> ApplyExtrinsicResult {
	Err(TransactionValidityError::Invalid(reason))
}

#[test]
fn nonce_should_rise_and_old_or_early_ones_be_refused() {
	in_block("development", || {
		let first = sign(Bob, transfer(Charlie, ONE));
		assert_ok!(Executive::apply_extrinsic(first.clone()).unwrap());
		assert_eq!(System::account_nonce(account(Bob)), 1);
		assert_eq!(
			Executive::apply_extrinsic(first),
			invalid(InvalidTransaction::Stale)
		);
		let early = sign_with(Bob, transfer(Charlie, ONE), extensions(Era::Immortal, 5));
		assert_eq!(
			Executive::apply_extrinsic(early),
			invalid(InvalidTransaction::Future)
		);
	});
}

#[test]
fn transaction_should_be_refused_when_another_key_signed_it() {
	in_block("development", || {
		let Preamble::Signed(_, signature, extension) = sign(Eve, transfer(Eve, ONE)).preamble
		else {
			panic!("it is signed");
		};
		let forged = UncheckedExtrinsic::from_parts(
			transfer(Eve, ONE),
			Preamble::Signed(Address::Id(account(Bob)), signature, extension),
		);
		assert_eq!(
			Executive::apply_extrinsic(forged),
			invalid(InvalidTransaction::BadProof)
		);
	});
}

#[test]
fn transaction_should_be_refused_when_its_account_has_nothing() {
	in_block("development", || {
		let poor = sign(One, transfer(Bob, ONE));
		assert_eq!(
			Executive::apply_extrinsic(poor),
			invalid(InvalidTransaction::Payment)
		);
	});
}

#[test]
fn ordinary_call_should_be_refused_as_authorized_transaction() {
	in_block("development", || {
		let extension = <Runtime as CreateAuthorizedTransaction<RuntimeCall>>::create_extension();
		let xt = UncheckedExtrinsic::new_transaction(transfer(Bob, ONE), extension);
		assert_eq!(
			Executive::apply_extrinsic(xt),
			invalid(InvalidTransaction::UnknownOrigin)
		);
	});
}

#[test]
fn extrinsic_should_survive_encoding() {
	at_genesis("development").execute_with(|| {
		let xt = sign(Bob, transfer(Charlie, ONE));
		assert_eq!(
			UncheckedExtrinsic::decode(&mut &xt.encode()[..])
				.unwrap()
				.encode(),
			xt.encode()
		);
	});
}

#[test]
fn batch_should_do_all_its_calls() {
	in_block("development", || {
		let before = free(Charlie);
		let calls = vec![transfer(Charlie, ONE), transfer(Charlie, 2 * ONE)];
		assert_ok!(submit(Bob, pallet_utility::Call::<Runtime>::batch_all { calls }).unwrap());
		assert_eq!(free(Charlie) - before, 3 * ONE);
	});
}

fn proxied(call: RuntimeCall) -> RuntimeCall {
	let real = Address::Id(account(Bob));
	let call = Box::new(call);
	pallet_proxy::Call::<Runtime>::proxy {
		real,
		force_proxy_type: None,
		call,
	}
	.into()
}

#[test]
fn proxy_should_not_move_money_when_it_is_non_transfer() {
	in_block("development", || {
		let delegate = Address::Id(account(Eve));
		let proxy_type = ProxyType::NonTransfer;
		let add = pallet_proxy::Call::<Runtime>::add_proxy {
			delegate,
			proxy_type,
			delay: 0,
		};
		assert_ok!(submit(Bob, add).unwrap());

		let before = free(Charlie);
		let batched = pallet_utility::Call::<Runtime>::batch {
			calls: vec![transfer(Charlie, ONE)],
		};
		assert_ok!(submit(Eve, proxied(transfer(Charlie, ONE))).unwrap());
		assert_ok!(submit(Eve, proxied(batched.into())).unwrap());
		assert_eq!(free(Charlie), before);

		let remark = frame_system::Call::<Runtime>::remark_with_event { remark: vec![1] };
		assert_ok!(submit(Eve, proxied(remark.into())).unwrap());
		assert!(has_event(|event| matches!(
			event,
			one_runtime::RuntimeEvent::System(frame_system::Event::Remarked { sender, .. })
				if *sender == account(Bob)
		)));
	});
}

#[test]
fn multisig_should_act_when_its_threshold_is_reached() {
	in_block("development", || {
		let mut signatories = [Bob, Charlie].map(account);
		signatories.sort();
		let shared = pallet_multisig::Pallet::<Runtime>::multi_account_id(&signatories, 2);
		let fund = pallet_balances::Call::<Runtime>::transfer_keep_alive {
			dest: Address::Id(shared.clone()),
			value: 10 * ONE,
		};
		assert_ok!(submit(Bob, fund).unwrap());

		let before = free(Eve);
		let approve = |other: sp_keyring::Sr25519Keyring, maybe_timepoint| pallet_multisig::Call::<
			Runtime,
		>::as_multi {
			threshold: 2,
			other_signatories: vec![account(other)],
			maybe_timepoint,
			call: Box::new(transfer(Eve, 3 * ONE)),
			max_weight: HOOK_RATIO * MAX_BLOCK_WEIGHT,
		};
		let timepoint = pallet_multisig::Pallet::<Runtime>::timepoint();
		assert_ok!(submit(Bob, approve(Charlie, None)).unwrap());
		assert_eq!(free(Eve), before);
		assert_ok!(submit(Charlie, approve(Bob, Some(timepoint))).unwrap());
		assert_eq!(free(Eve) - before, 3 * ONE);
	});
}

#[test]
fn block_should_keep_a_reserve_for_operational_calls() {
	let weights = RuntimeBlockWeights::get();
	let normal = weights.get(DispatchClass::Normal).max_total.unwrap();
	let operational = weights.get(DispatchClass::Operational);
	assert_eq!(normal, NORMAL_RATIO * MAX_BLOCK_WEIGHT);
	assert_eq!(operational.max_total, Some(MAX_BLOCK_WEIGHT));
	assert_eq!(operational.reserved, Some(MAX_BLOCK_WEIGHT - normal));
}

#[test]
fn signature_should_bind_the_fee_asset() {
	in_block("development", || {
		let Preamble::Signed(address, signature, mut extension) =
			sign(Bob, transfer(Charlie, ONE)).preamble
		else {
			panic!("it is signed");
		};
		extension.8 = ChargeAssetTxPayment::from(0, Some(AssetKind::WithId(USDC))).into();
		let changed = UncheckedExtrinsic::from_parts(
			transfer(Charlie, ONE),
			Preamble::Signed(address, signature, extension),
		);
		assert_eq!(
			Executive::apply_extrinsic(changed),
			invalid(InvalidTransaction::BadProof)
		);
	});
}
