//! The shell of the certificates actor.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use flotilla_model::Command;

use super::core::{CertificatesConfig, CertificatesCore, Effect};
use super::status::CertificatesStatus;
use super::warning::Warning;
use crate::ports::{Clock, CredentialKeeper, CredentialReport, ReplicatedLog, Trust, calmed};
use crate::supervision::{
    ActorHandle, BoxError, Ctx, Observer, Policy, Published, Receive, SendError, SpawnError, StopError, Supervised,
    Supervisor,
};

/// Retries are a matter of seconds, and so are the shortest lives.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// The keeper writes a few small files and makes at most one key, an RSA key in some seconds; a disk that hangs for longer is a failure.
const JOB_TIMEOUT: Duration = Duration::from_secs(60);

/// What the certificates actor is joined with.
#[derive(Clone)]
pub struct CertificatesPorts {
    /// The log.
    pub log: Arc<dyn ReplicatedLog>,
    /// Where credentials are stored and published.
    pub keeper: Arc<dyn CredentialKeeper>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

pub(crate) struct Warden {
    ports: CertificatesPorts,
    core: CertificatesCore,
    status: Published<CertificatesStatus>,
}

pub(crate) struct StoreChanged;

impl Warden {
    fn go_on(&mut self, ctx: &mut Ctx<'_, Self>) {
        for effect in self.core.decide(&self.ports.log.view().state, self.ports.clock.now()) {
            self.carry_out(effect, ctx);
        }
        self.status.set(self.core.status().clone());
    }

    fn carry_out(&mut self, effect: Effect, ctx: &mut Ctx<'_, Self>) {
        match effect {
            Effect::Publish(trust) => self.publish(trust, ctx),
            Effect::RenewCertificate(alias) => self.renew(alias, ctx),
            Effect::RenewAuthority => self.renew_authority(ctx),
            Effect::Inspect(trust) => self.inspect(trust, ctx),
            Effect::Report(commands) => self.report(commands, ctx),
            Effect::Warn(warning, events) => self.warn(&warning, events, ctx),
        }
    }

    fn warn(&self, warning: &Warning, events: Vec<Command>, ctx: &mut Ctx<'_, Self>) {
        tracing::warn!(
            name = warning.name,
            fingerprint = warning.fingerprint,
            not_after_ms = warning.not_after_ms,
            renewable = warning.is_renewable,
            days_left = warning.expiry.days_left,
            is_expired = warning.expiry.is_expired,
            "a certificate comes to its end"
        );
        if events.is_empty() {
            return;
        }
        let log = Arc::clone(&self.ports.log);
        // Best effort: the line above and the metrics say the same, and the next limit comes.
        ctx.offload(in_time(async move { propose(&*log, &events).await }), |_, answer, _| {
            if let Err(error) = answer {
                tracing::warn!(error, "the event that tells of a certificate's end could not be published");
            }
        });
    }

    fn publish(&mut self, trust: Trust, ctx: &mut Ctx<'_, Self>) {
        let keeper = Arc::clone(&self.ports.keeper);
        let (alias, authorities, revoked) = (trust.alias.clone(), trust.authorities.len(), trust.revoked.len());
        ctx.offload(in_time(async move { keeper.publish(trust).await }), move |warden, answer, ctx| {
            match &answer {
                Ok(CredentialReport { fingerprint, .. }) => {
                    tracing::info!(alias, fingerprint, authorities, revoked, "credentials are in force");
                }
                Err(error) => tracing::warn!(alias, error, "credentials were refused, the former ones stay in force"),
            }
            warden.core.on_published(answer, warden.ports.clock.now());
            warden.go_on(ctx);
        });
    }

    fn renew(&mut self, alias: String, ctx: &mut Ctx<'_, Self>) {
        let keeper = Arc::clone(&self.ports.keeper);
        let name = alias.clone();
        ctx.offload(in_time(async move { keeper.renew(name).await }), move |warden, answer, ctx| {
            match &answer {
                Ok(()) => tracing::info!(alias, "the certificate was renewed"),
                Err(error) => tracing::warn!(alias, error, "the certificate could not be renewed"),
            }
            warden.core.on_renewed(answer, warden.ports.clock.now());
            warden.go_on(ctx);
        });
    }

    fn renew_authority(&mut self, ctx: &mut Ctx<'_, Self>) {
        let keeper = Arc::clone(&self.ports.keeper);
        ctx.offload(in_time(async move { keeper.renew_authority().await }), move |warden, answer, ctx| {
            match &answer {
                Ok(()) => tracing::info!("the CA of this node was renewed; the former one stays trusted"),
                Err(error) => tracing::warn!(error, "the CA of this node could not be renewed"),
            }
            warden.core.on_authority_renewed(answer, warden.ports.clock.now());
            warden.go_on(ctx);
        });
    }

    fn inspect(&mut self, trust: Trust, ctx: &mut Ctx<'_, Self>) {
        let keeper = Arc::clone(&self.ports.keeper);
        ctx.offload(in_time(async move { keeper.stored(trust).await }), move |warden, answer, ctx| {
            if let Err(error) = &answer {
                tracing::warn!(error, "the store of certificates cannot be read");
            }
            warden.core.on_inspected(answer, warden.ports.clock.now());
            warden.go_on(ctx);
        });
    }

    fn report(&mut self, commands: Vec<Command>, ctx: &mut Ctx<'_, Self>) {
        let log = Arc::clone(&self.ports.log);
        ctx.offload(in_time(async move { propose(&*log, &commands).await }), move |warden, answer, ctx| {
            if let Err(error) = &answer {
                tracing::debug!(error, "the log was not told of the certificates of this node yet");
            }
            warden.core.on_reported(answer, warden.ports.clock.now());
            warden.go_on(ctx);
        });
    }
}

async fn propose(log: &dyn ReplicatedLog, commands: &[Command]) -> Result<(), String> {
    let applied = log.propose_many(commands).await.map_err(|error| error.to_string())?;
    applied.answers.into_iter().try_for_each(|answer| answer.map(drop).map_err(|rejection| rejection.to_string()))
}

async fn in_time<T>(job: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    match tokio::time::timeout(JOB_TIMEOUT, job).await {
        Ok(answer) => answer,
        Err(_elapsed) => Err(format!("not done within {JOB_TIMEOUT:?}")),
    }
}

impl Supervised for Warden {
    fn started(&mut self, ctx: &mut Ctx<'_, Self>) -> Result<(), BoxError> {
        self.go_on(ctx);
        Ok(())
    }

    fn on_tick(&mut self, ctx: &mut Ctx<'_, Self>) {
        self.go_on(ctx);
    }

    fn on_wake(&mut self, ctx: &mut Ctx<'_, Self>) {
        self.go_on(ctx);
    }
}

impl Receive<StoreChanged> for Warden {
    type Reply = ();

    fn receive(&mut self, _message: StoreChanged, ctx: &mut Ctx<'_, Self>) {
        self.core.on_store_changed();
        self.go_on(ctx);
    }
}

/// The certificates actor of a node.
#[derive(Clone)]
pub struct Certificates {
    actor: ActorHandle<Warden>,
    status: Observer<CertificatesStatus>,
}

impl Certificates {
    /// Starts it. Ordinary: without it the node goes on with the credentials in force.
    pub fn start(
        supervisor: &Supervisor,
        ports: CertificatesPorts,
        config: CertificatesConfig,
    ) -> Result<Self, SpawnError> {
        let status = Published::new(CertificatesStatus::default());
        let observer = status.observer();
        let log = Arc::clone(&ports.log);
        let factory =
            move || Ok(Warden { ports: ports.clone(), core: CertificatesCore::new(config), status: status.clone() });
        let actor = supervisor.spawn("certificates", Policy::ordinary("control").with_tick(LOOK_EVERY), factory)?;
        actor.wake_on(supervisor.runtime(), calmed(log.changes()));
        Ok(Self { actor, status: observer })
    }

    /// The store was changed: what is in force is published again, also under an unchanged alias, and the log is told.
    pub async fn refresh(&self) -> Result<(), SendError> {
        self.actor.tell(StoreChanged).await
    }

    /// The credentials in force, and what is in the way of others.
    pub fn status(&self) -> &Observer<CertificatesStatus> {
        &self.status
    }

    /// Stops it.
    pub async fn stop(&self, deadline: Duration) -> Result<(), StopError> {
        self.actor.stop(deadline).await
    }
}
