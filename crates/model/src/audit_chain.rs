//! The chain of the audit log: each row carries the hash of the row before it, so that none can be altered, put in or taken
//! out of the middle without all later ones telling. It does not keep the newest rows from being cut off, or all of them
//! from being made anew: against that, keep the last hash elsewhere.

use ring::digest::{Context, SHA256};

use crate::audit::{AuditId, AuditRecord};
use crate::ids::Sha256;

/// Begins what is hashed, so that a row is never taken for something else.
const LABEL: &[u8] = b"flotilla audit v1";

impl AuditRecord {
    /// SHA-256 over the label and the fields, in the order of [`AuditRecord`] with numbers as decimal text. Each is preceded by
    /// its length (8 bytes, big-endian), an absent one is the length of all ones: no two rows look alike. Part of the format.
    pub fn hash(&self) -> Sha256 {
        let (id, at_ms) = (self.id.0.to_string(), self.at_ms.to_string());
        let parts: [Option<&[u8]>; 11] = [
            Some(LABEL),
            Some(id.as_bytes()),
            Some(at_ms.as_bytes()),
            Some(self.origin.who.as_bytes()),
            Some(self.origin.remote.as_bytes()),
            Some(self.operation.as_bytes()),
            Some(self.subject.as_bytes()),
            self.before.as_deref().map(str::as_bytes),
            self.after.as_deref().map(str::as_bytes),
            self.credential.as_deref().map(str::as_bytes),
            self.previous.as_ref().map(|hash| hash.0.as_slice()),
        ];
        let mut context = Context::new(&SHA256);
        for part in parts {
            let length = part.map_or(u64::MAX, |bytes| bytes.len() as u64);
            context.update(&length.to_be_bytes());
            context.update(part.unwrap_or_default());
        }
        let mut hash = Sha256([0; 32]);
        hash.0.copy_from_slice(context.finish().as_ref());
        hash
    }
}

/// Where a chain does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    #[error("after row {after} comes row {id}: rows were taken out, put in, or put into another order")]
    Order { id: AuditId, after: AuditId },
    #[error("row {id} is not what row {next} says it was: it was altered")]
    Altered { id: AuditId, next: AuditId },
    #[error("row {id} names no predecessor, though rows before it do: it was altered")]
    Unlinked { id: AuditId },
}

/// Follows a chain from its oldest row on.
#[derive(Clone, Debug, Default)]
pub struct ChainCheck {
    last: Option<(AuditId, Sha256)>,
    /// Rows of before rows were chained come first, if at all.
    is_chained: bool,
    rows: u64,
    unlinked: u64,
}

impl ChainCheck {
    /// Checks one more row against the one before.
    pub fn follow(&mut self, row: &AuditRecord) -> Result<(), ChainError> {
        if let Some((after, hash)) = self.last {
            if row.id.0 != after.0 + 1 {
                return Err(ChainError::Order { id: row.id, after });
            }
            match row.previous {
                Some(previous) if previous != hash => return Err(ChainError::Altered { id: after, next: row.id }),
                None if self.is_chained => return Err(ChainError::Unlinked { id: row.id }),
                _ => {}
            }
        }
        self.unlinked += u64::from(row.previous.is_none() && row.id.0 > 1);
        self.is_chained |= row.previous.is_some();
        self.last = Some((row.id, row.hash()));
        self.rows += 1;
        Ok(())
    }

    /// The newest row, and its hash.
    pub fn last(&self) -> Option<(AuditId, Sha256)> {
        self.last
    }

    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Rows that name no predecessor, since they are older than the chain.
    pub fn unlinked(&self) -> u64 {
        self.unlinked
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::Origin;

    fn row(id: u64, previous: Option<Sha256>) -> AuditRecord {
        AuditRecord {
            id: AuditId(id),
            at_ms: 1_000,
            origin: Origin { who: "ada".to_owned(), remote: "192.0.2.7".to_owned() },
            operation: "parameter.set".to_owned(),
            subject: "x".to_owned(),
            before: None,
            after: Some("1".to_owned()),
            credential: Some("password".to_owned()),
            previous,
        }
    }

    fn chain(ids: std::ops::Range<u64>) -> Vec<AuditRecord> {
        let mut rows: Vec<AuditRecord> = Vec::new();
        for id in ids {
            let previous = rows.last().map(AuditRecord::hash).or_else(|| (id > 1).then_some(Sha256([9; 32])));
            rows.push(row(id, previous));
        }
        rows
    }

    fn checked(rows: &[AuditRecord]) -> Result<ChainCheck, ChainError> {
        let mut check = ChainCheck::default();
        rows.iter().try_for_each(|row| check.follow(row)).map(|()| check)
    }

    #[test]
    fn the_hash_of_a_row_never_changes() {
        // Worked out by another program after the text of `hash`.
        let expected = "faf95ecf28e39d09e932101579be29fcc2f97fa6c7ce707c6a40df14c94ef733";
        assert_eq!(row(7, Some(Sha256([1; 32]))).hash().to_string(), expected);
    }

    #[test]
    fn a_chain_holds_from_any_row_on() {
        let rows = chain(1..9);
        let check = checked(&rows).unwrap();
        assert_eq!((check.rows(), check.unlinked()), (8, 0));
        assert_eq!(check.last(), rows.last().map(|row| (row.id, row.hash())));
        checked(&rows[3..]).unwrap();
        checked(&[]).unwrap();
    }

    #[test]
    fn every_change_of_a_row_breaks_it() {
        type Change = fn(&mut AuditRecord);
        let changes: [Change; 8] = [
            |row| row.at_ms += 1,
            |row| row.origin.who.push('x'),
            |row| row.origin.remote.clear(),
            |row| row.operation.push('x'),
            |row| row.subject.push('x'),
            |row| row.before = Some(String::new()),
            |row| row.after = None,
            |row| row.credential = None,
        ];
        for (number, change) in changes.into_iter().enumerate() {
            let mut rows = chain(1..9);
            change(&mut rows[4]);
            let error = checked(&rows).unwrap_err();
            assert_eq!(error, ChainError::Altered { id: AuditId(5), next: AuditId(6) }, "change {number}");
        }
    }

    #[test]
    fn missing_moved_and_unlinked_rows_are_named() {
        let mut rows = chain(1..9);
        rows.remove(4);
        assert_eq!(checked(&rows).unwrap_err(), ChainError::Order { id: AuditId(6), after: AuditId(4) });
        let mut rows = chain(1..9);
        rows.swap(2, 3);
        assert_eq!(checked(&rows).unwrap_err(), ChainError::Order { id: AuditId(4), after: AuditId(2) });
        let mut rows = chain(1..9);
        rows[4].previous = None;
        assert_eq!(checked(&rows).unwrap_err(), ChainError::Unlinked { id: AuditId(5) });
    }

    #[test]
    fn rows_of_before_the_chain_may_only_come_first() {
        let mut rows = vec![row(1, None), row(2, None)];
        rows.push(row(3, Some(rows[1].hash())));
        assert_eq!(checked(&rows).unwrap().unlinked(), 1, "the first of all has no predecessor");
        rows.push(row(4, None));
        assert_eq!(checked(&rows).unwrap_err(), ChainError::Unlinked { id: AuditId(4) });
    }
}
