use anchor_lang::prelude::*;

use crate::errors::PlenaryError;
use crate::merkle::Hash;
use crate::messages::{Envelope, SignedMessage};
use crate::state::Member;

/// One envelope that a member signed, kept until its reporter shows another one with the same round
/// and sequence. Two envelopes and their signatures do not fit into one transaction.
#[account]
#[derive(InitSpace, Debug)]
pub struct Equivocation {
    pub version: u8,
    pub bump: u8,
    pub federation: Pubkey,
    pub member: Pubkey,
    /// Reported the envelope, paid the rent, and gets half of the stake.
    pub reporter: Pubkey,
    pub round: u64,
    pub sequence: u64,
    /// Envelopes for two chains do not contradict each other, so both must name the same chain.
    pub genesis_hash: [u8; 32],
    pub envelope_hash: [u8; 32],
}

impl Equivocation {
    pub const SEED: &'static [u8] = b"equivocation";
    pub const VERSION: u8 = 1;

    /// Records an envelope of `member` that the preceding instruction verified.
    pub fn record(&mut self, member: &Account<Member>, signed: &SignedMessage) -> Result<()> {
        let envelope = read_envelope(member, signed)?;
        self.version = Self::VERSION;
        self.federation = member.federation;
        self.member = member.key();
        self.genesis_hash = envelope.genesis_hash;
        self.round = envelope.round;
        self.sequence = envelope.sequence;
        self.envelope_hash = hash_of(signed);
        Ok(())
    }

    /// Requires that the second envelope names the same chain, round and sequence, and differs.
    pub fn require_contradiction(
        &self,
        member: &Account<Member>,
        signed: &SignedMessage,
    ) -> Result<()> {
        require!(self.version == Self::VERSION, PlenaryError::VersionUnknown);
        let envelope = read_envelope(member, signed)?;
        require!(
            envelope.genesis_hash == self.genesis_hash
                && envelope.round == self.round
                && envelope.sequence == self.sequence,
            PlenaryError::MessageMismatch
        );
        require!(
            hash_of(signed) != self.envelope_hash,
            PlenaryError::EnvelopesAgree
        );
        Ok(())
    }
}

fn read_envelope(member: &Account<Member>, signed: &SignedMessage) -> Result<Envelope> {
    let envelope = Envelope::read(&signed.message)?;
    require!(
        envelope.program_id == crate::ID
            && envelope.federation == member.federation
            && envelope.member == member.key()
            && member.is_in(envelope.round),
        PlenaryError::MessageMismatch
    );
    require_keys_eq!(
        signed.key,
        member.update_key_at(envelope.round),
        PlenaryError::WrongSigner
    );
    Ok(envelope)
}

fn hash_of(signed: &SignedMessage) -> Hash {
    solana_sha256_hasher::hash(&signed.message).to_bytes()
}
