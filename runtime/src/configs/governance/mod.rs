//! Governance: who decides what, by which votes, and what brakes it.
//!
//! A referendum runs on the track of the origin that it asks for; `docs/governance.md` has the
//! table.

pub mod origins;
pub mod pauses;
pub mod periods;
pub mod referenda;
pub mod tracks;
pub mod treasury;
