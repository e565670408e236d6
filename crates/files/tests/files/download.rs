//! Reading from here and from elsewhere.

use crate::support::*;
use flotilla_files::*;

async fn fleet_with(bytes: &bytes::Bytes) -> (std::sync::Arc<Fleet>, ReadRequest) {
    let fleet = fleet(3);
    fleet.files(2).upload(fleet.request(1, 2, &[3]), body(bytes, 60_000)).await.unwrap();
    let holders = vec![NodeId(2), NodeId(3)];
    (fleet, ReadRequest { blob: BlobId(1), digest: digest_of(bytes), range: ByteRange::ALL, holders })
}

async fn read(files: &Files, request: ReadRequest) -> Result<bytes::Bytes, StreamError> {
    let download = files.read(request).await.expect("opens");
    let bytes = collect(download.chunks, 1 << 30).await?;
    assert_eq!(bytes.len() as u64, download.length);
    Ok(bytes)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_node_serves_any_file() {
    for size in [0, 50_000, 3_000_000] {
        let bytes = bytes_of(size, 3);
        let (fleet, request) = fleet_with(&bytes).await;
        for node in [1, 2, 3] {
            assert_eq!(read(&fleet.files(node), request.clone()).await.unwrap(), bytes, "node {node}, {size} bytes");
        }
        assert!(!fleet.node(1).store.contains(BlobId(1)), "serving is not keeping");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_next_holder_goes_on_in_the_middle() {
    let bytes = bytes_of(3_000_000, 3);
    for mood in [Mood::Unreachable, Mood::FailsAfter(1_200_000), Mood::HangsAfter(700_000)] {
        let (fleet, request) = fleet_with(&bytes).await;
        fleet.node(2).set(mood);
        assert_eq!(read(&fleet.files(1), request.clone()).await.unwrap(), bytes, "{mood:?}");
        let range = ByteRange::new(500_000..2_900_000);
        assert_eq!(
            read(&fleet.files(1), ReadRequest { range, ..request }).await.unwrap(),
            bytes[500_000..2_900_000],
            "{mood:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damage_on_the_way_is_noticed_before_the_last_bytes() {
    let bytes = bytes_of(3_000_000, 3);
    let (fleet, request) = fleet_with(&bytes).await;
    fleet.node(2).set(Mood::Garbles);
    assert!(matches!(read(&fleet.files(1), request).await, Err(StreamError::Damaged { blob: BlobId(1) })));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_damaged_local_copy_is_served_from_elsewhere() {
    let bytes = bytes_of(40_000, 3);
    let (fleet, request) = fleet_with(&bytes).await;
    let segment = &files_in(&fleet.node(2).store.directory().join("segments"))[0];
    let mut image = std::fs::read(segment).unwrap();
    image[10_000] ^= 1;
    std::fs::write(segment, image).unwrap();
    assert_eq!(read(&fleet.files(2), request).await.unwrap(), bytes);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_to_read_is_a_clear_error() {
    let bytes = bytes_of(100, 3);
    let (fleet, request) = fleet_with(&bytes).await;
    fleet.node(2).set(Mood::Unreachable);
    fleet.node(3).set(Mood::Unreachable);
    assert!(matches!(fleet.files(1).read(request.clone()).await.err(), Some(ReadError::NoHolder { tried: 2 })));
    let range = ByteRange::new(50..101);
    let beyond = fleet.files(2).read(ReadRequest { range, ..request }).await;
    assert!(matches!(beyond.err(), Some(ReadError::InvalidRange { length: 100 })));
}
