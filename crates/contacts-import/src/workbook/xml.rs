//! Reads a part of a workbook as a stream of XML events.

use std::borrow::Cow;
use std::io::{self, BufRead, BufReader, Read};
use std::sync::Arc;

use contacts_core::import::TableProblem;
use quick_xml::escape::{resolve_xml_entity, unescape};
use quick_xml::events::{BytesStart, BytesText, Event};
use quick_xml::{Error, Reader};

use super::archive::Part;
use super::storage::damaged;

/// Maximum bytes of an event, which is whole in memory: a tag with its attributes, or a text
/// between two tags. A cell of Excel has at most 32,767 characters.
const MAX_EVENT_BYTES: usize = 4 << 20;

/// Maximum depth of elements: the open ones are kept in memory.
const MAX_DEPTH: usize = 256;

/// Number of bytes that are unpacked at a time.
const BUFFER_BYTES: usize = 64 << 10;

/// The events of a part. An empty element is a start and an end. Entities that a document defines
/// are not resolved, so none can expand.
pub(super) struct Xml<F: Read> {
    reader: Reader<Bounded<BufReader<Part<F>>>>,
    buffer: Vec<u8>,
    depth: usize,
    /// Local names of the elements that are left out.
    left_out: &'static [&'static str],
    /// The depth of the element that is being left out.
    muted_at: Option<usize>,
}

impl<F: Read> Xml<F> {
    /// Reads a part without the elements of some local names, such as `f` of `x:f`.
    pub(super) fn new(part: Part<F>, left_out: &'static [&'static str]) -> Self {
        let source = BufReader::with_capacity(BUFFER_BYTES, part);
        let mut reader = Reader::from_reader(Bounded { source, left: 0 });
        reader.config_mut().expand_empty_elements = true;
        Self { reader, buffer: Vec::new(), depth: 0, left_out, muted_at: None }
    }

    /// Reads the next event. Those of elements that are left out are empty comments.
    pub(super) fn next(&mut self) -> io::Result<Event<'_>> {
        self.buffer.clear();
        self.reader.get_mut().left = MAX_EVENT_BYTES;
        let event = self.reader.read_event_into(&mut self.buffer).map_err(problem)?;
        let is_muted = self.muted_at.is_some();
        match &event {
            Event::Start(_) if self.depth == MAX_DEPTH => return Err(damaged()),
            Event::Start(element) => {
                self.depth += 1;
                if !is_muted && self.left_out.contains(&element.local_name().as_ref()) {
                    self.muted_at = Some(self.depth);
                }
            }
            Event::End(_) => {
                self.muted_at = self.muted_at.filter(|depth| *depth != self.depth);
                self.depth = self.depth.saturating_sub(1);
            }
            Event::Eof if self.depth > 0 => return Err(damaged()),
            _ => {}
        }
        let is_muted = is_muted || self.muted_at.is_some();
        Ok(if is_muted { Event::Comment(BytesText::new("")) } else { event })
    }

    /// Number of elements that are open.
    pub(super) fn depth(&self) -> usize {
        self.depth
    }
}

/// Returns the text of an event.
pub(super) fn text<'a>(event: &'a Event<'_>) -> io::Result<Cow<'a, str>> {
    match event {
        Event::Text(text) => Ok(text.xml10_content()),
        Event::CData(text) => Ok(text.xml10_content()),
        Event::GeneralRef(name) => match name.resolve_char_ref().map_err(problem)? {
            Some(c) => Ok(Cow::Owned(c.to_string())),
            None => resolve_xml_entity(name).map(Cow::Borrowed).ok_or_else(damaged),
        },
        _ => Ok(Cow::Borrowed("")),
    }
}

/// Returns the value of the attribute with a local name, such as `id` of `r:id`.
pub(super) fn attribute<'a>(
    element: &'a BytesStart<'_>,
    name: &str,
) -> io::Result<Option<Cow<'a, str>>> {
    for attribute in element.attributes().with_checks(false) {
        let attribute = attribute.map_err(|_malformed| damaged())?;
        if attribute.key.local_name().as_ref() == name {
            return unescaped(attribute.value).map(Some);
        }
    }
    Ok(None)
}

/// Returns the value of an attribute with its entities as characters.
pub(super) fn unescaped(value: Cow<'_, str>) -> io::Result<Cow<'_, str>> {
    if !value.contains('&') {
        return Ok(value);
    }
    unescape(&value).map(|text| Cow::Owned(text.into_owned())).map_err(|_unknown| damaged())
}

/// Returns the error of the source, or else that the part is not XML.
fn problem(error: Error) -> io::Error {
    match error {
        Error::Io(error) => Arc::into_inner(error).unwrap_or_else(damaged),
        _ => damaged(),
    }
}

/// A source of which a limited number of bytes is read for each event.
struct Bounded<R> {
    source: R,
    left: usize,
}

impl<R: BufRead> BufRead for Bounded<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.left == 0 {
            return Err(TableProblem::TooLarge.into());
        }
        self.source.fill_buf()
    }

    fn consume(&mut self, length: usize) {
        self.left = self.left.saturating_sub(length);
        self.source.consume(length);
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.source.read(out)
    }
}
