//! The runtime changes by a referendum on a hash.

use super::*;
use codec::Decode;
use one_runtime::{System, VERSION};
use polkadot_sdk::{
	sp_core::{
		storage::well_known_keys::CODE,
		traits::{Externalities, ReadRuntimeVersion, ReadRuntimeVersionExt},
	},
	sp_version::RuntimeVersion,
};

/// Reads the version of a code that is nothing but its version.
struct VersionAlone;

impl ReadRuntimeVersion for VersionAlone {
	fn read_runtime_version(
		&self,
		code: &[u8],
		_: &mut dyn Externalities,
	) -> Result<Vec<u8>, String> {
		let version = RuntimeVersion::decode(&mut &code[..]);
		version
			.map(|version| version.encode())
			.map_err(|error| error.to_string())
	}
}

fn code(spec_version: u32) -> Vec<u8> {
	let version = RuntimeVersion {
		spec_version,
		..VERSION
	};
	version.encode()
}

fn authorize(code: &[u8]) -> frame_system::Call<Runtime> {
	let code_hash = BlakeTwo256::hash(code);
	frame_system::Call::authorize_upgrade { code_hash }
}

fn apply(code: Vec<u8>) -> sp_runtime::ApplyExtrinsicResult {
	let call = frame_system::Call::<Runtime>::apply_authorized_upgrade { code };
	submit(Dave, call)
}

fn with_versions(test: impl FnOnce()) {
	let mut chain = at_genesis("local");
	chain.register_extension(ReadRuntimeVersionExt::new(VersionAlone));
	chain.execute_with(|| {
		open_block(0);
		test();
		close_block();
	});
}

#[test]
fn runtime_should_be_upgraded_by_anyone_when_a_referendum_has_authorized_it() {
	with_versions(|| {
		let next = code(VERSION.spec_version + 1);
		assert_eq!(
			apply(next.clone()).unwrap(),
			Err(frame_system::Error::<Runtime>::NothingAuthorized.into())
		);
		assert_ok!(pass(root(), authorize(&next)));

		let other = code(VERSION.spec_version + 2);
		assert_eq!(
			apply(other).unwrap(),
			Err(frame_system::Error::<Runtime>::Unauthorized.into())
		);
		assert_ok!(apply(next.clone()).unwrap());
		assert_eq!(sp_io::storage::get(CODE).unwrap()[..], next[..]);
		assert!(has_event(|event| matches!(
			event,
			RuntimeEvent::System(frame_system::Event::CodeUpdated { .. })
		)));
	});
}

/// The block in which the enactment of a referendum is due.
fn due(index: ReferendumIndex) -> u32 {
	let (block, _) = pallet_scheduler::Lookup::<Runtime>::get(enactment(index)).unwrap();
	block
}

#[test]
fn enactment_should_wait_while_a_migration_is_at_work() {
	use polkadot_sdk::pallet_migrations::{ActiveCursor, Cursor, MigrationCursor};
	in_block("local", || {
		let index = propose(Origin::Parameters, set_price(ONE_USDC));
		all_agree(index);
		decide(index);
		let due = due(index);
		next_blocks(due - System::block_number() - 1);
		// Behind the first transaction, where a block has done its step already. There is nothing to
		// migrate, so the step of the next block ends it.
		assert_ok!(submit(Eve, transfer(Ferdie, ONE)).unwrap());
		Cursor::<Runtime>::put(MigrationCursor::Active(ActiveCursor {
			index: 0,
			inner_cursor: None,
			started_at: System::block_number(),
		}));
		next_block();
		assert_eq!((System::block_number(), enacted(index)), (due, None));
		next_block();
		assert!(!Cursor::<Runtime>::exists());
		assert_eq!(enacted(index), Some(Ok(())));
		assert_eq!(price(), ONE_USDC);
	});
}

#[test]
fn runtime_should_not_be_upgraded_to_the_same_version() {
	with_versions(|| {
		let same = code(VERSION.spec_version);
		assert_ok!(pass(root(), authorize(&same)));
		assert_ok!(apply(same).unwrap());
		assert!(sp_io::storage::get(CODE).is_none_or(|code| code.is_empty()));
		assert!(System::authorized_upgrade().is_none());
	});
}
