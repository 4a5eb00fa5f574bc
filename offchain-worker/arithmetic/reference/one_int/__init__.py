"""ONE-INT/1 a second time: numpy int64 by docs/arithmetic.md, sharing nothing with the Rust crates.

Written to be read beside the specification, not to be fast. Every width that it promises is asserted.
"""
