//! GPU back end.
