//! What can be asked of the event queue.

use flotilla_model::EventId;
use reqwest::Method;

use super::calls::segment;
use super::{Client, ClientError};
use crate::api::{
    Done, EventQuery, EventSelection, EventStatistics, EventView, EventsChanged, LaneChange, LaneQuery, LaneView, Page,
    Resolution, ResolveManyRequest, ResolveRequest, RetryManyRequest, StepChange,
};

/// The body of an operation that needs none; sent as JSON, as the server wants it of every change.
#[derive(serde::Serialize)]
struct Empty {}

impl Client {
    pub async fn events(&self, query: &EventQuery) -> Result<Page<EventView>, ClientError> {
        self.query("events", query).await
    }

    /// Their ids alone, up to 10,000 a page.
    pub async fn event_ids(&self, query: &EventQuery) -> Result<Page<u64>, ClientError> {
        self.query("events/ids", query).await
    }

    pub async fn event(&self, id: u64) -> Result<EventView, ClientError> {
        self.get(&format!("events/{id}")).await
    }

    pub async fn event_statistics(&self) -> Result<EventStatistics, ClientError> {
        self.get("events/statistics").await
    }

    /// Tries a dead or waiting event now, from its failed step.
    pub async fn retry_event(&self, id: u64) -> Result<Done, ClientError> {
        self.send(Method::POST, &format!("events/{id}/operations/retry"), &Empty {}, None).await
    }

    /// Gives an event up.
    pub async fn discard_event(&self, id: u64) -> Result<Done, ClientError> {
        self.send(Method::POST, &format!("events/{id}/operations/discard"), &Empty {}, None).await
    }

    /// Ends an event that is not wanted any more.
    pub async fn cancel_event(&self, id: u64) -> Result<Done, ClientError> {
        self.send(Method::POST, &format!("events/{id}/operations/cancel"), &Empty {}, None).await
    }

    /// Answers for a step that may or may not have happened.
    pub async fn resolve_event(&self, id: u64, request: &ResolveRequest) -> Result<Done, ClientError> {
        self.send(Method::POST, &format!("events/{id}/operations/resolve"), request, None).await
    }

    /// The same for up to [`CHANGED_EVENTS_MAX`](crate::api::CHANGED_EVENTS_MAX) events; with steps, those are run from
    /// the beginning instead of the events' own.
    pub async fn retry_events(
        &self,
        ids: &[u64],
        steps: Option<Vec<StepChange>>,
    ) -> Result<EventsChanged, ClientError> {
        let request = RetryManyRequest { ids: event_ids(ids), steps };
        self.send(Method::POST, "events/operations/retry", &request, None).await
    }

    pub async fn discard_events(&self, ids: &[u64]) -> Result<EventsChanged, ClientError> {
        let request = EventSelection { ids: event_ids(ids) };
        self.send(Method::POST, "events/operations/discard", &request, None).await
    }

    pub async fn cancel_events(&self, ids: &[u64]) -> Result<EventsChanged, ClientError> {
        let request = EventSelection { ids: event_ids(ids) };
        self.send(Method::POST, "events/operations/cancel", &request, None).await
    }

    pub async fn resolve_events(&self, ids: &[u64], answer: Resolution) -> Result<EventsChanged, ClientError> {
        let request = ResolveManyRequest { ids: event_ids(ids), answer };
        self.send(Method::POST, "events/operations/resolve", &request, None).await
    }

    pub async fn lanes(&self, query: &LaneQuery) -> Result<Page<LaneView>, ClientError> {
        self.query("lanes", query).await
    }

    pub async fn lane(&self, name: &str) -> Result<LaneView, ClientError> {
        self.get(&format!("lanes/{}", segment(name))).await
    }

    pub async fn set_lane(&self, name: &str, change: &LaneChange) -> Result<Done, ClientError> {
        self.send(Method::PATCH, &format!("lanes/{}", segment(name)), change, None).await
    }
}

fn event_ids(ids: &[u64]) -> Vec<EventId> {
    ids.iter().copied().map(EventId).collect()
}
