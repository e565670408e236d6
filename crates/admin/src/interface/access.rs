//! Who may call an operation.

use flotilla_model::AdministratorRole;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Whoever reaches the port.
    Public,
    /// Whoever shows a join token in the body.
    JoinToken,
    /// An administrator of this role, or of a higher one.
    Role(AdministratorRole),
}

impl Access {
    /// `x-role` of the description.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Public => "none",
            Self::JoinToken => "join token",
            Self::Role(AdministratorRole::Auditor) => "auditor",
            Self::Role(AdministratorRole::Operator) => "operator",
            Self::Role(AdministratorRole::Administrator) => "administrator",
        }
    }
}
