//! The ONE Protocol runtime: the one place where pallets meet.
//!
//! This file composes; the pallets' configurations live in [`configs`], one file per concern, the
//! genesis presets in [`genesis`] and the runtime APIs in [`apis`].

#![cfg_attr(not(feature = "std"), no_std)]
#![recursion_limit = "512"]
#![allow(
	missing_docs,
	reason = "what the runtime macros generate has no documentation"
)]

#[cfg(feature = "std")]
include!(concat!(env!("OUT_DIR"), "/wasm_binary.rs"));

extern crate alloc;

pub mod apis;
#[cfg(feature = "runtime-benchmarks")]
mod benchmarks;
pub mod configs;
pub mod constants;
pub mod genesis;
pub mod genesis_parameters;
#[cfg(feature = "next-version")]
pub mod next_version;
pub mod transactions;

use alloc::vec::Vec;
use configs::governance::origins;
use polkadot_sdk::{
	sp_runtime::{
		generic,
		traits::{BlakeTwo256, IdentifyAccount, Verify},
		MultiAddress, MultiSignature,
	},
	sp_version::{self, RuntimeVersion},
	*,
};

pub use apis::RuntimeApi;
#[cfg(feature = "std")]
pub use apis::RUNTIME_API_VERSIONS;
pub use transactions::TxExtension;

/// Index of a block.
pub type BlockNumber = u32;
/// Signature of a transaction: sr25519, ed25519 or ECDSA.
pub type Signature = MultiSignature;
/// The public part of an account's key, hashed where it is longer than 32 bytes.
pub type AccountId = <<Signature as Verify>::Signer as IdentifyAccount>::AccountId;
/// Amount of ONE (10^-12) or of an asset, in smallest units.
pub type Balance = u128;
/// Index of an account's transaction.
pub type Nonce = u32;
/// Hash of a block, an extrinsic or a state.
pub type Hash = sp_core::H256;
/// Milliseconds since the Unix epoch.
pub type Moment = u64;
/// Id of an asset.
pub type AssetId = u32;
/// How a transaction names an account.
pub type Address = MultiAddress<AccountId, ()>;
/// Header of a block.
pub type Header = generic::Header<BlockNumber, BlakeTwo256>;
/// An extrinsic as it comes in a block: inherent, signed or authorized.
pub type UncheckedExtrinsic =
	generic::UncheckedExtrinsic<Address, RuntimeCall, Signature, TxExtension>;
/// A block.
pub type Block = generic::Block<Header, UncheckedExtrinsic>;
/// A block with its signature justification.
pub type SignedBlock = generic::SignedBlock<Block>;
/// What an account signs.
pub type SignedPayload = generic::SignedPayload<RuntimeCall, TxExtension>;
/// Dispatches the extrinsics of a block to the pallets.
pub type Executive = frame_executive::Executive<
	Runtime,
	Block,
	frame_system::ChainContext<Runtime>,
	Runtime,
	AllPalletsWithSystem,
>;

/// Types of a node that knows nothing of the calls in an extrinsic.
pub mod opaque {
	use super::*;
	use sp_runtime::{generic, OpaqueExtrinsic};

	/// Header of a block.
	pub type Header = super::Header;
	/// A block of extrinsics that stay encoded.
	pub type Block = generic::Block<Header, OpaqueExtrinsic>;
}

sp_runtime::impl_opaque_keys! {
	/// The keys of a validator, set by `session.setKeys`.
	pub struct SessionKeys {
		/// Signs blocks.
		pub babe: Babe,
		/// Votes on finality.
		pub grandpa: Grandpa,
	}
}

// The number of the version has to stand where it is embedded into the code.
macro_rules! version {
	($spec_version:tt) => {
		/// Version of the runtime. A change of behaviour raises `spec_version`, a change of the
		/// encoding of transactions raises `transaction_version` too.
		#[sp_version::runtime_version]
		pub const VERSION: RuntimeVersion = RuntimeVersion {
			spec_name: alloc::borrow::Cow::Borrowed("one"),
			impl_name: alloc::borrow::Cow::Borrowed("one-node"),
			authoring_version: 1,
			spec_version: $spec_version,
			impl_version: 1,
			apis: apis::RUNTIME_API_VERSIONS,
			transaction_version: 1,
			system_version: 1,
		};
	};
}

#[cfg(not(feature = "next-version"))]
version!(1);
#[cfg(feature = "next-version")]
version!(2);

#[frame_support::runtime]
mod runtime {
	use super::*;

	#[runtime::runtime]
	#[runtime::derive(
		RuntimeCall,
		RuntimeEvent,
		RuntimeError,
		RuntimeOrigin,
		RuntimeFreezeReason,
		RuntimeHoldReason,
		RuntimeSlashReason,
		RuntimeLockId,
		RuntimeTask,
		RuntimeViewFunction
	)]
	pub struct Runtime;

	// System and consensus. Babe stands before Timestamp and Session: they ask it for the slot.
	#[runtime::pallet_index(0)]
	pub type System = frame_system;
	#[runtime::pallet_index(1)]
	pub type Babe = pallet_babe;
	#[runtime::pallet_index(2)]
	pub type Timestamp = pallet_timestamp;
	#[runtime::pallet_index(4)]
	pub type Parameters = pallet_parameters;
	#[runtime::pallet_index(5)]
	pub type MultiBlockMigrations = pallet_migrations;

	// Money.
	#[runtime::pallet_index(10)]
	pub type Balances = pallet_balances;
	#[runtime::pallet_index(11)]
	pub type Assets = pallet_assets<Instance1>;
	#[runtime::pallet_index(12)]
	pub type PoolAssets = pallet_assets<Instance2>;
	#[runtime::pallet_index(13)]
	pub type AssetConversion = pallet_asset_conversion;
	#[runtime::pallet_index(14)]
	pub type TransactionPayment = pallet_transaction_payment;
	#[runtime::pallet_index(15)]
	pub type AssetTxPayment = pallet_asset_conversion_tx_payment;

	// Validators. Validators stands before Session, which asks it for the first set in genesis;
	// Authorship behind, because the first block of a session is by an author of the new set.
	#[runtime::pallet_index(20)]
	pub type Validators = pallet_validators;
	#[runtime::pallet_index(21)]
	pub type Offences = pallet_offences;
	#[runtime::pallet_index(22)]
	pub type Historical = pallet_session::historical;
	#[runtime::pallet_index(23)]
	pub type Session = pallet_session;
	#[runtime::pallet_index(24)]
	pub type Grandpa = pallet_grandpa;
	#[runtime::pallet_index(25)]
	pub type Authorship = pallet_authorship;

	// Accounts.
	#[runtime::pallet_index(30)]
	pub type Utility = pallet_utility;
	#[runtime::pallet_index(31)]
	pub type Proxy = pallet_proxy;
	#[runtime::pallet_index(32)]
	pub type Multisig = pallet_multisig;
	#[runtime::pallet_index(33)]
	pub type Sudo = pallet_sudo;

	// The protocol. The clock first: the hooks behind it read the time of this block.
	#[runtime::pallet_index(40)]
	pub type Clock = pallet_clock;
	#[runtime::pallet_index(41)]
	pub type Access = pallet_access;
	#[runtime::pallet_index(42)]
	pub type Credits = pallet_credits;
	#[runtime::pallet_index(43)]
	pub type Models = pallet_models;
	#[runtime::pallet_index(44)]
	pub type Workers = pallet_workers;
	#[runtime::pallet_index(45)]
	pub type Jobs = pallet_jobs;
	#[runtime::pallet_index(46)]
	pub type Receipts = pallet_receipts;
	#[runtime::pallet_index(47)]
	pub type Settlement = pallet_settlement;
	#[runtime::pallet_index(48)]
	pub type GenesisParameters = genesis_parameters;
	#[runtime::pallet_index(49)]
	pub type Capacity = pallet_capacity;

	// Governance.
	#[runtime::pallet_index(60)]
	pub type Preimage = pallet_preimage;
	#[runtime::pallet_index(61)]
	pub type Scheduler = pallet_scheduler;
	#[runtime::pallet_index(62)]
	pub type Origins = origins;
	#[runtime::pallet_index(63)]
	pub type ConvictionVoting = pallet_conviction_voting;
	#[runtime::pallet_index(64)]
	pub type Referenda = pallet_referenda;
	#[runtime::pallet_index(65)]
	pub type Treasury = pallet_treasury;
	#[runtime::pallet_index(66)]
	pub type Vesting = pallet_vesting;
	#[runtime::pallet_index(67)]
	pub type TxPause = pallet_tx_pause;
	#[runtime::pallet_index(68)]
	pub type Guardians = pallet_collective<Instance1>;
	#[runtime::pallet_index(69)]
	pub type Pauses = pallet_pauses;
}
