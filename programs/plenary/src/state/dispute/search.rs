//! Disputes that a single leaf decides: a missing one, or one whose envelope is demanded.

use anchor_lang::prelude::*;

use super::{fault, Dispute, TreeLeaf, REJECTED, UPHELD};
use crate::errors::PlenaryError;
use crate::merkle::{Hash, UpdateLeaf};

impl Dispute {
    /// Names the leaf that is searched for. `value` is the receipt's sequence or the earlier
    /// reward, `hash` the receipt's envelope.
    pub fn search_for(&mut self, target: Pubkey, value: u64, hash: Hash) {
        self.target = target;
        self.target_value = value;
        self.target_hash = hash;
    }

    /// Takes the demanded envelope, which the instruction has verified.
    pub fn show_envelope(&mut self, leaf: &UpdateLeaf, now: i64) -> Result<()> {
        require!(self.kind == Self::ENVELOPE, PlenaryError::WrongKind);
        self.require_answerable(now)?;
        require!(leaf.hash() == self.target_hash, PlenaryError::BadProof);
        // No envelope can belong to a leaf of an unknown version.
        require!(
            leaf.version == UpdateLeaf::VERSION,
            PlenaryError::WrongAnswer
        );
        self.decided = REJECTED;
        self.end_demand(now)
    }

    /// Takes a proven leaf as a bound for the position of the target's leaf. Leaves ascend by
    /// member, so when the bounds meet, the leaf is missing. In a tree that does not ascend they
    /// may meet although it exists; that is the aggregator's fault as well.
    pub fn narrow(&mut self, index: u32, leaf: &TreeLeaf, path: &[Hash]) -> Result<()> {
        let wrong = match (self.kind, leaf) {
            (Self::OMISSION, TreeLeaf::Update(update)) => {
                update.sequence < self.target_value
                    || (update.sequence == self.target_value
                        && update.envelope_hash != self.target_hash)
            }
            (Self::SHORTFALL, TreeLeaf::Reward(reward)) => reward.cumulative < self.target_value,
            (Self::OMISSION | Self::SHORTFALL, _) => return err!(PlenaryError::WrongLeafKind),
            _ => return err!(PlenaryError::WrongKind),
        };
        self.require_leaf(leaf.hash(), index, path)?;
        match leaf.member().cmp(&self.target) {
            std::cmp::Ordering::Equal => {
                require!(wrong, PlenaryError::LeafAgrees);
                self.uphold_search();
                return Ok(());
            }
            // Cannot overflow: index < leaf_count.
            std::cmp::Ordering::Less => self.low = self.low.max(index + 1),
            std::cmp::Ordering::Greater => self.high = self.high.min(index),
        }
        if self.low >= self.high {
            self.uphold_search();
        }
        Ok(())
    }

    fn uphold_search(&mut self) {
        self.decided = UPHELD;
        self.note(if self.kind == Self::OMISSION {
            fault::MEMBER_OMITTED
        } else {
            fault::REWARD_FELL
        });
    }
}
