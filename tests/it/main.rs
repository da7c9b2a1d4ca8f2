//! The house's tests: one binary, one module a concern.

/// Agreement with trajectories computed elsewhere, some in hundreds of digits.
mod golden;
