//! An application's event as it comes: one JSON object. It is read in place; the data is checked to be JSON and not built.

use std::borrow::Cow;
use std::fmt;

use flotilla_model::{EventKey, KindName, NewEvent, Payload, Priority};
use serde::de::{self, Deserialize, DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::codes;
use crate::problem::Problem;

/// Longest text of a JSON error that a client gets back: it may quote what the client sent.
const DETAIL_MAX: usize = 200;

const FIELDS: [&str; 7] = ["kind", "data", "ordering_key", "idempotency_key", "priority", "not_before", "expires"];

/// Reads events of one request.
#[derive(Default)]
pub(crate) struct EventReader {
    /// W3C trace id of the request.
    trace_id: Option<u128>,
    /// A publisher's next event is most often of the kind of the last one: they share the text.
    last_kind: Option<KindName>,
}

impl EventReader {
    pub(crate) fn new(trace_id: Option<u128>) -> Self {
        Self { trace_id, last_kind: None }
    }

    /// Reads one object.
    pub(crate) fn read(&mut self, json: &[u8]) -> Result<NewEvent, Problem> {
        let mut at = None;
        let mut deserializer = serde_json::Deserializer::from_slice(json);
        let fields = Reading { at: &mut at }
            .deserialize(&mut deserializer)
            .and_then(|fields| deserializer.end().map(|()| fields))
            .map_err(|error| malformed(&error, at))?;
        let kind = fields.kind.ok_or_else(|| missing("kind"))?;
        let data = fields.data.ok_or_else(|| missing("data"))?;
        if data.get().len() > Payload::MAX_LENGTH {
            let detail = format!("{} bytes of data are more than {}", data.get().len(), Payload::MAX_LENGTH);
            return Err(Problem::new(&codes::EVENT_TOO_LARGE, detail).field("data"));
        }
        Ok(NewEvent {
            kind: self.kind(&kind.0)?,
            data: Payload::new(data.get().as_bytes()),
            ordering_key: fields.ordering_key.map(|key| event_key(&key.0, "ordering_key")).transpose()?,
            idempotency_key: fields.idempotency_key.map(|key| event_key(&key.0, "idempotency_key")).transpose()?,
            priority: fields.priority,
            not_before_ms: fields.not_before.map(|time| time_ms(&time.0, "not_before")).transpose()?,
            expires_ms: fields.expires.map(|time| time_ms(&time.0, "expires")).transpose()?,
            trace_id: self.trace_id,
        })
    }

    fn kind(&mut self, text: &str) -> Result<KindName, Problem> {
        if let Some(kind) = self.last_kind.as_ref().filter(|kind| kind.as_str() == text) {
            return Ok(kind.clone());
        }
        let kind = KindName::parse(text).map_err(|error| Problem::new(&codes::BAD_EVENT, error).field("kind"))?;
        self.last_kind = Some(kind.clone());
        Ok(kind)
    }
}

/// A key that an application gave.
pub(crate) fn event_key(text: &str, field: &'static str) -> Result<EventKey, Problem> {
    EventKey::parse(text).map_err(|error| Problem::new(&codes::BAD_EVENT, error).field(field))
}

fn time_ms(text: &str, field: &'static str) -> Result<u64, Problem> {
    let refused = |detail: String| Problem::new(&codes::BAD_EVENT, detail).field(field);
    let time: jiff::Timestamp =
        text.parse().map_err(|error| refused(format!("not a time of RFC 3339: {error:.100}")))?;
    u64::try_from(time.as_millisecond()).map_err(|_| refused("the time is before 1970".to_owned()))
}

fn missing(field: &'static str) -> Problem {
    Problem::new(&codes::BAD_EVENT, format!("the field {field:?} is missing")).field(field)
}

fn malformed(error: &serde_json::Error, at: Option<&'static str>) -> Problem {
    let text = error.to_string();
    let message = text.rsplit_once(" at line ").map_or(&*text, |(message, _)| message);
    let detail = format!("{message:.DETAIL_MAX$}, in column {}", error.column());
    let problem = Problem::new(&codes::BAD_EVENT, detail);
    match at {
        Some(field) => problem.field(field),
        None => problem,
    }
}

#[derive(Default)]
struct Fields<'a> {
    kind: Option<Text<'a>>,
    data: Option<&'a RawValue>,
    ordering_key: Option<Text<'a>>,
    idempotency_key: Option<Text<'a>>,
    priority: Option<Priority>,
    not_before: Option<Text<'a>>,
    expires: Option<Text<'a>>,
}

/// Reads the object and notes which field it is at, for the error.
struct Reading<'f> {
    at: &'f mut Option<&'static str>,
}

impl<'de> DeserializeSeed<'de> for Reading<'_> {
    type Value = Fields<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Fields<'de>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Reading<'_> {
    type Value = Fields<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an event as a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
        let mut fields = Fields::default();
        let mut seen = 0_u8;
        while let Some(key) = map.next_key::<Text<'de>>()? {
            let Some(index) = FIELDS.iter().position(|field| *field == key.0) else {
                return Err(de::Error::unknown_field(&key.0, &FIELDS));
            };
            *self.at = Some(FIELDS[index]);
            if seen & 1 << index != 0 {
                return Err(de::Error::duplicate_field(FIELDS[index]));
            }
            seen |= 1 << index;
            match index {
                0 => fields.kind = Some(map.next_value()?),
                // Not as an option, of which null would be none: null is data.
                1 => fields.data = Some(map.next_value()?),
                2 => fields.ordering_key = map.next_value()?,
                3 => fields.idempotency_key = map.next_value()?,
                4 => fields.priority = map.next_value()?,
                5 => fields.not_before = map.next_value()?,
                _ => fields.expires = map.next_value()?,
            }
            *self.at = None;
        }
        Ok(fields)
    }
}

/// A string, borrowed unless it has escapes. (serde's own `Cow` inside an `Option` always copies.)
struct Text<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Strings;

        impl<'de> Visitor<'de> for Strings {
            type Value = Text<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a string")
            }

            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }

        deserializer.deserialize_str(Strings)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn read(json: impl AsRef<[u8]>) -> Result<NewEvent, Problem> {
        EventReader::new(Some(7)).read(json.as_ref())
    }

    #[test]
    fn all_fields_are_read() {
        let json = r#" {"priority": 9, "data": {"a": [1, 2.50]}, "kind": "order.cre\u0061ted", "ordering_key": "k",
                        "idempotency_key": "i ä", "expires": "2026-01-31T08:00:01.5+01:00"}\r"#;
        let event = read(json.replace("\\r", "\r")).unwrap();
        assert_eq!(event.kind.as_str(), "order.created");
        assert_eq!(&*event.data.read().unwrap(), br#"{"a": [1, 2.50]}"#, "as it was written");
        assert_eq!(event.ordering_key.unwrap().as_str(), "k");
        assert_eq!(event.idempotency_key.unwrap().as_str(), "i ä");
        assert_eq!(event.priority, Priority::new(9));
        assert_eq!((event.not_before_ms, event.expires_ms), (None, Some(1_769_842_801_500)));
        assert_eq!(event.trace_id, Some(7));
    }

    #[test]
    fn null_is_data_and_no_option() {
        let event = read(r#"{"kind":"a","data":null,"ordering_key":null,"priority":null}"#).unwrap();
        assert_eq!(&*event.data.read().unwrap(), b"null");
        assert_eq!((event.ordering_key, event.priority), (None, None));
    }

    #[test]
    fn what_is_refused_names_the_field() {
        let long = format!(r#"{{"kind":"a","data":"{}"}}"#, "x".repeat(Payload::MAX_LENGTH));
        let key = format!(r#"{{"kind":"a","data":1,"ordering_key":"{}"}}"#, "k".repeat(129));
        for (json, code, field) in [
            ("", "bad-event", None),
            ("[]", "bad-event", None),
            ("7", "bad-event", None),
            ("{", "bad-event", None),
            ("{}", "bad-event", Some("kind")),
            (r#"{"kind":"a"}"#, "bad-event", Some("data")),
            (r#"{"kind":7,"data":1}"#, "bad-event", Some("kind")),
            (r#"{"kind":null,"data":1}"#, "bad-event", Some("kind")),
            (r#"{"kind":"a b","data":1}"#, "bad-event", Some("kind")),
            (r#"{"kind":"file.received","data":1}"#, "bad-event", Some("kind")),
            (r#"{"kind":"a","kind":"b","data":1}"#, "bad-event", Some("kind")),
            (r#"{"kind":"a","data":{"b":}}"#, "bad-event", Some("data")),
            (r#"{"kind":"a","data":1 2}"#, "bad-event", None),
            (r#"{"kind":"a","data":"\ud8"}"#, "bad-event", Some("data")),
            (&long, "event-too-large", Some("data")),
            (&key, "bad-event", Some("ordering_key")),
            (r#"{"kind":"a","data":1,"idempotency_key":""}"#, "bad-event", Some("idempotency_key")),
            (r#"{"kind":"a","data":1,"priority":10}"#, "bad-event", Some("priority")),
            (r#"{"kind":"a","data":1,"priority":-1}"#, "bad-event", Some("priority")),
            (r#"{"kind":"a","data":1,"priority":"4"}"#, "bad-event", Some("priority")),
            (r#"{"kind":"a","data":1,"not_before":"tomorrow"}"#, "bad-event", Some("not_before")),
            (r#"{"kind":"a","data":1,"expires":"1969-12-31T23:59:59Z"}"#, "bad-event", Some("expires")),
            (r#"{"kind":"a","data":1,"Priority":1}"#, "bad-event", None),
            (r#"{"kind":"a","data":1}{}"#, "bad-event", None),
            ("\u{feff}{\"kind\":\"a\",\"data\":1}", "bad-event", None),
        ] {
            let problem = read(json).expect_err(json);
            assert_eq!((problem.code().code, problem.field_name()), (code, field), "{json:.60}: {problem:?}");
        }
        let problem = read(r#"{"kind":"a","data":1,"ordering_kee":"k"}"#).unwrap_err();
        assert!(format!("{problem:?}").contains("ordering_kee"), "{problem:?}");
    }

    #[test]
    fn bytes_that_are_no_text_are_refused() {
        for json in [&b"{\"kind\":\"a\",\"data\":\"\xff\"}"[..], b"{\"kind\":\"\xff\",\"data\":1}", b"\xff"] {
            read(json).unwrap_err();
        }
    }

    #[test]
    fn deep_data_takes_no_stack() {
        let depth = 30_000;
        let json = format!(r#"{{"kind":"a","data":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
        assert_eq!(read(json).unwrap().data.len(), 2 * depth);
    }

    /// The same object as serde takes it by itself.
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Reference {
        kind: String,
        data: Box<RawValue>,
        ordering_key: Option<String>,
        idempotency_key: Option<String>,
        priority: Option<Priority>,
        not_before: Option<String>,
        expires: Option<String>,
    }

    fn reference(json: &[u8]) -> Option<Box<RawValue>> {
        let event: Reference = serde_json::from_slice(json).ok()?;
        let is_key = |key: &Option<String>| key.as_ref().is_none_or(|key| EventKey::parse(key).is_ok());
        let is_time = |time: &Option<String>| time.as_ref().is_none_or(|time| time_ms(time, "").is_ok());
        let are_keys = is_key(&event.ordering_key) && is_key(&event.idempotency_key);
        let are_times = is_time(&event.not_before) && is_time(&event.expires);
        let _ = event.priority;
        (are_keys && are_times && KindName::parse(&event.kind).is_ok()).then_some(event.data)
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "\\PC{0,8}|[\"\\\\\n\u{0}]{0,3}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 12, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec(("[a-z\"]{0,3}", inner), 0..4)
                    .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
            ]
        })
    }

    fn check(json: &[u8]) -> Result<(), TestCaseError> {
        match (read(json), reference(json)) {
            (Ok(event), Some(data)) => prop_assert_eq!(&*event.data.read().unwrap(), data.get().as_bytes()),
            (Err(_), None) => {}
            (Ok(_), None) => prop_assert!(false, "{} was taken", String::from_utf8_lossy(json)),
            (Err(problem), Some(_)) => {
                prop_assert!(false, "{} was refused: {:?}", String::from_utf8_lossy(json), problem);
            }
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            check(&bytes)?;
        }

        #[test]
        fn it_takes_exactly_what_serde_takes(
            data in values(),
            options in prop::collection::vec((0..FIELDS.len(), values()), 0..3),
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
        ) {
            let mut json = format!("{{\"kind\":\"a\",\"data\":{data}");
            for (field, value) in options {
                json.push_str(&format!(",\"{}\":{value}", FIELDS[field]));
            }
            let mut json = (json + "}").into_bytes();
            check(&json)?;
            for (at, byte) in changes {
                let at = at.index(json.len());
                json[at] = byte;
                check(&json)?;
                check(&json[..at])?;
            }
        }

        #[test]
        fn data_goes_through_as_it_is_written(data in values()) {
            let event = read(json!({"data": data, "kind": "k"}).to_string()).unwrap();
            let written = data.to_string();
            prop_assert_eq!(&*event.data.read().unwrap(), written.as_bytes());
        }
    }
}
