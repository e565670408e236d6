//! RabbitMQ: a quorum queue of three members, persistent messages, publisher confirms, acknowledged deliveries.

mod access;
mod settings;

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow, ensure};
use futures::StreamExt;
use lapin::options::{
    BasicAckOptions, BasicConsumeOptions, BasicPublishOptions, BasicQosOptions, ConfirmSelectOptions,
    QueueDeclareOptions, QueuePurgeOptions,
};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Channel, Confirmation, Connection};
use tokio::sync::watch;

use crate::certificates::Certificates;
use crate::measure::{self, Measured, Plan};
use crate::peer::{Peer, Queue, Writer};
use crate::server::{self, Server};
use access::Access;
use settings::Settings;

const QUEUE: &str = "records";
const PERSISTENT: u8 = 2;
const PREFETCH: u16 = 2000;

/// Starts a cluster, measures it, stops it.
pub(crate) async fn run(plan: &Plan) -> Result<Measured> {
    let dir = tempfile::tempdir()?;
    let version = settings::version()?;
    let about = format!("RabbitMQ {version}; quorum queue of 3, persistent, confirms, prefetch {PREFETCH}, mutual TLS");
    let mut rabbitmq = RabbitMq::start(dir.path()).await?;
    Ok(Measured { about, figures: measure::queue(&mut rabbitmq, plan).await? })
}

struct RabbitMq {
    servers: [Server; 3],
    settings: Settings,
    access: Access,
    /// Erlang's name service; ends last.
    _names: Server,
}

#[derive(Clone)]
struct Publisher {
    channel: Channel,
    /// A channel ends with its connection.
    _connection: Arc<Connection>,
}

impl RabbitMq {
    async fn start(dir: &Path) -> Result<Self> {
        let certificates = Certificates::make(dir)?;
        let settings = Settings::write(dir, &certificates)?;
        let mut names = settings.name_service();
        names.start()?;
        names.wait_until_up().await?;
        let mut servers = [settings.server(0), settings.server(1), settings.server(2)];
        // The others join the first.
        servers[0].start()?;
        servers[0].wait_until_up().await?;
        server::start_all(&mut servers[1..]).await?;
        let access = Access::of(&certificates)?;
        let rabbitmq = Self { servers, settings, access, _names: names };
        let channel = rabbitmq.access.connect(0).await?.create_channel().await?;
        let mut kind = FieldTable::default();
        kind.insert("x-queue-type".into(), AMQPValue::LongString("quorum".into()));
        let durable = QueueDeclareOptions { durable: true, ..Default::default() };
        channel.queue_declare(QUEUE.into(), durable, kind).await?;
        Ok(rabbitmq)
    }
}

impl Peer for RabbitMq {
    type Writer = Publisher;

    fn servers(&mut self) -> &mut [Server; 3] {
        &mut self.servers
    }

    async fn leader(&self) -> Result<usize> {
        let mut last = anyhow!("no server answers");
        for server in 0..self.servers.len() {
            match self.settings.queue_members(server, QUEUE).await {
                Ok(members) => {
                    ensure!(members.online == 3, "{} of 3 members are online", members.online);
                    return Ok(members.leader);
                }
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    async fn writer(&self, server: usize, _window: usize) -> Result<Publisher> {
        let connection = Arc::new(self.access.connect(server).await?);
        let channel = connection.create_channel().await?;
        channel.confirm_select(ConfirmSelectOptions::default()).await?;
        Ok(Publisher { channel, _connection: connection })
    }

    async fn clear(&self) -> Result<()> {
        let leader = measure::whole(self).await?;
        let connection = self.access.connect(leader).await?;
        connection.create_channel().await?.queue_purge(QUEUE.into(), QueuePurgeOptions::default()).await?;
        Ok(())
    }
}

impl Writer for Publisher {
    async fn write(&self, record: Vec<u8>) -> Result<()> {
        let properties = BasicProperties::default().with_delivery_mode(PERSISTENT);
        let options = BasicPublishOptions::default();
        let confirm = self.channel.basic_publish("".into(), QUEUE.into(), options, &record, properties).await?.await?;
        ensure!(matches!(confirm, Confirmation::Ack(_)), "a message was not confirmed");
        Ok(())
    }
}

impl Queue for RabbitMq {
    fn consume(
        &self,
        server: usize,
        mut wanted: watch::Receiver<Option<u64>>,
    ) -> impl Future<Output = Result<()>> + Send + 'static {
        let access = self.access.clone();
        async move {
            let connection = access.connect(server).await?;
            let channel = connection.create_channel().await?;
            channel.basic_qos(PREFETCH, BasicQosOptions::default()).await?;
            let (options, table) = (BasicConsumeOptions::default(), FieldTable::default());
            let mut deliveries = channel.basic_consume(QUEUE.into(), "worker".into(), options, table).await?;
            let mut received = 0;
            while wanted.borrow().is_none_or(|wanted| received < wanted) {
                tokio::select! {
                    delivery = deliveries.next() => {
                        delivery.context("the queue ended")??.ack(BasicAckOptions::default()).await?;
                        received += 1;
                    }
                    changed = wanted.changed() => changed?,
                }
            }
            // Acknowledgements are on the way until the channel is closed in order.
            channel.close(200, "done".into()).await?;
            Ok(())
        }
    }
}
