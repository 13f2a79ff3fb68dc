//! Laws of byte forms.

use crate::input::{Case, Choices};
use crate::number::float;
use crate::storage::Allocate;
use crate::subject::{Subject, feed};
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use sketchlet_core::{Error, Header, RowSummary, Wire};

/// Bytes before the body: magic, version, kind, scalar, length.
const HEADER: usize = 16;
/// Bytes behind it.
const CHECKSUM: usize = 4;

/// Out and in again at any row: the same bytes, the same answer, and the same bits ever after.
pub fn decoded_goes_on_bit_for_bit<M: RowSummary + Wire>(subject: &Subject<M>, case: &Case) -> TestCaseResult {
    let rows = case.table.rows();
    let (head, tail) = rows.split_at(case.choices().below(case.table.len + 1) * case.shape.dim);
    let mut summary = subject.filled(&case.shape, head)?;
    let bytes = summary.encode();
    prop_assert_eq!(bytes.len(), summary.encoded_len());
    let restored = subject.restore(&bytes)?;
    prop_assert!(restored.is_ok(), "its own bytes are refused: {:?}", restored.map(drop));
    let Ok(mut restored) = restored else { return Ok(()) };
    prop_assert!(restored.encode() == bytes, "decoded and encoded again, other bytes");
    prop_assert_eq!(restored.rows_seen(), summary.rows_seen());
    prop_assert_eq!(subject.ask(&mut restored), subject.ask(&mut summary));
    feed(&mut summary, tail)?;
    feed(&mut restored, tail)?;
    prop_assert!(restored.encode() == summary.encode(), "decoded, it goes on to other bits");
    let mut short = vec![0; summary.encoded_len() - 1];
    let result = summary.encode_into(&mut short);
    prop_assert!(matches!(result, Err(Error::Storage { .. })), "a short buffer: {result:?}");
    Ok(())
}

/// Bytes that were changed, cut or extended are refused.
pub fn damaged_bytes_are_refused<M: RowSummary + Wire>(subject: &Subject<M>, case: &Case) -> TestCaseResult {
    let bytes = subject.filled(&case.shape, &case.table.rows())?.encode();
    let mut choices = case.choices();
    // All of the header and the parameters, then some of the rest.
    let some: Vec<usize> = (0..40).map(|_| choices.below(bytes.len())).collect();
    for at in (0..bytes.len().min(80)).chain(some) {
        let mut changed = bytes.clone();
        changed[at] ^= 1 << choices.below(8);
        is_corrupt(subject, &changed, &format!("byte {at} was changed"))?;
    }
    for _ in 0..20 {
        let len = choices.below(bytes.len());
        is_corrupt(subject, &bytes[..len], &format!("{len} of {} bytes are left", bytes.len()))?;
        let mut longer = bytes.clone();
        longer.extend((0..=choices.below(9)).map(|_| byte(&mut choices)));
        is_corrupt(subject, &longer, "bytes were appended")?;
    }
    is_corrupt(subject, &[], "no bytes")
}

fn is_corrupt<M: RowSummary>(subject: &Subject<M>, bytes: &[u8], what: &str) -> TestCaseResult {
    let result = subject.restore(bytes)?.map(drop);
    prop_assert!(matches!(result, Err(Error::Corrupt)), "{what}: {result:?}");
    Ok(())
}

fn byte(choices: &mut Choices) -> u8 {
    choices.word().to_le_bytes()[0]
}

/// Bytes that somebody forged, with a right checksum: refused, or a summary that can be used without a panic.
pub fn forged_bytes_never_panic<M: RowSummary + Wire>(subject: &Subject<M>, case: &Case) -> TestCaseResult {
    let bytes = subject.filled(&case.shape, &case.table.rows())?.encode();
    let mut choices = case.choices();
    let body = bytes.len() - HEADER - CHECKSUM;
    for _ in 0..60 {
        let mut forged = bytes.clone();
        for _ in 0..=choices.below(2) {
            // Mostly parameters and counts, which come first.
            let near = if choices.below(4) > 0 { body.min(200) } else { body };
            let at = HEADER + choices.below(near);
            forged[at] = match choices.below(4) {
                0 => 0,
                1 => 0xff,
                2 => forged[at].wrapping_add(1),
                _ => byte(&mut choices),
            };
        }
        use_forged(subject, forged)?;
    }
    // Cut and extended in the middle.
    for _ in 0..10 {
        let mut forged = bytes.clone();
        let at = HEADER + choices.below(body);
        if choices.below(2) == 0 {
            forged.drain(at..(at + 1 + choices.below(8)).min(bytes.len() - CHECKSUM));
        } else {
            forged.splice(at..at, vec![0; 1 + choices.below(8)]);
        }
        let len = (forged.len() - HEADER - CHECKSUM) as u64;
        forged[8..HEADER].copy_from_slice(&len.to_le_bytes());
        use_forged(subject, forged)?;
    }
    Ok(())
}

/// The parameters of forged bytes may ask for more scratch than the bytes carry: whoever decodes is told how much before.
const TOO_MUCH: usize = 1 << 22;

fn use_forged<M: RowSummary + Wire>(subject: &Subject<M>, mut bytes: Vec<u8>) -> TestCaseResult {
    seal(&mut bytes);
    if M::storage_needed(&bytes).is_ok_and(|needed| needed > TOO_MUCH) {
        return Ok(());
    }
    match subject.restore(&bytes)? {
        Ok(mut summary) => {
            // Any answer and any refusal will do.
            let row = vec![float(1.0); summary.dim().min(TOO_MUCH)];
            let _ = subject.ask(&mut summary);
            for _ in 0..20 {
                let _ = summary.update(&row);
            }
            let _ = subject.ask(&mut summary);
            let _ = summary.encode();
        }
        Err(e) => prop_assert!(matches!(e, Error::Corrupt | Error::Incompatible { .. } | Error::Storage { .. }), "{e}"),
    }
    Ok(())
}

/// The kind and the scalar of another summary in the header, over the same body: refused.
pub fn foreign_kinds_are_refused<M: RowSummary + Wire>(subject: &Subject<M>, case: &Case) -> TestCaseResult {
    let bytes = subject.filled(&case.shape, &case.table.rows())?.encode();
    for at in 4..8 {
        for value in 0..=u8::MAX {
            let mut forged = bytes.clone();
            forged[at] = value;
            seal(&mut forged);
            if forged != bytes {
                let result = subject.restore(&forged)?.map(drop);
                // What can be read as the header of something else is told apart from damage.
                let refused = match Header::read(&forged) {
                    // A body of an older version is another one: as such it is damaged.
                    Ok(header) if at == 4 && header.version < bytes[4] => {
                        matches!(result, Err(Error::Corrupt | Error::Incompatible { .. }))
                    }
                    Ok(_) => matches!(result, Err(Error::Incompatible { .. })),
                    Err(_) => matches!(result, Err(Error::Corrupt | Error::Incompatible { .. })),
                };
                prop_assert!(refused, "byte {at} of the header is {value}: {result:?}");
            }
        }
    }
    Ok(())
}

/// Read into storage of another kind, the summary goes on to the same bits. `A` and `B` are one summary in two kinds of storage.
pub fn storages_agree<A, B>(subject: &Subject<A>, case: &Case) -> TestCaseResult
where
    A: RowSummary + Wire,
    B: RowSummary<Scalar = A::Scalar> + Wire<Storage: Allocate>,
{
    let rows = case.table.rows();
    let (head, tail) = rows.split_at(case.choices().below(case.table.len + 1) * case.shape.dim);
    let mut summary = subject.filled(&case.shape, head)?;
    let bytes = summary.encode();
    let storage = B::storage_needed(&bytes).and_then(|scalars| Ok((scalars, B::indices_needed(&bytes)?)));
    prop_assert!(storage.is_ok(), "its own bytes are refused: {storage:?}");
    let Some(storage) = storage.ok().and_then(|(scalars, indices)| B::Storage::allocate(scalars, indices)) else {
        // This kind has not so much room.
        return Ok(());
    };
    let other = B::decode_in(&bytes, storage);
    prop_assert!(other.is_ok(), "its own bytes are refused: {:?}", other.map(drop));
    let Ok(mut other) = other else { return Ok(()) };
    feed(&mut summary, tail)?;
    feed(&mut other, tail)?;
    prop_assert!(other.encode() == summary.encode(), "another storage goes on to other bits");
    other.clear();
    summary.clear();
    prop_assert!(other.encode() == summary.encode(), "another storage is cleared to other bits");
    Ok(())
}

/// Puts the right checksum at the end: CRC-32 (ISO-HDLC), bit by bit.
pub fn seal(bytes: &mut [u8]) {
    let (body, checksum) = bytes.split_at_mut(bytes.len().saturating_sub(CHECKSUM));
    let crc = body.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 * (crc & 1)))
    });
    if checksum.len() == CHECKSUM {
        checksum.copy_from_slice(&(!crc).to_le_bytes());
    }
}
