//! One module per account: its fields, its seed, its invariant and its transitions.
//! Every account starts, after Anchor's discriminator, with the version of its layout.

mod dispute;
mod equivocation;
mod federation;
#[cfg(test)]
mod golden;
mod member;
mod migration;
mod round;
mod rules;
mod slot_hashes;

pub use dispute::*;
pub use equivocation::*;
pub use federation::*;
pub use member::*;
pub use migration::*;
pub use round::*;
pub use rules::*;
pub use slot_hashes::*;
