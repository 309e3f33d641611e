//! Random operations on the in-memory world and on Postgres: every outcome is compared.
