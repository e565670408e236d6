//! Heartbeats on the wire: the first form in postcard, and behind it what was added since. An older reader ignores what
//! it does not know; what an older sender leaves out is none.

use bytes::Bytes;
use flotilla_actors::ports::Heartbeat;
use flotilla_mesh::Refusal;
use serde::{Deserialize, Serialize};

use super::doors::{FORMAT_VERSION, malformed};

#[derive(Debug, Default, Serialize, Deserialize)]
struct Appendix {
    work_stalled_ms: u64,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct SecondAppendix {
    majority_round_trip_us: Option<u64>,
}

pub(super) fn encode(heartbeat: &Heartbeat) -> Result<Bytes, postcard::Error> {
    let appendix = Appendix { work_stalled_ms: heartbeat.fitness.work_stalled_ms };
    let bytes = postcard::to_extend(heartbeat, vec![FORMAT_VERSION])?;
    let second = SecondAppendix { majority_round_trip_us: heartbeat.majority_round_trip_us };
    postcard::to_extend(&second, postcard::to_extend(&appendix, bytes)?).map(Bytes::from)
}

pub(super) fn decode(bytes: &[u8]) -> Result<Heartbeat, Refusal> {
    let unreadable = |_| malformed("the heartbeat");
    let Some((&FORMAT_VERSION, body)) = bytes.split_first() else { return Err(malformed("the heartbeat")) };
    let (mut heartbeat, rest): (Heartbeat, &[u8]) = postcard::take_from_bytes(body).map_err(unreadable)?;
    let (appendix, rest) = take_or_none::<Appendix>(rest).map_err(unreadable)?;
    let (second, _newer) = take_or_none::<SecondAppendix>(rest).map_err(unreadable)?;
    heartbeat.fitness.work_stalled_ms = appendix.work_stalled_ms;
    heartbeat.majority_round_trip_us = second.majority_round_trip_us;
    Ok(heartbeat)
}

/// An older sender ends before it.
fn take_or_none<'a, T: Default + Deserialize<'a>>(rest: &'a [u8]) -> Result<(T, &'a [u8]), postcard::Error> {
    if rest.is_empty() { Ok((T::default(), rest)) } else { postcard::take_from_bytes(rest) }
}

#[cfg(test)]
mod tests {
    use flotilla_actors::ports::Fitness;
    use flotilla_model::{NodeId, SessionId};

    use super::*;

    #[test]
    fn the_first_form_is_read_and_later_fields_are_ignored() {
        let heartbeat = Heartbeat {
            node: NodeId(2),
            session: SessionId(7),
            term: 5,
            hears_primary: Some(NodeId(1)),
            last_log_index: 300,
            applied_index: 299,
            fitness: Fitness { disk_stalled_ms: 1, apply_lag: 2, draining: true, work_stalled_ms: 400 },
            checkpoint: None,
            parameters_index: 9,
            majority_round_trip_us: Some(300),
        };
        let mut bytes = encode(&heartbeat).unwrap().to_vec();
        // Version, node, session, term, primary, last and applied index, stall, lag, draining, no checkpoint, parameters.
        let first_form = [1, 2, 7, 5, 1, 1, 0xac, 2, 0xab, 2, 1, 2, 1, 0, 9];
        assert_eq!(bytes[..first_form.len()], first_form);
        let old = decode(&first_form).unwrap();
        assert_eq!((old.fitness.work_stalled_ms, old.parameters_index), (0, 9));
        assert_eq!(decode(&bytes).unwrap(), heartbeat);
        let second_form = [&first_form[..], &[0x90, 3]].concat();
        let older = decode(&second_form).unwrap();
        assert_eq!((older.fitness.work_stalled_ms, older.majority_round_trip_us), (400, None));
        bytes.extend_from_slice(b"of the future");
        assert_eq!(decode(&bytes).unwrap(), heartbeat);
        assert!(decode(&first_form[..9]).is_err());
        assert!(decode(&[]).is_err());
    }
}
