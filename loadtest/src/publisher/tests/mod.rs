//! The client against a server of the contract, over real TLS.

pub(crate) mod server;

use std::time::Duration;

use anyhow::Result;
use server::{Behaviour, Server};

use super::{Connection, EventLines, Published, Target, Until, closed_loop, on_own_thread, paced};

async fn publish(target: Target, window: u64, until: Until) -> Result<Published> {
    on_own_thread("publisher", async move {
        let mut connection = Connection::open(&target).await?;
        let published =
            closed_loop(&mut connection, &mut EventLines::new("load.test", 1024, None), window, until).await?;
        connection.close().await?;
        Ok(published)
    })
    .await
}

/// The server holds its answers until the whole window is there: a client that keeps fewer on the way hangs. The widest
/// window is larger than what the client and the kernel buffer.
#[tokio::test]
async fn a_window_is_kept_full() {
    for (window, total) in [(1, 50), (64, 1000), (512, 3000), (16_384, 20_000)] {
        let server = Server::start(Behaviour::Groups { size: window, total }).await.unwrap();
        let published = publish(server.target.clone(), window, Until::Count(total)).await.unwrap();
        assert_eq!(published.count, total);
        assert_eq!(published.histogram.len(), total);
        assert_eq!(server.finish().await.unwrap(), total);
    }
}

#[tokio::test]
async fn a_run_ends_in_time_with_every_event_acknowledged() {
    let server = Server::start(Behaviour::Shredded).await.unwrap();
    let published = publish(server.target.clone(), 64, Until::Elapsed(Duration::from_millis(200))).await.unwrap();
    assert!(published.count > 0 && published.rate() > 0.0);
    assert!(published.elapsed >= Duration::from_millis(200));
    assert_eq!(server.finish().await.unwrap(), published.count);
}

#[tokio::test]
async fn a_fixed_rate_waits_for_no_answer() {
    // The server answers the lead-in of 40, and then nothing until it has the rest.
    let server = Server::start(Behaviour::Groups { size: 40, total: 80 }).await.unwrap();
    let target = server.target.clone();
    let published = on_own_thread("publisher", async move {
        let mut connection = Connection::open(&target).await?;
        let mut lines = EventLines::new("load.test", 10, None);
        let published = paced(&mut connection, &mut lines, Duration::from_millis(2), 40).await?;
        connection.close().await?;
        Ok(published)
    })
    .await
    .unwrap();
    assert_eq!(published.count, 40);
    assert_eq!(published.histogram.len(), 40);
    assert!(published.elapsed >= Duration::from_millis(158), "{:?}", published.elapsed);
    assert!(published.histogram.max() >= 70_000);
    assert_eq!(server.finish().await.unwrap(), 80);
}

#[tokio::test]
async fn every_way_of_refusing_ends_the_run() {
    for (behaviour, said) in [
        (Behaviour::RefuseEvent(30), "an event was refused: queue-full: no room"),
        (Behaviour::RefuseRequest("401 Unauthorized", "who are you?"), "refused with 401: who are you?"),
        (Behaviour::RefuseRequest("503 Service Unavailable", ""), "refused with 503"),
        (Behaviour::Cut(40), "cannot "),
    ] {
        let server = Server::start(behaviour).await.unwrap();
        let result = publish(server.target.clone(), 16, Until::Count(100)).await;
        let error = format!("{:#}", result.err().unwrap());
        assert!(error.contains(said), "{behaviour:?}: {error}");
    }
}
