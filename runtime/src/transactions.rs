//! The extensions every transaction passes, and how offchain workers make transactions.

use crate::{
	configs::fees::ChargeFee, AccountId, Address, Nonce, Runtime, RuntimeCall, Signature,
	SignedPayload, System, UncheckedExtrinsic,
};
use codec::Encode;
use pallet_credits::CheckNextNonce;
use polkadot_sdk::{
	frame_metadata_hash_extension::CheckMetadataHash,
	frame_system::offchain::{
		AppCrypto, CreateAuthorizedTransaction, CreateBare, CreateSignedTransaction,
		CreateTransaction, CreateTransactionBase, SigningTypes,
	},
	pallet_asset_conversion_tx_payment::ChargeAssetTxPayment,
	sp_runtime::{
		generic::Era,
		traits::{SaturatedConversion, Verify},
	},
	*,
};

/// The extensions, in order. `AuthorizeCall` first: it gives authorized calls their origin.
pub type TxExtension = (
	frame_system::AuthorizeCall<Runtime>,
	frame_system::CheckNonZeroSender<Runtime>,
	frame_system::CheckSpecVersion<Runtime>,
	frame_system::CheckTxVersion<Runtime>,
	frame_system::CheckGenesis<Runtime>,
	frame_system::CheckEra<Runtime>,
	CheckNextNonce<Runtime>,
	frame_system::CheckWeight<Runtime>,
	ChargeFee,
	CheckMetadataHash<Runtime>,
	frame_system::WeightReclaim<Runtime>,
);

/// The extensions of a transaction of `era` and `nonce` that pays its fee in ONE, with no tip.
pub fn extensions(era: Era, nonce: Nonce) -> TxExtension {
	(
		frame_system::AuthorizeCall::new(),
		frame_system::CheckNonZeroSender::new(),
		frame_system::CheckSpecVersion::new(),
		frame_system::CheckTxVersion::new(),
		frame_system::CheckGenesis::new(),
		frame_system::CheckEra::from(era),
		CheckNextNonce::from(nonce),
		frame_system::CheckWeight::new(),
		ChargeAssetTxPayment::from(0, None).into(),
		CheckMetadataHash::new(false),
		frame_system::WeightReclaim::new(),
	)
}

/// A mortal era that starts at the newest block whose hash the state knows.
fn current_era() -> Era {
	const PERIOD: u64 = 64;
	let parent = System::block_number()
		.saturated_into::<u64>()
		.saturating_sub(1);
	Era::mortal(PERIOD, parent)
}

impl SigningTypes for Runtime {
	type Public = <Signature as Verify>::Signer;
	type Signature = Signature;
}

impl<C> CreateTransactionBase<C> for Runtime
where
	RuntimeCall: From<C>,
{
	type Extrinsic = UncheckedExtrinsic;
	type RuntimeCall = RuntimeCall;
}

impl<C> CreateTransaction<C> for Runtime
where
	RuntimeCall: From<C>,
{
	type Extension = TxExtension;

	fn create_transaction(call: RuntimeCall, extension: TxExtension) -> UncheckedExtrinsic {
		UncheckedExtrinsic::new_transaction(call, extension)
	}
}

impl<C> CreateSignedTransaction<C> for Runtime
where
	RuntimeCall: From<C>,
{
	fn create_signed_transaction<Crypto: AppCrypto<Self::Public, Self::Signature>>(
		call: RuntimeCall,
		public: Self::Public,
		account: AccountId,
		nonce: Nonce,
	) -> Option<UncheckedExtrinsic> {
		let payload = SignedPayload::new(call, extensions(current_era(), nonce)).ok()?;
		let signature = payload.using_encoded(|bytes| Crypto::sign(bytes, public))?;
		let (call, extension, _) = payload.deconstruct();
		Some(UncheckedExtrinsic::new_signed(
			call,
			Address::Id(account),
			signature,
			extension,
		))
	}
}

impl<C> CreateBare<C> for Runtime
where
	RuntimeCall: From<C>,
{
	fn create_bare(call: RuntimeCall) -> UncheckedExtrinsic {
		UncheckedExtrinsic::new_bare(call)
	}
}

impl<C> CreateAuthorizedTransaction<C> for Runtime
where
	RuntimeCall: From<C>,
{
	fn create_extension() -> TxExtension {
		extensions(Era::Immortal, 0)
	}
}
