//! The thread that puts the log on the disk and then answers. While it waits for the disk, the writer runs the next
//! group; what was committed meanwhile is served by the next sync.

use super::{operation::Operation, sqlite};
use crate::StoreError;
use std::{
    fs::{File, OpenOptions},
    io,
    path::{Path, PathBuf},
    thread::JoinHandle,
};
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// How many committed groups may wait for the disk before the writer does.
const GROUPS: usize = 8;

/// A group that is in the log, and not yet known to be on the disk.
pub(super) struct Committed {
    pub operations: Vec<Box<dyn Operation>>,
    /// Whether it changed anything.
    pub written: bool,
}

/// The way to the disk.
pub(super) struct Durable {
    way: Sender<Committed>,
    thread: JoinHandle<()>,
}

impl Durable {
    /// For the file at `path`, as SQLite names it.
    pub(super) fn start(path: &Path) -> Result<Self, StoreError> {
        let (way, mut waiting) = channel(GROUPS);
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        let mut disk = Disk { path: path.to_path_buf(), log: log.into(), open: None };
        let spawned = std::thread::Builder::new().name("housekey-sync".into()).spawn(move || disk.serve(&mut waiting));
        let thread = spawned.map_err(|_| StoreError::down())?;
        Ok(Self { way, thread })
    }

    /// Answers this group once it is on the disk.
    pub(super) fn answer(&self, group: Committed) {
        if let Err(unsent) = self.way.blocking_send(group) {
            tell(vec![unsent.0], &Err(StoreError::Unavailable { maybe_applied: true }));
        }
    }

    /// Waits until all is answered.
    pub(super) fn finish(self) {
        drop(self.way);
        // A thread that panicked has nobody left to answer.
        drop(self.thread.join());
    }
}

struct Disk {
    path: PathBuf,
    log: PathBuf,
    /// SQLite keeps the log as one file for as long as a connection is open, and the writer's is.
    open: Option<File>,
}

impl Disk {
    fn serve(&mut self, waiting: &mut Receiver<Committed>) {
        while let Some(first) = waiting.blocking_recv() {
            let others = std::iter::from_fn(|| waiting.try_recv().ok());
            let groups: Vec<Committed> = std::iter::once(first).chain(others).collect();
            let written = groups.iter().any(|group| group.written);
            let answer = match if written { self.sync() } else { Ok(()) } {
                Ok(()) => Ok(()),
                Err(error) => {
                    tracing::error!(%error, "the log could not be synced");
                    self.repair();
                    Err(StoreError::Unavailable { maybe_applied: true })
                }
            };
            tell(groups, &answer);
        }
    }

    fn sync(&mut self) -> io::Result<()> {
        let log = match self.open.take() {
            Some(log) => log,
            None => OpenOptions::new().write(true).open(&self.log)?,
        };
        log.sync_data()?;
        self.open = Some(log);
        Ok(())
    }

    /// After a sync that failed, the next one may succeed without the pages that this one lost. They are still in
    /// memory: written into the database itself and synced there, they are safe. The log is emptied then, since one
    /// with a hole, read after a power cut, would lay old pages over the new ones.
    fn repair(&mut self) {
        let whole = sqlite::open_writer(&self.path).and_then(|c| {
            let busy: bool = c.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
            Ok(!busy && self.sync().is_ok())
        });
        if !matches!(whole, Ok(true)) {
            tracing::error!("the disk failed twice in a row; ending, so that nothing is lost silently");
            std::process::abort();
        }
    }
}

fn tell(groups: Vec<Committed>, answer: &Result<(), StoreError>) {
    for operation in groups.into_iter().flat_map(|group| group.operations) {
        operation.tell(answer.clone());
    }
}
