//! Postgres keeps the contract of every port.

use crate::support::ports;

