//! What a client asks of the registry.

extern crate alloc;

use alloc::vec::Vec;

use one_primitives::models::ModelId;
use polkadot_sdk::sp_api;

use crate::types::ModelInfo;

sp_api::decl_runtime_apis! {
	/// The registry of models.
	pub trait ModelsApi {
		/// The model with this container root.
		fn model(id: ModelId) -> Option<ModelInfo>;
		/// All registered models, in no particular order.
		fn models() -> Vec<ModelInfo>;
	}
}
