//! The contract of [`contacts_core::file::FileStore`].
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use std::io::SeekFrom;

use contacts_core::file::FileId;
use contacts_core::{Ids, OrgId};

use crate::Ports;

fn read(ports: &Ports, org: OrgId, file: FileId) -> Vec<u8> {
    let mut bytes = Vec::new();
    ports.files.open(org, file).unwrap().read_to_end(&mut bytes).unwrap();
    bytes
}

pub fn a_file_is_its_chunks_in_order(ports: &Ports) {
    let (org, file) = (ports.org(), FileId(ports.ids.next()));
    let chunks: Vec<Vec<u8>> = vec![b"a\0".to_vec(), vec![0xFF; 300_000], b"\r\nz".to_vec()];
    for (at, chunk) in (0..).zip(&chunks) {
        ports.files.append(org, file, at, chunk).unwrap();
    }
    assert!(read(ports, org, file) == chunks.concat());
    assert!(read(ports, org, file) == chunks.concat(), "it can be read again");
}

pub fn a_file_is_read_from_any_position(ports: &Ports) {
    let (org, file) = (ports.org(), FileId(ports.ids.next()));
    for (at, chunk) in (0..).zip(["ab", "c", "defg"]) {
        ports.files.append(org, file, at, chunk.as_bytes()).unwrap();
    }
    let mut content = ports.files.open(org, file).unwrap();
    let mut rest_from = |to: SeekFrom| {
        let (position, mut rest) = (content.seek(to).unwrap(), String::new());
        content.read_to_string(&mut rest).unwrap();
        (position, rest)
    };
    for (position, rest) in [(3, "defg"), (0, "abcdefg"), (2, "cdefg"), (6, "g"), (7, "")] {
        assert_eq!(rest_from(SeekFrom::Start(position)), (position, rest.to_owned()));
    }
    assert_eq!(rest_from(SeekFrom::End(-5)), (2, "cdefg".to_owned()));
    assert_eq!(rest_from(SeekFrom::Current(-1)), (6, "g".to_owned()));
    assert!(content.seek(SeekFrom::Current(-8)).is_err());
    let missing = FileId(ports.ids.next());
    assert_eq!(ports.files.open(org, missing).unwrap().seek(SeekFrom::End(0)).unwrap(), 0);
}

pub fn a_chunk_that_is_sent_again_is_kept_once(ports: &Ports) {
    let (org, file) = (ports.org(), FileId(ports.ids.next()));
    for (at, chunk) in [(0, b"one "), (0, b"one "), (1, b"two "), (1, b"two ")] {
        ports.files.append(org, file, at, chunk).unwrap();
    }
    assert_eq!(read(ports, org, file), b"one two ");
}

pub fn a_file_that_is_not_there_is_empty(ports: &Ports) {
    let (org, file) = (ports.org(), FileId(ports.ids.next()));
    assert_eq!(read(ports, org, file), b"");
    ports.files.delete(org, file).unwrap();
}

pub fn a_deleted_file_is_gone_and_its_neighbour_is_not(ports: &Ports) {
    let (org, one, other) = (ports.org(), FileId(ports.ids.next()), FileId(ports.ids.next()));
    ports.files.append(org, one, 0, b"one").unwrap();
    ports.files.append(org, other, 0, b"other").unwrap();
    ports.files.delete(org, one).unwrap();
    ports.files.delete(org, one).unwrap();
    assert_eq!(read(ports, org, one), b"");
    assert_eq!(read(ports, org, other), b"other");
}

pub fn organisations_do_not_see_each_other(ports: &Ports) {
    let (org, other, file) = (ports.org(), ports.org(), FileId(ports.ids.next()));
    ports.files.append(org, file, 0, b"ours").unwrap();
    assert_eq!(read(ports, other, file), b"");
    ports.files.delete(other, file).unwrap();
    assert_eq!(read(ports, org, file), b"ours");
}
