//! The node's cluster secrets on disk and in force, for the rotation.

use async_trait::async_trait;
use flotilla_actors::ports::SecretKeeper;
use flotilla_admin::{WEBHOOK_KEY_CONTEXT, second_factor_context};
use flotilla_model::{Command, EventKind, KindPattern, Route, Sealed, SecretRotation, State, Step};
use flotilla_pki::{ClusterSecret, Purpose, SecretHandle, SecretSet, Store};

/// Folder and handle.
pub(crate) struct Secrets {
    pub(crate) store: Store,
    pub(crate) handle: SecretHandle,
}

impl Secrets {
    /// Changes the folder off the runtime's threads, and puts the result into force.
    async fn change(
        &self,
        change: impl FnOnce(&Store) -> Result<SecretSet, flotilla_pki::StoreError> + Send + 'static,
    ) -> Result<(), String> {
        let store = self.store.clone();
        let changed = tokio::task::spawn_blocking(move || change(&store)).await;
        let set = changed.map_err(|error| error.to_string())?.map_err(|error| error.to_string())?;
        self.handle.publish(set);
        Ok(())
    }
}

#[async_trait]
impl SecretKeeper for Secrets {
    fn in_force(&self) -> (String, Option<String>) {
        let set = self.handle.current();
        (set.current().fingerprint(), set.previous().map(ClusterSecret::fingerprint))
    }

    async fn adopt(&self, rotation: SecretRotation) -> Result<(), String> {
        let new = self.handle.current().open_next(&rotation.sealed.0).map_err(|error| error.to_string())?;
        if new.fingerprint() != rotation.fingerprint {
            return Err(format!(
                "what is sealed has the fingerprint {}, not {}",
                new.fingerprint(),
                rotation.fingerprint
            ));
        }
        self.change(move |store| store.adopt_secret(&new)).await
    }

    async fn retire(&self) -> Result<(), String> {
        self.change(Store::retire_secret).await
    }

    fn seal_anew(&self, state: &State) -> Result<Vec<Command>, String> {
        let set = self.handle.current();
        let files = KindPattern::parse(EventKind::FILE_RECEIVED).map_err(|error| error.to_string())?;
        let of_files = state.routes.iter().map(|(account, route)| (account, &files, route));
        let of_kinds = state.kind_routes.iter().map(|((account, kind), route)| (account, kind, route));
        let mut commands = Vec::new();
        for (account, kind, route) in of_files.chain(of_kinds) {
            if let Some(steps) = steps_anew(route, &set)? {
                commands.push(Command::PutKindRoute {
                    account: account.clone(),
                    kind: kind.clone(),
                    steps,
                    lane: route.lane.clone(),
                    priority: route.priority,
                    expected_version: Some(route.version),
                });
            }
        }
        commands.extend(second_factors_anew(state, &set)?);
        Ok(commands)
    }
}

/// Puts the secrets of second factors under the current secret, those that are not yet.
fn second_factors_anew(state: &State, set: &SecretSet) -> Result<Vec<Command>, String> {
    let current = set.current().derive(Purpose::SealedValues);
    let keys = set.keys(Purpose::SealedValues);
    let mut commands = Vec::new();
    for (name, factor) in state.second_factors.iter() {
        let context = second_factor_context(name);
        if current.open(&context, &factor.secret.0).is_ok() {
            continue;
        }
        let Some(opened) = keys.iter().find_map(|key| key.open(&context, &factor.secret.0).ok()) else {
            // As with webhooks: lost before this rotation, and no reason to hold it up.
            tracing::warn!(%name, "the second factor cannot be opened: have another administrator reset it");
            continue;
        };
        let secret = Sealed(current.seal(&context, &opened).map_err(|error| error.to_string())?);
        let former = factor.secret.clone();
        commands.push(Command::SealSecondFactor { name: name.clone(), former, secret });
    }
    Ok(commands)
}

/// The steps with their keys under the current secret; `None` if they are already.
fn steps_anew(route: &Route, set: &SecretSet) -> Result<Option<Vec<Step>>, String> {
    let current = set.current().derive(Purpose::SealedValues);
    let keys = set.keys(Purpose::SealedValues);
    let mut steps = route.steps.clone();
    let mut is_changed = false;
    for step in &mut steps {
        let Step::Webhook { key: Some(sealed), url, .. } = step else { continue };
        if current.open(WEBHOOK_KEY_CONTEXT, &sealed.0).is_ok() {
            continue;
        }
        let opened = keys.iter().find_map(|key| key.open(WEBHOOK_KEY_CONTEXT, &sealed.0).ok());
        let Some(opened) = opened else {
            // Lost before this rotation: it is for a person to set anew, and holds up nothing.
            tracing::warn!(url, "the key of a webhook cannot be opened: set its route again");
            continue;
        };
        *sealed = Sealed(current.seal(WEBHOOK_KEY_CONTEXT, &opened).map_err(|error| error.to_string())?);
        is_changed = true;
    }
    Ok(is_changed.then_some(steps))
}

#[cfg(test)]
mod tests {
    use flotilla_model::AccountName;

    use super::*;

    fn webhook(sealed: Vec<u8>) -> Route {
        let key = Some(Sealed(sealed));
        let step = Step::Webhook { url: "https://x/".to_owned(), key, timeout_ms: 1, idempotent: false };
        Route { steps: vec![Step::Checksum, step], ..Route::default() }
    }

    #[test]
    fn second_factors_come_under_the_current_secret() {
        let [new, old, strange] = [(); 3].map(|()| ClusterSecret::generate().unwrap());
        let ada = AccountName::parse("ada").unwrap();
        let seal = |secret: &ClusterSecret| {
            Sealed(secret.derive(Purpose::SealedValues).seal(&second_factor_context(&ada), b"hush").unwrap())
        };
        let state = |secret: Sealed| {
            let mut state = State::default();
            for command in [
                Command::CreateCluster { id: 1, name: "x".to_owned(), parameters: Vec::new(), now_ms: 1 },
                Command::PutAdministrator {
                    name: ada.clone(),
                    password_hash: Some("x".to_owned()),
                    role: None,
                    must_change_password: false,
                    now_ms: 1,
                },
                Command::EnrolSecondFactor { name: ada.clone(), secret, recovery_codes: Vec::new(), now_ms: 1 },
            ] {
                state.apply(&command).unwrap();
            }
            state
        };
        let set = SecretSet::new(new.clone()).accepting(old.clone());
        let mut with_old = state(seal(&old));
        let commands = second_factors_anew(&with_old, &set).unwrap();
        commands.iter().for_each(|command| drop(with_old.apply(command).unwrap()));
        let sealed = &with_old.second_factors.get(&ada).unwrap().secret;
        let opened = new.derive(Purpose::SealedValues).open(&second_factor_context(&ada), &sealed.0).unwrap();
        assert_eq!(opened.as_slice(), b"hush");
        for settled in [seal(&new), seal(&strange)] {
            assert_eq!(second_factors_anew(&state(settled), &set), Ok(Vec::new()));
        }
    }

    #[test]
    fn keys_of_webhooks_come_under_the_current_secret() {
        let [new, old, strange] = [(); 3].map(|()| ClusterSecret::generate().unwrap());
        let seal =
            |secret: &ClusterSecret| secret.derive(Purpose::SealedValues).seal(WEBHOOK_KEY_CONTEXT, b"hush").unwrap();
        let set = SecretSet::new(new.clone()).accepting(old.clone());
        let steps = steps_anew(&webhook(seal(&old)), &set).unwrap().unwrap();
        let Step::Webhook { key: Some(sealed), .. } = &steps[1] else { panic!("{steps:?}") };
        let opened = new.derive(Purpose::SealedValues).open(WEBHOOK_KEY_CONTEXT, &sealed.0).unwrap();
        assert_eq!(opened.as_slice(), b"hush");
        assert_eq!(steps_anew(&webhook(seal(&new)), &set), Ok(None));
        assert_eq!(steps_anew(&webhook(seal(&strange)), &set), Ok(None), "it cannot be mended here");
    }
}
