//! The preset `live`: a network for good, but for the accounts and keys of its founders.
//!
//! Nobody but they can know those. Wherever one belongs there is a placeholder: 32 bytes of text, which
//! nobody has a key of. The founders export the specification, put their own in the place of each, and
//! a node refuses to start as long as one is left.

use alloc::{format, vec::Vec};

use polkadot_sdk::sp_core::{ed25519, sr25519};

use super::{Founders, LIQUID, VALIDATOR_BOND, YEARS};
use crate::{AccountId, SessionKeys};

/// What each placeholder begins with. The rest says whose place it is.
const MARK: &[u8; 8] = b"REPLACE:";
/// Bytes of an account and of a key.
const LENGTH: usize = 32;

/// Validators of the first session: as many as the set has at the least.
const VALIDATORS: usize = 4;
const GUARDIANS: usize = 3;
const ALLOCATED: usize = 2;

/// The placeholder for `role`, which has 24 bytes at the most.
fn placeholder(role: &str) -> [u8; LENGTH] {
	let text = MARK.iter().chain(role.as_bytes());
	let mut bytes = [b' '; LENGTH];
	bytes
		.iter_mut()
		.zip(text)
		.for_each(|(byte, char)| *byte = *char);
	bytes
}

fn account(role: &str) -> AccountId {
	placeholder(role).into()
}

/// Placeholders `role 1`, `role 2` and so on.
fn accounts(role: &str, count: usize) -> Vec<AccountId> {
	(1..=count)
		.map(|n| account(&format!("{role} {n}")))
		.collect()
}

fn session_keys(n: usize) -> SessionKeys {
	let babe = placeholder(&format!("validator {n} babe"));
	let grandpa = placeholder(&format!("validator {n} grandpa"));
	SessionKeys {
		babe: sr25519::Public::from_raw(babe).into(),
		grandpa: ed25519::Public::from_raw(grandpa).into(),
	}
}

/// No root key and no USDC but the pool's; every founder has ONE to pay fees with, and what it bonds.
pub(super) fn founders() -> Founders {
	let validators = accounts("validator", VALIDATORS);
	let (guardians, issuer) = (accounts("guardian", GUARDIANS), account("USDC issuer"));
	let bonds = validators.iter().map(|who| (who, VALIDATOR_BOND + LIQUID));
	let others = guardians.iter().chain([&issuer]);
	let one = bonds.chain(others.map(|who| (who, LIQUID)));
	Founders {
		one: one.map(|(who, amount)| (who.clone(), amount)).collect(),
		validators: (1..)
			.map(session_keys)
			.zip(validators)
			.map(|(keys, who)| (who, keys))
			.collect(),
		sudo: None,
		guardians,
		issuer,
		usdc: Vec::new(),
		allocated: accounts("allocation", ALLOCATED),
		schedule: YEARS,
	}
}

#[cfg(feature = "std")]
pub use check::{check, placeholders, Placeholder};

/// What a node asks of a genesis before it starts.
#[cfg(feature = "std")]
mod check {
	use std::collections::BTreeSet;

	use codec::Decode;
	use polkadot_sdk::{
		pallet_balances::TotalIssuance,
		sp_core::{
			crypto::Ss58Codec,
			storage::{well_known_keys::CODE, Storage},
		},
	};

	use super::{LENGTH, MARK};
	use crate::{
		constants::currency::{ONE, TOTAL_SUPPLY},
		AccountId, Balance, Runtime,
	};

	/// A placeholder that is left in a genesis.
	#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
	pub struct Placeholder {
		/// Whose place it is.
		pub role: String,
		/// As which it stands in a plain specification.
		pub address: String,
	}

	/// The placeholders that are left in a genesis.
	pub fn placeholders(genesis: &Storage) -> BTreeSet<Placeholder> {
		let state = genesis.top.iter().filter(|(key, _)| *key != CODE);
		// Some accounts are only what a value is found by.
		let windows =
			state.flat_map(|(key, value)| key.windows(LENGTH).chain(value.windows(LENGTH)));
		windows.filter_map(placeholder).collect()
	}

	fn placeholder(bytes: &[u8]) -> Option<Placeholder> {
		let role = core::str::from_utf8(bytes.strip_prefix(MARK)?).ok()?;
		let account: [u8; LENGTH] = bytes.try_into().ok()?;
		Some(Placeholder {
			role: role.trim_end().into(),
			address: AccountId::from(account).to_ss58check(),
		})
	}

	/// Whether a network for good can begin with this genesis.
	///
	/// # Errors
	/// Says what is left to do: which placeholders stand for what, or that the supply is another.
	pub fn check(genesis: &Storage) -> Result<(), String> {
		let left = placeholders(genesis);
		if !left.is_empty() {
			return Err(to_do(&left));
		}
		let key = TotalIssuance::<Runtime>::hashed_key();
		let issued = genesis.top.get(&key[..]);
		let issued = issued.and_then(|value| Balance::decode(&mut &value[..]).ok());
		match issued == Some(TOTAL_SUPPLY) {
			true => Ok(()),
			false => Err(format!(
				"the balances of the genesis must add up to {} ONE, in 10^-12: they are {}",
				TOTAL_SUPPLY / ONE,
				issued.unwrap_or_default()
			)),
		}
	}

	fn to_do(left: &BTreeSet<Placeholder>) -> String {
		let list = left
			.iter()
			.map(|Placeholder { role, address }| format!("\n  {role}: {address}"));
		format!(
			"the genesis of this chain still has placeholders for accounts and keys that only its founders \
			 know. Write it with `one-node export-chain-spec --chain live > live.json`, put your own in the \
			 place of each of these wherever it stands, and start with `--chain live.json`; \
			 docs/validators.md says more.{}",
			list.collect::<String>()
		)
	}
}
