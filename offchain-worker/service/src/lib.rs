#![doc = include_str!("../README.md")]

mod answers;
mod dispatch;
mod mailbox;
mod rpc;
mod service;
#[cfg(test)]
mod testing;
mod worker;

pub use answers::{Answer, Answers};
pub use mailbox::Mailbox;
pub use rpc::{AnswerUpdate, DeviceSummary, Inference, InferenceApiServer, ModelSummary};
pub use service::{InferenceService, OnStart, ServiceError};

const LOG_TARGET: &str = "inference";
