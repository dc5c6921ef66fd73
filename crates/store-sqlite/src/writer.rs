//! The one connection that writes. Jobs that wait together share one transaction and one sync to the disk.
//!
//! A job runs to its end although its caller has gone, so that nothing is left half done by a cancelled future. Each
//! job of a group stands in a savepoint: one that is refused leaves the others as they are. Nobody is answered before
//! the commit.

use async_trait::async_trait;
use ports::store::StoreError;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, SqliteConnection};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::error::Fault;

/// Jobs that may wait; more make their callers wait.
const QUEUE: usize = 256;
/// Jobs that share a transaction: enough for every request of a busy door, few enough for a prompt answer.
const GROUP: usize = 64;

/// Something to write.
#[async_trait]
pub(crate) trait Job: Send + 'static {
    type Output: Send + 'static;

    /// Writes it. A fault takes back everything that this job wrote.
    async fn run(&mut self, conn: &mut SqliteConnection) -> Result<Self::Output, Fault>;

    /// What is to be done in memory once it is on the disk.
    fn committed(&mut self, output: &Self::Output) {
        let _: &Self::Output = output;
    }
}

/// Hands jobs to the connection.
pub(crate) struct Writer {
    jobs: Option<mpsc::Sender<Box<dyn Erased>>>,
    task: JoinHandle<()>,
}

impl Writer {
    pub(crate) fn start(conn: SqliteConnection, options: SqliteConnectOptions) -> Self {
        let (jobs, queue) = mpsc::channel(QUEUE);
        let desk = Desk {
            queue,
            options,
            conn: Some(conn),
        };
        Self {
            jobs: Some(jobs),
            task: tokio::spawn(desk.run()),
        }
    }

    /// Returns once the job is on the disk, or nothing of it is.
    pub(crate) async fn write<J: Job>(&self, job: J) -> Result<J::Output, Fault> {
        let gone = || Fault::Store(StoreError::Unavailable("the store has been closed".to_owned()));
        let (answer, answered) = oneshot::channel();
        let waiting = Waiting {
            job,
            outcome: None,
            answer,
        };
        let jobs = self.jobs.as_ref().ok_or_else(gone)?;
        jobs.send(Box::new(waiting)).await.map_err(|_| gone())?;
        answered.await.unwrap_or_else(|_| Err(gone()))
    }

    /// Returns once every job is done and the connection is closed.
    pub(crate) async fn close(mut self) {
        self.jobs = None;
        // A task that panicked has closed its connection too.
        let _ended = (&mut self.task).await;
    }
}

/// A job of any kind.
#[async_trait]
trait Erased: Send {
    /// Says whether it is to be kept.
    async fn run(&mut self, conn: &mut SqliteConnection) -> bool;
    fn answer(self: Box<Self>, committed: Result<(), String>);
}

struct Waiting<J: Job> {
    job: J,
    outcome: Option<Result<J::Output, Fault>>,
    answer: oneshot::Sender<Result<J::Output, Fault>>,
}

#[async_trait]
impl<J: Job> Erased for Waiting<J> {
    async fn run(&mut self, conn: &mut SqliteConnection) -> bool {
        let outcome = self.job.run(conn).await;
        let keep = outcome.is_ok();
        self.outcome = Some(outcome);
        keep
    }

    fn answer(mut self: Box<Self>, committed: Result<(), String>) {
        let unavailable = |why: String| Err(Fault::Store(StoreError::Unavailable(why)));
        let answer = match (self.outcome.take(), committed) {
            (Some(Ok(output)), Ok(())) => {
                self.job.committed(&output);
                Ok(output)
            }
            (Some(Err(fault)), _) => Err(fault),
            (_, Err(why)) => unavailable(why),
            (None, Ok(())) => unavailable("it was not begun".to_owned()),
        };
        // The caller may have gone; what is written stays written.
        let _gone = self.answer.send(answer);
    }
}

struct Desk {
    queue: mpsc::Receiver<Box<dyn Erased>>,
    options: SqliteConnectOptions,
    conn: Option<SqliteConnection>,
}

impl Desk {
    async fn run(mut self) {
        let mut group = Vec::with_capacity(GROUP);
        while self.queue.recv_many(&mut group, GROUP).await > 0 {
            let written = self.write(&mut group).await;
            let answer = match &written {
                Ok(()) => Ok(()),
                Err(error) => {
                    // Whatever state it is in, the next group begins on a fresh connection.
                    self.conn = None;
                    Err(error.to_string())
                }
            };
            for job in group.drain(..) {
                job.answer(answer.clone());
            }
        }
        if let Some(conn) = self.conn.take()
            && let Err(error) = conn.close().await
        {
            tracing::warn!(%error, "the store did not close cleanly; the next start recovers it");
        }
    }

    async fn write(&mut self, group: &mut [Box<dyn Erased>]) -> Result<(), sqlx::Error> {
        let conn = match &mut self.conn {
            Some(conn) => conn,
            none => none.insert(self.options.connect().await?),
        };
        let mut transaction = conn.begin_with("BEGIN IMMEDIATE").await?;
        if let [job] = group {
            return if job.run(&mut transaction).await {
                transaction.commit().await
            } else {
                transaction.rollback().await
            };
        }
        for job in group {
            sqlx::query("SAVEPOINT job").execute(&mut *transaction).await?;
            if !job.run(&mut transaction).await {
                sqlx::query("ROLLBACK TO job").execute(&mut *transaction).await?;
            }
            sqlx::query("RELEASE job").execute(&mut *transaction).await?;
        }
        transaction.commit().await
    }
}
