//! One file per account: its fields, its seed, its invariant and the transitions it owns.
//! Every account starts, after Anchor's discriminator, with the version of its layout.

mod dispute;
mod federation;
mod member;
mod round;

pub use dispute::*;
pub use federation::*;
pub use member::*;
pub use round::*;
