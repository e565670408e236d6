//! The shell of the certificates actor.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use super::core::{CertificatesConfig, CertificatesCore, Effect};
use super::status::CertificatesStatus;
use crate::ports::{Clock, CredentialKeeper, CredentialReport, ReplicatedLog, Trust, calmed};
use crate::supervision::{
    ActorHandle, BoxError, Ctx, Observer, Policy, Published, Receive, SendError, SpawnError, StopError, Supervised,
    Supervisor,
};

/// Expiry is a matter of days and retries one of seconds.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The keeper writes a few small files and makes at most one key; a disk that hangs for longer is a failure.
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
            Effect::Warn(expiry) => {
                let certificate = self.core.status().certificate.as_ref();
                tracing::warn!(
                    alias = certificate.map(|report| report.alias.as_str()),
                    fingerprint = certificate.map(|report| report.fingerprint.as_str()),
                    not_after_ms = certificate.map(|report| report.not_after_ms),
                    renewable = certificate.map(|report| report.renewable),
                    days_left = expiry.days_left,
                    is_expired = expiry.is_expired,
                    "the cluster certificate comes to its end"
                );
            }
        }
    }

    fn publish(&mut self, trust: Trust, ctx: &mut Ctx<'_, Self>) {
        let keeper = Arc::clone(&self.ports.keeper);
        let (alias, authorities) = (trust.alias.clone(), trust.authorities.len());
        ctx.offload(in_time(async move { keeper.publish(trust).await }), move |warden, answer, ctx| {
            match &answer {
                Ok(CredentialReport { fingerprint, .. }) => {
                    tracing::info!(alias, fingerprint, authorities, "credentials are in force");
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

    /// A certificate was imported or issued on this node: it is published again, also under an unchanged alias.
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
