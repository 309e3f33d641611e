//! The use cases for asynchronous programs on tokio.

use std::io;
use std::panic::resume_unwind;
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::{JoinError, spawn_blocking};

use crate::{Contacts, Error, OpenOptions, WorkerConfig, Workers};

/// All use cases on one database, for programs that run on tokio. Each use case runs on a thread
/// that may block; as many run at a time as the pool has connections.
#[derive(Clone)]
pub struct AsyncContacts {
    contacts: Contacts,
    slots: Arc<Semaphore>,
}

impl AsyncContacts {
    /// Opens the database and brings its schema up to date.
    ///
    /// # Errors
    ///
    /// [`Error`] with a sentence that says what to do.
    pub async fn open(options: OpenOptions) -> Result<Self, Error> {
        let slots = options.connections();
        let contacts = spawn_blocking(|| options.open()).await.map_err(shutting_down)??;
        Ok(Self { contacts, slots: Arc::new(Semaphore::new(slots)) })
    }

    /// Runs a function on a thread that may block, as soon as fewer functions run than the pool has
    /// connections. A function that has begun runs to its end, even if the future is dropped.
    ///
    /// # Errors
    ///
    /// The function's; [`Error::ShuttingDown`].
    ///
    /// # Panics
    ///
    /// When the function panics.
    pub async fn run<T, E>(
        &self,
        function: impl FnOnce(&Contacts) -> Result<T, E> + Send + 'static,
    ) -> Result<T, Error>
    where
        T: Send + 'static,
        E: Into<Error> + Send + 'static,
    {
        let slot =
            self.slots.clone().acquire_owned().await.map_err(|_closed| Error::ShuttingDown)?;
        let contacts = self.contacts.clone();
        let work = move || {
            let result = function(&contacts);
            drop(slot);
            result
        };
        spawn_blocking(work).await.map_err(shutting_down)?.map_err(Into::into)
    }

    /// Starts worker threads for the jobs.
    ///
    /// # Errors
    ///
    /// The operating system's, when it cannot start a thread.
    pub fn start_workers(&self, config: WorkerConfig) -> io::Result<Workers> {
        self.contacts.worker(config).start()
    }

    /// Stops workers after the current chunk of each job.
    ///
    /// # Errors
    ///
    /// [`Error::ShuttingDown`].
    pub async fn stop_workers(&self, workers: Workers) -> Result<(), Error> {
        spawn_blocking(|| workers.stop()).await.map_err(shutting_down)
    }

    /// Returns the blocking use cases.
    pub fn blocking(&self) -> &Contacts {
        &self.contacts
    }
}

/// Resumes a panic of the function; any other failure means that the runtime has shut down.
fn shutting_down(error: JoinError) -> Error {
    match error.try_into_panic() {
        Ok(panic) => resume_unwind(panic),
        Err(_cancelled) => Error::ShuttingDown,
    }
}
