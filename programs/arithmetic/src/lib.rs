//! Computes integer operations in the virtual machine, so that tests can compare them with
//! arbitrary-precision arithmetic: the program relies on its compiler's 64-bit and 128-bit code.
//! Only tests use it; it is never deployed.

use anchor_lang::prelude::*;

declare_id!("1ntegersUnderTest11111111111111111111111111");

/// Bytes of one case: type, operation, and two operands of 16 bytes. Operands are little-endian,
/// and narrower types use their low bytes.
const CASE: usize = 34;

macro_rules! evaluate {
    ($operation:expr, $left:expr, $right:expr, $type:ty) => {{
        let left = <$type>::from_le_bytes(low($left));
        let right = <$type>::from_le_bytes(low($right));
        let amount = right as u32;
        let value: Option<$type> = match $operation {
            0 => left.checked_add(right),
            1 => left.checked_sub(right),
            2 => left.checked_mul(right),
            3 => left.checked_div(right),
            4 => left.checked_rem(right),
            5 => left.checked_div_euclid(right),
            6 => left.checked_rem_euclid(right),
            7 => left.checked_shl(amount),
            8 => left.checked_shr(amount),
            9 => Some(left.wrapping_add(right)),
            10 => Some(left.wrapping_sub(right)),
            11 => Some(left.wrapping_mul(right)),
            12 => Some(left.saturating_add(right)),
            13 => Some(left.saturating_sub(right)),
            14 => Some(left.saturating_mul(right)),
            15 => Some(left & right),
            16 => Some(left | right),
            17 => Some(left ^ right),
            18 => Some(!left),
            19 => left.checked_neg(),
            20 => Some(left.min(right)),
            21 => Some(left.max(right)),
            22 => Some(left.leading_zeros() as $type),
            23 => Some(left.trailing_zeros() as $type),
            24 => Some(left.rotate_left(amount)),
            25 => left.checked_pow(amount & 7),
            26 => Some((left as i32) as $type),
            27 => Some((left as u32) as $type),
            28 => Some((left as i64) as $type),
            29 => Some((left as u64) as $type),
            _ => Some(left.count_ones() as $type),
        };
        let mut bytes = [0u8; 17];
        if let Some(value) = value {
            bytes[0] = 1;
            let value = value.to_le_bytes();
            bytes[1..1 + value.len()].copy_from_slice(&value);
        }
        bytes
    }};
}

fn low<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut out = [0u8; N];
    out.copy_from_slice(&bytes[..N]);
    out
}

/// The outcome of a case: 1 and the value, or zeros if the checked operation has no value.
fn compute(case: &[u8]) -> [u8; 17] {
    let (left, right) = (&case[2..18], &case[18..34]);
    match case[0] {
        0 => evaluate!(case[1], left, right, i32),
        1 => evaluate!(case[1], left, right, u32),
        2 => evaluate!(case[1], left, right, i64),
        3 => evaluate!(case[1], left, right, u64),
        4 => evaluate!(case[1], left, right, i128),
        _ => evaluate!(case[1], left, right, u128),
    }
}

#[program]
pub mod arithmetic {
    use super::*;

    /// Overwrites each case in the account with its outcome.
    pub fn evaluate(ctx: Context<Evaluate>) -> Result<()> {
        let mut data = ctx.accounts.cases.try_borrow_mut_data()?;
        for case in data.chunks_exact_mut(CASE) {
            let outcome = compute(case);
            case[..17].copy_from_slice(&outcome);
        }
        Ok(())
    }
}

#[derive(Accounts)]
pub struct Evaluate<'info> {
    /// CHECK: cases and outcomes, as the test lays them out.
    #[account(mut)]
    pub cases: UncheckedAccount<'info>,
}
