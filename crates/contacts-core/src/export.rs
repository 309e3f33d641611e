//! Exports: contacts as the rows of a file (R25).
//!
//! Each column is written so that an import of the same organisation recognises it and reads every
//! cell as it was. See [`recognise`] for the header, and [`crate::import::RowReader`] for the cells.

mod columns;
mod repository;
mod run;
mod service;
mod sheet;

pub use self::columns::{Column, Columns, recognise};
#[cfg(any(test, feature = "mocks"))]
pub use self::repository::MockExportRepository;
pub use self::repository::{ExportPage, ExportRepository, ExportRow, ExportScope};
pub use self::run::Export;
pub use self::service::{ExportFormat, ExportService, FileFormat};
pub use self::sheet::{ExportPartIo, Sheet};
