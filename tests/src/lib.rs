//! Helpers of the house's tests: golden trajectories, and slow independent answers.

pub mod exact_margin;
pub mod golden;
