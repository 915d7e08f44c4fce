use anchor_lang::prelude::*;

use crate::errors::PlenaryError;
use crate::merkle::Hash;

pub const SLOT_HASHES: Pubkey = pubkey!("SysvarS1otHashes111111111111111111111111111");

/// The newest entry. The sysvar's data is a count (u64), then slot (u64) and hash of each entry,
/// the newest first.
pub fn latest_slot_hash(sysvar: &UncheckedAccount) -> Result<(u64, Hash)> {
    let data = sysvar.try_borrow_data()?;
    let entry = data.get(8..48).ok_or(PlenaryError::SlotHashMissing)?;
    let (slot, hash) = entry.split_at(8);
    let slot = slot.try_into().map_err(|_| PlenaryError::SlotHashMissing)?;
    let hash = hash.try_into().map_err(|_| PlenaryError::SlotHashMissing)?;
    Ok((u64::from_le_bytes(slot), hash))
}
