//! Worker service.
