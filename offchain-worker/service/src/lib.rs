#![doc = include_str!("../README.md")]

mod answers;
mod mailbox;
mod rpc;
mod service;

pub use answers::{Answer, Answers};
pub use mailbox::Mailbox;
pub use rpc::{AnswerUpdate, Inference, InferenceApiServer, ModelSummary};
pub use service::{InferenceService, ServiceError};
