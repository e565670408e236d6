//! How types of other crates look in the description of the interface: those crates know nothing of it.

use std::borrow::Cow;

use serde::Serialize;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// Text, one of what the values become as JSON.
fn one_of<T: Serialize>(values: &[T], description: &str) -> RefOr<Schema> {
    let names = values.iter().filter_map(|value| serde_json::to_value(value).ok());
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names)).description(Some(description)).into()
}

macro_rules! names {
    ($($name:ident: $description:literal, $values:expr;)*) => {$(
        /// Stands for the type of this name.
        pub(crate) struct $name;

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                one_of(&$values, $description)
            }
        }

        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                Cow::Borrowed(stringify!($name))
            }
        }
    )*};
}

names! {
    AdministratorRole: "What an administrator may do: read; read and steer work; all; see and steer what belongs to named accounts.", {
        use flotilla_model::AdministratorRole as Role;
        [Role::Auditor, Role::Operator, Role::Administrator, Role::Delegate]
    };
    MemberRole: "What a member does: `full` serves partners, holds files and runs workers; a `witness` votes only.", {
        use flotilla_model::MemberRole as Role;
        [Role::Full, Role::Witness]
    };
    KeyAlgorithm: "A kind of key.", flotilla_pki::KeyAlgorithm::ALL;
}
