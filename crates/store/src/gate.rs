//! The gate in front of what may be tried: buckets that refuse, buckets that ask for a challenge, and the challenges that
//! were used. All of it is one step, so that of parallel callers with one solution exactly one passes (SEC-12, SEC-15).

use crate::{
    Store, StoreError,
    limits::{self, Spend, Use},
    sql::Tx,
    statements,
};
use housekey_core::{
    challenge::{Level, Risk, Solved},
    limits::REFUSED_AT,
    time::Time,
};
use std::time::Duration;

statements! {
    USE = "INSERT INTO housekey_challenge (id, expires_at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING";
    GRANT = "INSERT INTO housekey_challenge_pass (holder, action, level, expires_at) VALUES ($1, $2, $3, $4) \
        ON CONFLICT (holder) DO UPDATE SET action = excluded.action, level = excluded.level, \
        expires_at = excluded.expires_at";
    TAKE = "DELETE FROM housekey_challenge_pass \
        WHERE holder = $1 AND action IN ($2, '') AND level >= $3 AND expires_at > $4";
    SWEEP_PASSES = "DELETE FROM housekey_challenge_pass WHERE holder IN \
        (SELECT holder FROM housekey_challenge_pass WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)";
    SWEEP = "DELETE FROM housekey_challenge WHERE id IN \
        (SELECT id FROM housekey_challenge WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)";
}

/// What stands in front of an operation, in the order in which it is asked.
#[derive(Clone, Debug, Default)]
pub struct Gate {
    /// Counted first, whatever is shown. An empty one refuses.
    pub outer: Vec<Spend>,
    /// Counted next. An empty one asks for a challenge.
    pub eased: Vec<Spend>,
    /// Counted when nothing asks for a challenge, or it is solved. An empty one refuses.
    pub inner: Vec<Spend>,
    /// Whether a challenge is asked for however full the buckets are.
    pub always: bool,
    /// The counter of failures in a row, where there is one.
    pub failures: Option<[u8; 32]>,
    /// What the instance asks at the least.
    pub least: Level,
    /// What the caller solved.
    pub shown: Option<Solved>,
    /// Whose pass counts as well.
    pub pass: Option<Holder>,
}

/// Who may have a pass: what a client solved for an operation that cannot show it.
#[derive(Clone, Debug)]
pub struct Holder {
    /// A keyed hash of the client's credential.
    pub name: [u8; 32],
    /// What the pass has to be for.
    pub action: &'static str,
}

impl Gate {
    /// The same for somebody who is signed in: nobody is asked for a challenge, and what refuses refuses.
    #[must_use]
    pub fn unasked(mut self) -> Self {
        self.eased.clear();
        self.always = false;
        self
    }

    /// What is left of a gate that asked for a challenge where the same call solved one already.
    #[must_use]
    pub fn opened_before(self) -> Self {
        Self { inner: self.inner, ..Self::default() }
    }

    /// What is left of a gate that asked for a challenge, when it is solved after all: what was counted is not counted
    /// again.
    #[must_use]
    pub fn once_asked(self, solved: Solved) -> Self {
        Self { inner: self.inner, always: true, shown: Some(solved), ..Self::default() }
    }

    /// Both gates in one: a challenge that is due at either is solved once.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.outer.extend(other.outer);
        self.eased.extend(other.eased);
        self.inner.extend(other.inner);
        self.always |= other.always;
        self
    }
}

/// What a gate said.
#[derive(Clone, Debug)]
pub struct Passage {
    /// Whether it is open.
    pub verdict: Verdict,
    /// Failures in a row, where they are counted.
    pub failures: i64,
    /// The level of the challenge that opened it, where one was due.
    pub solved: Option<Level>,
}

impl Passage {
    /// Whether a challenge was due, and it was not refused for something else.
    pub fn is_challenged(&self) -> bool {
        self.solved.is_some() || matches!(self.verdict, Verdict::Challenge { .. })
    }
}

/// Whether a gate is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is.
    Open,
    /// A bucket that refuses is empty.
    Refused {
        /// When there is room again.
        retry_after: Duration,
    },
    /// A challenge is due, and none was shown that is worth as much.
    Challenge {
        /// How much work it is.
        level: Level,
        /// When it is not asked for any more.
        retry_after: Duration,
    },
}

impl Store {
    /// Asks a gate.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn pass(&self, gate: Gate, now: Time) -> Result<Passage, StoreError> {
        self.count(move |tx| Box::pin(async move { pass(tx, &gate, now).await })).await
    }

    /// Uses up what a client solved for a pass of this action, or of any. It takes the place of one that the client has.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when it was used before.
    pub async fn grant_pass(&self, holder: [u8; 32], action: &'static str, solved: Solved) -> Result<(), StoreError> {
        self.write(move |tx| {
            let solved = solved.clone();
            Box::pin(async move {
                if !use_up(tx, &solved).await? {
                    return Err(StoreError::Conflict);
                }
                let row = [holder.to_vec().into(), action.into(), solved.level.rank().into(), solved.expires.into()];
                tx.execute(&GRANT, &row).await?;
                Ok(())
            })
        })
        .await
    }
}

async fn pass(tx: &mut Tx, gate: &Gate, now: Time) -> Result<Passage, StoreError> {
    let failures = match &gate.failures {
        Some(name) => limits::failures(tx, name).await?,
        None => 0,
    };
    let (verdict, solved) = judge(tx, gate, failures, now).await?;
    Ok(Passage { verdict, failures, solved })
}

async fn judge(tx: &mut Tx, gate: &Gate, failures: i64, now: Time) -> Result<(Verdict, Option<Level>), StoreError> {
    let mut times = 0;
    for bucket in &gate.outer {
        match limits::spend_one(tx, bucket, now).await? {
            Use::Counted(used) => times = times.max(used.saturating_mul(REFUSED_AT) / bucket.limit.burst.max(1)),
            Use::Empty(retry_after) => return Ok((Verdict::Refused { retry_after }, None)),
        }
    }
    let mut solved = None;
    let mut wait = gate.always.then_some(Duration::ZERO);
    for bucket in &gate.eased {
        if let Use::Empty(after) = limits::spend_one(tx, bucket, now).await? {
            wait = wait.max(Some(after));
        }
    }
    if let Some(retry_after) = wait {
        let level = Level::of(Risk { times, failures, least: gate.least });
        if !is_solved(tx, gate, level, now).await? {
            return Ok((Verdict::Challenge { level, retry_after }, None));
        }
        solved = Some(level);
    }
    for bucket in &gate.inner {
        if let Use::Empty(retry_after) = limits::spend_one(tx, bucket, now).await? {
            return Ok((Verdict::Refused { retry_after }, None));
        }
    }
    Ok((Verdict::Open, solved))
}

async fn is_solved(tx: &mut Tx, gate: &Gate, level: Level, now: Time) -> Result<bool, StoreError> {
    if let Some(solved) = gate.shown.as_ref().filter(|solved| solved.level >= level && now < solved.expires)
        && use_up(tx, solved).await?
    {
        return Ok(true);
    }
    match &gate.pass {
        Some(Holder { name, action }) => {
            let taken = [name.to_vec().into(), (*action).into(), level.rank().into(), now.into()];
            Ok(tx.execute(&TAKE, &taken).await? == 1)
        }
        None => Ok(false),
    }
}

/// Whether it was not used before.
async fn use_up(tx: &mut Tx, solved: &Solved) -> Result<bool, StoreError> {
    Ok(tx.execute(&USE, &[solved.id.clone().into(), solved.expires.into()]).await? == 1)
}

pub(crate) async fn sweep(tx: &mut Tx, now: Time, most: i64) -> Result<u64, StoreError> {
    let passes = tx.execute(&SWEEP_PASSES, &[now.into(), most.into()]).await?;
    Ok(passes + tx.execute(&SWEEP, &[now.into(), most.into()]).await?)
}
