//! Integer inference of language models, the same bits on every device.
#![doc = include_str!("../README.md")]
#![deny(missing_docs, rustdoc::broken_intra_doc_links)]

pub mod accuracy;
pub mod audit;
pub mod backend;
pub mod bench;
pub mod chat;
pub mod cli;
pub mod commitment;
pub mod container;
pub mod cpu;
pub mod device;
pub mod devices;
pub mod doctor;
pub mod engine;
pub mod error;
pub mod evaluate;
pub mod gguf;
pub mod gpu;
pub mod hash;
pub mod import;
mod json;
mod mapped;
pub mod model;
pub mod operator;
pub mod scheduler;
pub mod source;
pub mod stream;
pub mod template;
pub mod tokenizer;
pub mod trace;

pub use backend::{Backend, Chunk, DeviceChoice, HeadAt, Step, Want, PAGE};
pub use device::CacheSize;
pub use devices::Devices;
pub use engine::{
	Engine, EngineOptions, Event, GenerateRequest, Generation, ModelInfo, Prompt, TokenEvent,
};
pub use error::EngineError;
pub use model::Model;
pub use one_arithmetic::{Sampling, ARITHMETIC_ID};
pub use scheduler::{Finish, JobId, Options};
