//! The benchmarks of this runtime: those that the weights of its own pallets are made of.

polkadot_sdk::frame_benchmarking::define_benchmarks!(
	[pallet_access, Access]
	[pallet_capacity, Capacity]
	[pallet_clock, Clock]
	[pallet_credits, Credits]
	[pallet_jobs, Jobs]
	[pallet_models, Models]
	[pallet_pauses, Pauses]
	[pallet_receipts, Receipts]
	[pallet_settlement, Settlement]
	[pallet_validators, Validators]
	[pallet_workers, Workers]
);
