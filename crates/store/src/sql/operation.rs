//! A write as the writer's thread holds it: run once with the others of its group, a second time if one of them failed
//! half-way, and answered after the commit.

use super::tx::Tx;
use crate::StoreError;
use futures_util::future::BoxFuture;
use std::{
    pin::pin,
    task::{Context, Poll, Waker},
};
use tokio::sync::oneshot;

/// All of an operation is done, or nothing. On SQLite it may run twice, and only what it did last counts: so it can be
/// cloned, and does nothing but speak to its transaction.
pub(crate) trait Op<T>:
    for<'a> FnOnce(&'a mut Tx) -> BoxFuture<'a, Result<T, StoreError>> + Clone + Send + 'static
{
}

impl<T, F> Op<T> for F where
    F: for<'a> FnOnce(&'a mut Tx) -> BoxFuture<'a, Result<T, StoreError>> + Clone + Send + 'static
{
}

/// Where an operation's group must be before its caller is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    /// On the disk.
    OnDisk,
    /// With the system, in the log: a process that is killed loses nothing of it, a machine that loses power the last
    /// moment.
    InLog,
}

/// An operation that waits, whatever it answers.
pub(super) trait Operation: Send {
    /// When its caller may be told.
    fn kept(&self) -> Kept;

    /// Runs it, and keeps what it answers.
    fn run(&mut self, tx: &mut Tx) -> Result<(), StoreError>;

    /// What it did is undone, for this reason.
    fn undo(&mut self, why: StoreError);

    /// Tells its caller what it answered, if its group ended well.
    fn tell(self: Box<Self>, group: Result<(), StoreError>);
}

/// The operation for the writer's queue, and the way of its answer.
pub(super) fn pending<T: Send + 'static>(
    op: impl Op<T>,
    kept: Kept,
) -> (Box<dyn Operation>, oneshot::Receiver<Result<T, StoreError>>) {
    let (answer, answered) = oneshot::channel();
    (Box::new(Pending { op, kept, out: Err(StoreError::down()), answer }), answered)
}

struct Pending<T, O> {
    op: O,
    kept: Kept,
    out: Result<T, StoreError>,
    answer: oneshot::Sender<Result<T, StoreError>>,
}

impl<T: Send, O: Op<T>> Operation for Pending<T, O> {
    fn kept(&self) -> Kept {
        self.kept
    }

    fn run(&mut self, tx: &mut Tx) -> Result<(), StoreError> {
        // What stands here if the operation panics.
        self.out = Err(StoreError::down());
        self.out = at_once(self.op.clone()(tx));
        self.out.as_ref().map(drop).map_err(Clone::clone)
    }

    fn undo(&mut self, why: StoreError) {
        if self.out.is_ok() {
            self.out = Err(why);
        }
    }

    fn tell(self: Box<Self>, group: Result<(), StoreError>) {
        // Its own failure is its answer whatever became of the others; whoever asked may be gone.
        drop(self.answer.send(self.out.and_then(|out| group.map(|()| out))));
    }
}

/// On the writer's thread nothing may wait.
pub(super) fn at_once<T>(work: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    match pin!(work).as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(out) => out,
        Poll::Pending => Err(StoreError::Statement("an operation waited on the writer".into())),
    }
}
