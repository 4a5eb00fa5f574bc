//! The RPC methods beside those every Substrate node has.

use crate::service::{FullClient, FullPool, OffchainStorage};
use jsonrpsee::RpcModule;
use one_worker::{Inference, InferenceApiServer};
use pallet_transaction_payment_rpc::{TransactionPayment, TransactionPaymentApiServer};
use polkadot_sdk::*;
use std::{error::Error, sync::Arc};
use substrate_frame_rpc_system::{System, SystemApiServer};

/// `system_accountNextIndex`, `system_dryRun`, `payment_queryInfo` and `payment_queryFeeDetails`; on a
/// node that answers jobs `inference_*`.
pub fn create(
	client: Arc<FullClient>,
	pool: Arc<FullPool>,
	inference: Option<Inference<OffchainStorage>>,
) -> Result<RpcModule<()>, Box<dyn Error + Send + Sync>> {
	let mut module = RpcModule::new(());
	module.merge(System::new(client.clone(), pool).into_rpc())?;
	module.merge(TransactionPayment::new(client).into_rpc())?;
	if let Some(inference) = inference {
		module.merge(inference.into_rpc())?;
	}
	Ok(module)
}
