//! The output of a connector that speaks the Singer protocol: any lines are read or refused. The
//! first line is a catalog of streams.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|output: &[u8]| contacts_sync::fuzzing::singer(output));
