//! Which mints a federation may pay in.

use anchor_lang::prelude::*;
use anchor_spl::token_2022::spl_token_2022::{
    extension::{BaseStateWithExtensions, ExtensionType, StateWithExtensions},
    state::Mint,
};
use anchor_spl::token_interface;

use crate::errors::PlenaryError;

/// A mint of SPL Token, or a mint of Token-2022 whose extensions do not break what the program
/// relies on: the amount that is sent arrives, only the program moves what its vault and escrow
/// hold, and nobody can stop it. It is a type of its own because Anchor reads accounts before it
/// creates any, so that an unsuitable mint is refused with its own error. Extensions are checked
/// once, because a mint cannot gain one later, except for those that describe it.
#[derive(Clone)]
pub struct RewardMint;

impl AccountDeserialize for RewardMint {
    fn try_deserialize_unchecked(data: &mut &[u8]) -> Result<Self> {
        let mint = StateWithExtensions::<Mint>::unpack(data)?;
        let extensions = mint
            .get_extension_types()
            .map_err(|_| PlenaryError::MintExtensionUnknown)?;
        for extension in extensions {
            require_harmless(extension)?;
        }
        Ok(Self)
    }
}

impl AccountSerialize for RewardMint {}

impl Owners for RewardMint {
    fn owners() -> &'static [Pubkey] {
        token_interface::Mint::owners()
    }
}

/// Lists what is accepted, so that extensions of the future are refused until somebody has
/// considered them.
fn require_harmless(extension: ExtensionType) -> Result<()> {
    match extension {
        // These describe the token, or change how wallets show amounts, never the amounts.
        ExtensionType::MetadataPointer
        | ExtensionType::TokenMetadata
        | ExtensionType::GroupPointer
        | ExtensionType::TokenGroup
        | ExtensionType::GroupMemberPointer
        | ExtensionType::TokenGroupMember
        | ExtensionType::InterestBearingConfig
        | ExtensionType::ScaledUiAmount
        // Holders choose this for their own accounts; the vault and the escrow do not.
        | ExtensionType::ConfidentialTransferMint => Ok(()),
        ExtensionType::TransferFeeConfig | ExtensionType::ConfidentialTransferFeeConfig => {
            err!(PlenaryError::MintTakesFee)
        }
        ExtensionType::TransferHook => err!(PlenaryError::MintCallsHook),
        ExtensionType::PermanentDelegate => err!(PlenaryError::MintHasPermanentDelegate),
        ExtensionType::NonTransferable => err!(PlenaryError::MintNotTransferable),
        ExtensionType::DefaultAccountState => err!(PlenaryError::MintFreezesAccounts),
        ExtensionType::Pausable => err!(PlenaryError::MintCanPause),
        ExtensionType::MintCloseAuthority => err!(PlenaryError::MintCanClose),
        ExtensionType::ConfidentialMintBurn => err!(PlenaryError::MintHidesAmounts),
        _ => err!(PlenaryError::MintExtensionUnknown),
    }
}

#[cfg(feature = "idl-build")]
impl anchor_lang::IdlBuild for RewardMint {}

/// The IDL's generator requires it. The IDL does not describe other programs' accounts.
#[cfg(feature = "idl-build")]
impl anchor_lang::Discriminator for RewardMint {
    const DISCRIMINATOR: &'static [u8] = &[];
}
