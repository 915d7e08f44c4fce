//! The messages that members, aggregators and authorities sign: a domain, then the fields in Borsh.

use anchor_lang::prelude::*;
use anchor_lang::AnchorDeserialize;
use solana_instructions_sysvar::{load_current_index_checked, load_instruction_at_checked};

use crate::errors::PlenaryError;
use crate::merkle::{Hash, UpdateLeaf};
use crate::state::Round;

const ED25519_PROGRAM: Pubkey = pubkey!("Ed25519SigVerify111111111111111111111111111");

/// What a member signs about one update.
#[derive(AnchorDeserialize)]
pub struct Envelope {
    /// Not checked here, because a program cannot read its chain's genesis hash. Verifiers check
    /// it.
    pub genesis_hash: Hash,
    pub program_id: Pubkey,
    pub federation: Pubkey,
    pub round: u64,
    pub member: Pubkey,
    pub base_root: Hash,
    pub sequence: u64,
    pub codec: u8,
    pub payload_length: u32,
    pub payload_hash: Hash,
    pub weight: u32,
    pub delta_root: Hash,
    pub checkpoint_root: Hash,
}

impl Envelope {
    const DOMAIN: &'static [u8] = b"plenary/update/1";

    pub fn read(message: &[u8]) -> Result<Self> {
        read(Self::DOMAIN, message)
    }

    /// Whether a leaf agrees with the envelope. A refused update has no weight, whatever its
    /// envelope states.
    pub fn agrees_with(&self, leaf: &UpdateLeaf, round: &Round) -> bool {
        self.program_id == crate::ID
            && self.federation == round.federation
            && self.round == round.number
            && self.base_root == round.base_root
            && self.member == leaf.member
            && self.sequence == leaf.sequence
            && self.payload_hash == leaf.payload_hash
            && self.delta_root == leaf.delta_root
            && (leaf.reason != 0 || leaf.weight == self.weight)
    }
}

/// What the aggregator signs once it has stored an update.
#[derive(AnchorDeserialize)]
pub struct Receipt {
    pub genesis_hash: Hash,
    pub program_id: Pubkey,
    pub federation: Pubkey,
    pub round: u64,
    pub member: Pubkey,
    pub sequence: u64,
    pub envelope_hash: Hash,
    /// Milliseconds since 1970, by the aggregator's clock.
    pub time: i64,
}

impl Receipt {
    const DOMAIN: &'static [u8] = b"plenary/receipt/1";

    pub fn read(message: &[u8]) -> Result<Self> {
        read(Self::DOMAIN, message)
    }
}

/// What the authority signs to let an owner join, as often as it likes until the admission expires.
#[derive(AnchorDeserialize)]
pub struct OwnerAdmission {
    /// Not checked here, because a program cannot read its chain's genesis hash. Clients check it.
    pub genesis_hash: Hash,
    pub program_id: Pubkey,
    pub federation: Pubkey,
    pub owner: Pubkey,
    /// Last Unix second at which the owner may join.
    pub valid_until: i64,
}

impl OwnerAdmission {
    const DOMAIN: &'static [u8] = b"plenary/admission/1";

    pub fn read(message: &[u8]) -> Result<Self> {
        read(Self::DOMAIN, message)
    }
}

fn read<T: AnchorDeserialize>(domain: &[u8], message: &[u8]) -> Result<T> {
    let fields = message
        .strip_prefix(domain)
        .ok_or(PlenaryError::MessageMalformed)?;
    T::try_from_slice(fields).map_err(|_| PlenaryError::MessageMalformed.into())
}

/// A message and the key that signed it, as the ed25519 program verified them in the preceding
/// instruction.
pub struct SignedMessage {
    pub key: Pubkey,
    pub message: Vec<u8>,
}

impl SignedMessage {
    pub fn before_this_instruction(instructions: &AccountInfo) -> Result<Self> {
        let index = load_current_index_checked(instructions)?;
        let before = index
            .checked_sub(1)
            .ok_or(PlenaryError::SignatureInstructionMissing)?;
        let instruction = load_instruction_at_checked(before.into(), instructions)?;
        require_keys_eq!(
            instruction.program_id,
            ED25519_PROGRAM,
            PlenaryError::SignatureInstructionMissing
        );
        Self::read(&instruction.data)
            .ok_or_else(|| PlenaryError::SignatureInstructionMissing.into())
    }

    /// Reads one signature whose parts are all in the instruction's own data (index 65535).
    /// Otherwise the verified message could be in another instruction, and the bytes read here
    /// would not be signed.
    fn read(data: &[u8]) -> Option<Self> {
        const OWN_DATA: u16 = u16::MAX;
        let field = |position: usize| -> Option<u16> {
            let at = 2 + 2 * position;
            Some(u16::from_le_bytes(data.get(at..at + 2)?.try_into().ok()?))
        };
        let one_signature = *data.first()? == 1;
        let own = [1, 3, 6]
            .into_iter()
            .all(|position| field(position) == Some(OWN_DATA));
        if !one_signature || !own {
            return None;
        }
        let key_at = usize::from(field(2)?);
        let (message_at, length) = (usize::from(field(4)?), usize::from(field(5)?));
        let key: [u8; 32] = data.get(key_at..key_at + 32)?.try_into().ok()?;
        Some(Self {
            key: Pubkey::new_from_array(key),
            message: data.get(message_at..message_at + length)?.to_vec(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_are_required_and_every_byte_is_read() {
        let envelope = [Envelope::DOMAIN, &[7; 281]].concat();
        assert_eq!(envelope.len(), 297);
        assert_eq!(
            Envelope::read(&envelope).ok().map(|read| read.codec),
            Some(7)
        );
        assert!(Receipt::read(&envelope).is_err());
        assert!(Envelope::read(&envelope[..296]).is_err());
        assert!(Envelope::read(&[&envelope[..], &[0]].concat()).is_err());
        let receipt = [Receipt::DOMAIN, &[7; 184]].concat();
        assert_eq!(receipt.len(), 201);
        assert!(Receipt::read(&receipt).is_ok());
        let admission = [OwnerAdmission::DOMAIN, &[7; 136]].concat();
        assert_eq!(admission.len(), 155);
        assert!(OwnerAdmission::read(&admission).is_ok());
        assert!(OwnerAdmission::read(&admission[..154]).is_err());
    }

    fn signature_instruction(change: impl Fn(&mut Vec<u8>)) -> Option<SignedMessage> {
        let mut data = vec![1, 0];
        for field in [48u16, u16::MAX, 16, u16::MAX, 112, 5, u16::MAX] {
            data.extend_from_slice(&field.to_le_bytes());
        }
        data.extend_from_slice(&[3; 32]);
        data.extend_from_slice(&[4; 64]);
        data.extend_from_slice(b"hello");
        change(&mut data);
        SignedMessage::read(&data)
    }

    #[test]
    fn a_signature_is_read_from_the_instructions_own_data_alone() {
        let read = signature_instruction(|_| ()).unwrap();
        assert_eq!(read.key, Pubkey::new_from_array([3; 32]));
        assert_eq!(read.message, b"hello");
        for at in [4, 8, 14] {
            assert!(
                signature_instruction(|data| data[at] = 0).is_none(),
                "index at {at}"
            );
        }
        assert!(signature_instruction(|data| data[0] = 2).is_none());
        assert!(signature_instruction(|data| data[12] = 6).is_none());
        assert!(signature_instruction(|data| data[6] = 255).is_none());
        for length in 0..16 {
            assert!(signature_instruction(|data| data.truncate(length)).is_none());
        }
    }
}
