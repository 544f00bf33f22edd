//! The worker against a queue in memory, mailers of all moods, and a clock that is set.

use super::mail::{Carrier, MailWorker, Queue, pause_after};
use crate::{
    mail::{
        Caught, Facts, Letter, Letterhead, Letters, MailFault, MailedSecret, Mailer, OutgoingMail, Posted, Smtp,
        sink::{Manner, Sink},
    },
    settings::Settings,
    world::Clock,
};
use futures_util::future::BoxFuture;
use housekey_core::{
    entropy::Entropy,
    identifier::email::Email,
    ids::MailId,
    keyring::{Keyring, MasterKey},
    time::Time,
};
use housekey_store::{
    Store, StoreError,
    mail::{Channel, MailEnd, NewMail, QueuedMail},
};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::sync::Notify;

const START: i64 = 1_795_452_399_000;

#[derive(Clone)]
struct SetClock(Arc<AtomicI64>);

impl Clock for SetClock {
    fn now(&self) -> Time {
        Time::from_millis(self.0.load(Ordering::SeqCst))
    }
    fn monotonic(&self) -> Duration {
        self.now().since(Time::from_millis(0))
    }
}

struct Counting(AtomicU64);

impl Entropy for Counting {
    fn fill(&self, out: &mut [u8]) {
        let next = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::SeqCst).to_le_bytes();
        out.iter_mut().zip(next.iter().cycle()).for_each(|(o, n)| *o = *n);
    }
}

struct Row {
    mail: QueuedMail,
    due: Time,
    ended: Option<(MailEnd, Option<&'static str>)>,
}

/// A queue as the store keeps it, that can be made to fail.
#[derive(Clone, Default)]
struct Rows {
    rows: Arc<Mutex<BTreeMap<String, Row>>>,
    faults: Arc<Mutex<u32>>,
}

impl Rows {
    fn fail(&self) -> Result<(), StoreError> {
        let mut left = self.faults.lock().unwrap();
        if *left == 0 {
            return Ok(());
        }
        *left -= 1;
        Err(StoreError::Unavailable { maybe_applied: false })
    }
}

impl Queue for Rows {
    fn claim<'a>(
        &'a self,
        _: Channel,
        _: &'a str,
        now: Time,
        most: usize,
    ) -> BoxFuture<'a, Result<Vec<QueuedMail>, StoreError>> {
        Box::pin(async move {
            let mut rows = self.rows.lock().unwrap();
            let due = rows.values_mut().filter(|row| row.ended.is_none() && row.due <= now).take(most);
            let claim = |row: &mut Row| {
                let claimed = row.mail.clone();
                row.mail.tries += 1;
                row.due = now.plus(Duration::from_secs(150));
                claimed
            };
            Ok(due.map(claim).collect())
        })
    }

    fn ended<'a>(
        &'a self,
        id: &'a MailId,
        end: MailEnd,
        why: Option<&'static str>,
        _: Time,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            self.fail()?;
            let mut rows = self.rows.lock().unwrap();
            let row = rows.get_mut(id.as_str()).unwrap();
            assert_eq!(row.ended, None, "a mail ends once");
            row.ended = Some((end, why));
            Ok(())
        })
    }

    fn again<'a>(&'a self, id: &'a MailId, due: Time, _: &'static str) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            self.fail()?;
            self.rows.lock().unwrap().get_mut(id.as_str()).unwrap().due = due;
            Ok(())
        })
    }

    fn next_due(&self, _: Channel) -> BoxFuture<'_, Result<Option<Time>, StoreError>> {
        Box::pin(async move {
            Ok(self.rows.lock().unwrap().values().filter(|row| row.ended.is_none()).map(|row| row.due).min())
        })
    }
}

/// Answers with what it is given, one after the other, then takes all.
#[derive(Default)]
struct Moody {
    answers: Mutex<VecDeque<MailFault>>,
    tried: Mutex<Vec<OutgoingMail>>,
}

impl Mailer for Moody {
    fn send<'a>(&'a self, mail: &'a OutgoingMail) -> BoxFuture<'a, Result<(), MailFault>> {
        Box::pin(async move {
            tokio::task::yield_now().await;
            self.tried.lock().unwrap().push(mail.clone());
            self.answers.lock().unwrap().pop_front().map_or(Ok(()), Err)
        })
    }
}

struct House {
    clock: SetClock,
    queue: Rows,
    keys: Keyring,
    letters: Letters,
    mailer: Arc<dyn Mailer>,
    entropy: Counting,
    bell: Notify,
    made: AtomicI64,
}

impl House {
    fn new(mailer: Arc<dyn Mailer>) -> Self {
        let entropy = Counting(AtomicU64::new(7));
        let home = url::Url::parse("https://acme.example").unwrap();
        Self {
            clock: SetClock(Arc::new(AtomicI64::new(START))),
            queue: Rows::default(),
            keys: Keyring::new(MasterKey::generate(&entropy), Vec::new()),
            letters: Letters::new(Letterhead::of(&Settings::default(), &home), None).unwrap(),
            mailer,
            entropy,
            bell: Notify::new(),
            made: AtomicI64::new(0),
        }
    }

    fn worker(&self) -> MailWorker<'_, Rows> {
        MailWorker {
            queue: &self.queue,
            keys: &self.keys,
            letters: &self.letters,
            carrier: Carrier::Mail(&*self.mailer),
            clock: &self.clock,
            entropy: &self.entropy,
            node: "node",
            bell: &self.bell,
        }
    }

    /// Queues a code of ten minutes.
    fn post(&self, never_send: bool) -> MailId {
        let now = self.clock.now();
        let made = self.made.fetch_add(1, Ordering::SeqCst);
        let id = MailId::new(now.plus(Duration::from_secs(made.unsigned_abs())), &self.entropy);
        let expires = now.plus(Duration::from_secs(600));
        let code = Some(MailedSecret::new("492817".to_owned()));
        let letter = Letter::SignInCode { code, link: None, expires, asked: Facts::bare(now) };
        let posted = Posted::new(Email::parse("ada@example.com").unwrap(), letter);
        let sealed = posted.seal(&id, &self.keys, &self.entropy).unwrap();
        let mail = QueuedMail { id: id.clone(), sealed, never_send, tries: 0, expires };
        let row = Row { mail, due: now, ended: None };
        self.queue.rows.lock().unwrap().insert(id.as_str().to_owned(), row);
        id
    }

    fn ended(&self, id: &MailId) -> Option<(MailEnd, Option<&'static str>)> {
        self.queue.rows.lock().unwrap()[id.as_str()].ended
    }

    fn due_in(&self, id: &MailId) -> Duration {
        self.queue.rows.lock().unwrap()[id.as_str()].due.since(self.clock.now())
    }

    fn pass(&self, time: Duration) {
        self.clock.0.fetch_add(i64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

fn caught() -> (Caught, Arc<dyn Mailer>) {
    let caught = Caught::default();
    (caught.clone(), Arc::new(caught))
}

#[tokio::test]
async fn what_is_queued_is_sent_once() {
    let (caught, mailer) = caught();
    let house = House::new(mailer);
    let ids: Vec<_> = (0..20).map(|_| house.post(false)).collect();
    house.worker().run_due().await;
    house.worker().run_due().await;
    assert_eq!(caught.outbox().len(), 20);
    assert!(ids.iter().all(|id| house.ended(id) == Some((MailEnd::Sent, None))));
    assert!(ids.iter().all(|id| caught.get(id).is_some()));
    assert!(caught.outbox()[0].text.starts_with("492817"));
}

#[tokio::test]
async fn sec_20_mail_for_nobody_is_marked_and_goes_nowhere() {
    let (caught, mailer) = caught();
    let house = House::new(mailer);
    let id = house.post(true);
    house.worker().run_due().await;
    assert_eq!(house.ended(&id), Some((MailEnd::Sent, None)));
    assert!(caught.outbox().is_empty());
}

#[tokio::test]
async fn a_passing_fault_is_tried_again_and_later_each_time() {
    let moody = Arc::new(Moody::default());
    *moody.answers.lock().unwrap() = (0..3).map(|_| MailFault::passing("451")).collect();
    let house = House::new(moody.clone());
    let id = house.post(false);
    let mut pauses = Vec::new();
    for _ in 0..3 {
        house.worker().run_due().await;
        pauses.push(house.due_in(&id).as_secs());
        house.pass(house.due_in(&id));
    }
    house.worker().run_due().await;
    assert_eq!(house.ended(&id), Some((MailEnd::Sent, None)));
    assert_eq!(moody.tried.lock().unwrap().len(), 4);
    assert!((24..=36).contains(&pauses[0]) && (96..=144).contains(&pauses[1]), "{pauses:?}");
    assert!(pauses[2] < 300, "half of what is left to the code: {pauses:?}");
    let tried = moody.tried.lock().unwrap();
    assert!(tried.iter().all(|mail| mail.id == tried[0].id), "one Message-ID for all tries");
}

#[tokio::test]
async fn a_mail_dies_with_its_code_and_at_a_lasting_refusal() {
    let moody = Arc::new(Moody::default());
    *moody.answers.lock().unwrap() = (0..99).map(|_| MailFault::passing("451")).collect();
    let house = House::new(moody.clone());
    let id = house.post(false);
    while house.ended(&id).is_none() {
        house.worker().run_due().await;
        house.pass(house.due_in(&id));
    }
    assert_eq!(house.ended(&id), Some((MailEnd::Dead, Some("not_taken"))));
    assert!((4..9).contains(&moody.tried.lock().unwrap().len()));

    let late = house.post(false);
    house.pass(Duration::from_secs(601));
    house.worker().run_due().await;
    assert_eq!(house.ended(&late), Some((MailEnd::Dead, Some("expired"))));

    *moody.answers.lock().unwrap() = [MailFault::permanent("550")].into();
    let refused = house.post(false);
    house.worker().run_due().await;
    assert_eq!(house.ended(&refused), Some((MailEnd::Dead, Some("refused"))));
}

#[tokio::test]
async fn a_row_that_cannot_be_read_is_kept_for_a_better_day() {
    let (caught, mailer) = caught();
    let house = House::new(mailer);
    let id = house.post(false);
    house.queue.rows.lock().unwrap().get_mut(id.as_str()).unwrap().mail.sealed = vec![0; 40];
    house.worker().run_due().await;
    assert_eq!(house.ended(&id), None);
    assert!(house.due_in(&id) > Duration::from_secs(20));
    assert!(caught.outbox().is_empty());
}

#[tokio::test]
async fn a_claim_that_its_node_left_is_taken_up_again() {
    let (caught, mailer) = caught();
    let house = House::new(mailer);
    let id = house.post(false);
    house.queue.claim(Channel::Mail, "node that dies", house.clock.now(), 8).await.unwrap();
    house.worker().run_due().await;
    assert!(caught.outbox().is_empty(), "it is somebody's");
    house.pass(Duration::from_secs(151));
    house.worker().run_due().await;
    assert_eq!(house.ended(&id), Some((MailEnd::Sent, None)));
}

#[tokio::test]
async fn a_store_that_fails_for_a_moment_makes_no_second_mail() {
    let (caught, mailer) = caught();
    let house = House::new(mailer);
    let id = house.post(false);
    *house.queue.faults.lock().unwrap() = 2;
    house.worker().run_due().await;
    assert_eq!(house.ended(&id), Some((MailEnd::Sent, None)));
    assert_eq!(caught.outbox().len(), 1);
}

/// Takes a while for each mail.
struct Slow(Caught);

impl Mailer for Slow {
    fn send<'a>(&'a self, mail: &'a OutgoingMail) -> BoxFuture<'a, Result<(), MailFault>> {
        Box::pin(async move {
            tokio::time::sleep(Duration::from_millis(100)).await;
            self.0.send(mail).await
        })
    }
}

#[tokio::test]
async fn the_bell_wakes_it_and_a_stop_finishes_what_was_begun() {
    let (caught, _) = caught();
    let house = Arc::new(House::new(Arc::new(Slow(caught.clone()))));
    let stop = Arc::new(Notify::new());
    let running = tokio::spawn({
        let (house, stop) = (Arc::clone(&house), Arc::clone(&stop));
        async move { house.worker().run(async move { stop.notified().await }).await }
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    let ids: Vec<_> = (0..5).map(|_| house.post(false)).collect();
    house.bell.notify_one();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(caught.outbox().is_empty(), "under way");
    stop.notify_one();
    tokio::time::timeout(Duration::from_secs(5), running).await.unwrap().unwrap();
    assert!(ids.iter().all(|id| house.ended(id) == Some((MailEnd::Sent, None))));
}

/// Panics at the first mail.
#[derive(Default)]
struct Clumsy(Caught, AtomicI64);

impl Mailer for Clumsy {
    fn send<'a>(&'a self, mail: &'a OutgoingMail) -> BoxFuture<'a, Result<(), MailFault>> {
        Box::pin(async move {
            assert!(self.1.fetch_add(1, Ordering::SeqCst) > 0, "the first mail");
            self.0.send(mail).await
        })
    }
}

#[tokio::test]
async fn a_mailer_that_panics_costs_no_other_mail_and_not_the_worker() {
    let house = House::new(Arc::new(Clumsy::default()));
    let ids = [house.post(false), house.post(false)];
    house.worker().run_due().await;
    let sent = || ids.iter().filter(|id| house.ended(id).is_some()).count();
    assert_eq!(sent(), 1);
    house.pass(Duration::from_secs(151));
    house.worker().run_due().await;
    assert_eq!(sent(), 2);
}

#[tokio::test]
async fn through_a_server_that_greylists() {
    let sink = Sink::start(Manner { rcpt: ["450 4.2.0 greylisted"].into(), ..Manner::default() }).await;
    let smtp = Smtp::new(&format!("smtp://{}", sink.address)).unwrap();
    let house = House::new(Arc::new(smtp));
    let id = house.post(false);
    house.worker().run_due().await;
    assert_eq!((house.ended(&id), sink.taken().len()), (None, 0));
    house.pass(house.due_in(&id));
    house.worker().run_due().await;
    assert_eq!(house.ended(&id), Some((MailEnd::Sent, None)));
    assert!(sink.taken()[0].data.contains("492817 is your code"));
}

#[tokio::test]
async fn over_a_real_store_mail_is_sent_once_and_its_content_goes() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::sqlite(folder.path().join("mail.db")).unwrap();
    let moody = Arc::new(Moody::default());
    *moody.answers.lock().unwrap() = [MailFault::passing("451")].into();
    let house = House::new(moody.clone());
    store.migrate(house.clock.now()).await.unwrap();
    for never_send in [false, false, true] {
        let id = house.post(never_send);
        let row = house.queue.rows.lock().unwrap().remove(id.as_str()).unwrap().mail;
        let mail =
            NewMail { id, channel: Channel::Mail, sealed: row.sealed, never_send, expires: row.expires, told: None };
        store.mail_queue(mail, house.clock.now()).await.unwrap();
    }
    let House { keys, letters, clock, entropy, bell, .. } = &house;
    let (queue, carrier, node) = (&store, Carrier::Mail(&*moody), "node");
    let worker = MailWorker { queue, keys, letters, carrier, clock, entropy, node, bell };
    worker.run_due().await;
    assert_eq!(moody.tried.lock().unwrap().len(), 2, "one is for nobody");
    let due = store.mail_next_due(Channel::Mail).await.unwrap().unwrap();
    house.pass(due.since(house.clock.now()));
    worker.run_due().await;
    worker.run_due().await;
    assert_eq!(moody.tried.lock().unwrap().len(), 3, "the refused one again, and none twice");
    assert_eq!(store.mail_next_due(Channel::Mail).await.unwrap(), None);
    store.close().await;
    let kept = std::fs::read(folder.path().join("mail.db")).unwrap();
    assert!(!kept.windows(6).any(|bytes| bytes == b"492817"), "sec_102");
}

#[test]
fn pauses_grow_and_end_after_a_day() {
    let day = Duration::from_secs(24 * 3600);
    let (mut left, mut tries) = (day, 0);
    let mut pauses = Vec::new();
    while let Some(pause) = pause_after(tries, left, u16::MAX / 2) {
        pauses.push(pause.as_secs());
        left = left.saturating_sub(pause);
        tries += 1;
    }
    for (pause, wanted) in pauses.iter().zip([30, 120, 600, 1800, 7200]) {
        assert!(pause.abs_diff(wanted) <= 1 + wanted / 100, "{pauses:?}");
    }
    assert!(tries < 16);
    for (chance, seconds) in [(0, 24), (u16::MAX, 36)] {
        assert_eq!(pause_after(0, day, chance), Some(Duration::from_secs(seconds)));
    }
    assert_eq!(pause_after(0, Duration::from_secs(29), 9), None);
    assert_eq!(pause_after(15, day, 9), None);
}
