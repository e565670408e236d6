//! The screen on a terminal of memory.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use flotilla_admin::api::{
    CertificateStatus, ClusterNode, ClusterStatus, ConsensusStatus, Diagnosis, EventStatistics, FilesStatus, Finding,
    FindingLevel, GatewayStatus, GmpStatus, LaneView, LinkStatus, NodeId, NodeRole, NodeStatus, ProcessStatus,
    QueueStatus, RoomStatus, from_ms,
};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::super::app::App;
use super::super::keys::Key;
use super::super::picture::{Picture, Report};
use super::draw;

/// Three nodes, of which the first answers, leads, and tells of itself; a lane with events.
pub(in crate::top) fn picture() -> Picture {
    let queue = QueueStatus { ready: 7, waiting: 2, leased: 3, oldest_ready_age_ms: 1500, ..QueueStatus::default() };
    let cluster = ClusterStatus {
        id: "01".to_owned(),
        name: "harbour".to_owned(),
        mode: "active".to_owned(),
        created_at: from_ms(0),
        answered_by: NodeId(1),
        term: 4,
        primary: Some(NodeId(1)),
        committed_index: 1234,
        nodes: (1..=3).map(node).collect(),
        queue: queue.clone(),
        room: RoomStatus { level: "ample".to_owned(), ..RoomStatus::default() },
        lanes_paused: 0,
        paused_lanes: Vec::new(),
        accounts: 1,
        files: 1,
        transfers: 1,
    };
    Picture {
        answered_by: "https://ft1:8444".to_owned(),
        cluster,
        statistics: EventStatistics { queue: queue.clone(), lanes: 5, ..EventStatistics::default() },
        lanes: vec![lane("alice", 9), lane("bob", 3)],
        managers: Vec::new(),
        nodes: BTreeMap::from([(NodeId(1), status(queue))]),
    }
}

fn node(id: u64) -> ClusterNode {
    let link = LinkStatus {
        is_connected: true,
        round_trip_us: Some(420),
        heard_ms_ago: Some(3),
        reconnects: 0,
        failure: None,
    };
    ClusterNode {
        node: NodeId(id),
        name: format!("ft{id}"),
        role: if id == 1 { NodeRole::Primary } else { NodeRole::Secondary },
        is_up: true,
        version: "0.1.0".to_owned(),
        mesh_address: format!("ft{id}:44431"),
        admin_url: format!("https://ft{id}:8444"),
        transfer_url: format!("https://ft{id}:8443"),
        joined_at: from_ms(0),
        term: Some(4),
        applied_index: Some(1234),
        lag_entries: Some(id - 1),
        link: (id > 1).then_some(link),
    }
}

fn lane(name: &str, ready: u64) -> LaneView {
    LaneView {
        name: name.to_owned(),
        weight: 1,
        is_paused: false,
        ready,
        waiting: 0,
        blocked: 0,
        leased: 0,
        dead: 0,
        outcome_unknown: 0,
        oldest_ready_age_ms: 90_000,
        published_total: 0,
        completed_total: 0,
        retried_total: 0,
        failed_total: 0,
        discarded_total: 0,
        expired_total: 0,
        cancelled_total: 0,
    }
}

fn status(queue: QueueStatus) -> NodeStatus {
    NodeStatus {
        node: NodeId(1),
        name: "ft1".to_owned(),
        version: "0.1.0".to_owned(),
        process_id: 1,
        started_at: from_ms(0),
        uptime_ms: 1,
        is_stopping: false,
        consensus: ConsensusStatus {
            role: NodeRole::Primary,
            term: 4,
            primary: Some(NodeId(1)),
            quorum_heard_ms_ago: Some(20),
            last_log_index: 1234,
            committed_index: 1234,
            applied_index: 1234,
            snapshot_index: 0,
            stored_event_bytes: 0,
            digest: String::new(),
            voters: Vec::new(),
            learners: Vec::new(),
        },
        queue,
        gmp: GmpStatus { busy: 3, threads_max: 16, ..GmpStatus::default() },
        files: FilesStatus { disk_free_bytes: 5_000_000_000, ..FilesStatus::default() },
        gateway: GatewayStatus::default(),
        certificate: CertificateStatus {
            alias: "mesh".to_owned(),
            fingerprint: String::new(),
            expires_at: from_ms(0),
            is_current: true,
            failure: None,
            renewal_at: None,
            renewed_total: 0,
            warnings: Vec::new(),
        },
        actors: Vec::new(),
        process: Some(ProcessStatus { cpu_ms_total: 1000, resident_bytes: 96_000_000 }),
    }
}

fn app(picture: Picture) -> App {
    let mut app = App::new(Some("profile prod".to_owned()), Instant::now());
    app.take(Report::Picture(Box::new(picture)), Instant::now());
    app
}

/// The lines of the screen, as they would be read.
fn screen(app: &App, width: u16, height: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw(frame, app, Instant::now() + Duration::from_secs(5))).unwrap();
    let buffer = terminal.backend().buffer();
    let line = |y| (0..width).map(|x| buffer[(x, y)].symbol()).collect::<String>();
    (0..height).map(|y| line(y).trim_end().to_owned() + "\n").collect()
}

/// The line with this in it.
#[track_caller]
fn line(screen: &str, part: &str) -> String {
    screen.lines().find(|line| line.contains(part)).unwrap_or_else(|| panic!("no {part:?} in\n{screen}")).to_owned()
}

#[test]
fn a_good_day() {
    let screen = screen(&app(picture()), 120, 30);
    let head = line(&screen, "flotilla top");
    for part in ["profile prod", "cluster harbour", "primary 1", "term 4", "log 1234"] {
        assert!(head.contains(part), "{head}");
    }
    line(&screen, "as https://ft1:8444 sees it, 5 s ago");
    let first = line(&screen, "ft1  ");
    assert!(["primary", "good", "3/16", "96.0 MB", "5.0 GB"].iter().all(|part| first.contains(part)), "{first}");
    let second = line(&screen, "ft2  ");
    assert!(second.contains("secondary") && second.contains("0.42 ms") && second.contains(" 1 "), "{second}");
    line(&screen, "7 ready  2 waiting  0 blocked  3 in work");
    line(&screen, "depth 12");
    line(&screen, "oldest 1.5 s");
    let lanes = line(&screen, "lanes: 2 of 5, by depth");
    assert!(lanes.contains("alerts: 0"), "{lanes}");
    assert!(line(&screen, "alice").contains("1.5 min"), "{screen}");
}

#[test]
fn what_is_wrong_is_said_first() {
    let mut picture = picture();
    picture.cluster.nodes[2].is_up = false;
    picture.cluster.nodes[2].role = NodeRole::Down;
    picture.cluster.queue.dead = 4;
    picture.nodes.get_mut(&NodeId(1)).unwrap().consensus.quorum_heard_ms_ago = Some(60_000);
    let mut app = app(picture);
    let finding = |level, detail: &str| Finding {
        node: NodeId(2),
        check: "clock".to_owned(),
        level,
        detail: detail.to_owned(),
        mend: None,
    };
    let items = vec![finding(FindingLevel::Ok, "all is well"), finding(FindingLevel::Failed, "9 s ahead\u{1b}[2J")];
    let found = Diagnosis { failed: 1, warnings: 0, items };
    app.take(Report::Diagnosis(Ok(found)), Instant::now());
    app.press(Key::Sort);
    let screen = screen(&app, 140, 30);
    assert!(line(&screen, "nodes, by health").contains("nodes"), "{screen}");
    let (down, good) = (screen.find("ft3  ").unwrap(), screen.find("ft1  ").unwrap());
    assert!(down < good, "the sick node stands first:\n{screen}");
    line(&screen, "alerts: 4");
    line(&screen, "! no majority answers the primary, node 1");
    line(&screen, "! node 3 (ft3) is down");
    line(&screen, "! doctor, node 2, clock: 9 s ahead");
    line(&screen, "~ 4 dead letters");
    assert!(!screen.contains("all is well") && !screen.contains('\u{1b}'), "{screen}");
}

#[test]
fn no_answer_keeps_the_last_picture_and_says_how_old_it_is() {
    let mut app = app(picture());
    app.take(Report::Failure("https://ft1:8444 cannot be reached".to_owned()), Instant::now());
    let screen = screen(&app, 120, 30);
    line(&screen, "NO ANSWER for 5 s: https://ft1:8444 cannot be reached");
    line(&screen, "alice");
    let mut never = App::new(None, Instant::now());
    never.take(Report::Failure("refused".to_owned()), Instant::now());
    line(&super::tests::screen(&never, 120, 30), "NO ANSWER: refused");
}

#[test]
fn every_size_is_drawn_and_a_small_one_says_so() {
    let mut app = app(picture());
    for shows_help in [false, true] {
        for (width, height) in [(1, 1), (59, 40), (200, 17), (60, 18), (80, 24), (300, 100)] {
            let screen = screen(&app, width, height);
            let is_told = screen.contains("too few") || width < 20;
            assert_eq!(is_told, width < 60 || height < 18, "{width}x{height}:\n{screen}");
        }
        assert!(!shows_help || screen(&app, 80, 24).contains("shift-tab"));
        app.press(Key::Help);
    }
}
