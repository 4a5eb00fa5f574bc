//! The real runtime, natively, in externalities: blocks are made and signed extrinsics applied as
//! a node does, without a node.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

mod books;
mod chain;
mod consensus;
mod economy;
mod fees;
mod genesis;
mod governance;
mod hooks;
mod inference;
mod invariants;
mod market;
mod parameters;
mod sequences;
mod sponsors;
mod standstill;
mod transactions;
mod validators;
mod wasm;
mod workers;
