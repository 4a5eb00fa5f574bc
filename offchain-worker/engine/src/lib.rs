//! Integer inference of language models, the same bits on every device.
#![doc = include_str!("../README.md")]
#![deny(missing_docs, rustdoc::broken_intra_doc_links)]

pub mod backend;
pub mod commitment;
pub mod container;
pub mod error;
pub mod gpu;
pub mod hash;
pub mod model;

pub use backend::{Backend, Chunk, HeadAt, SequenceId, Step, Want};
pub use error::EngineError;
pub use model::Model;
