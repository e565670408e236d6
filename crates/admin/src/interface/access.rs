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
    /// The same; and a delegate for what belongs to their accounts.
    RoleOrDelegate(AdministratorRole),
    /// Any administrator, for what is their own; more may take a role.
    Anybody,
}

impl Access {
    /// `x-role` of the description.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Public => "none",
            Self::JoinToken => "join token",
            Self::Role(role) | Self::RoleOrDelegate(role) => role.name(),
            Self::Anybody => "any",
        }
    }

    /// `x-delegate` of the description: whether delegates get in.
    pub(crate) fn admits_delegates(self) -> bool {
        matches!(self, Self::RoleOrDelegate(_) | Self::Anybody)
    }
}
