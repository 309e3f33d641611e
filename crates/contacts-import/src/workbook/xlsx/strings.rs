//! The texts that are stored apart from the sheets, and that cells refer to by number.

use std::io::{self, Read};

use contacts_core::import::TableProblem;
use quick_xml::events::Event;

use super::sheet::without_escapes;
use crate::workbook::xml::{Xml, text};

/// Number of texts of a block.
const BLOCK: usize = 1024;

/// Maximum bytes of all texts: enough for a million rows of names and addresses.
const MAX_BYTES: usize = 96 << 20;

/// Maximum number of texts.
const MAX_STRINGS: usize = 8 << 20;

/// The texts, in blocks: a string for each would take three times the memory, and so would one
/// long string while it grows.
#[derive(Default)]
pub(super) struct Strings {
    blocks: Vec<Block>,
    length: usize,
    bytes: usize,
}

/// Texts one after another, and the end of each.
#[derive(Default)]
struct Block {
    text: String,
    ends: Vec<u32>,
}

impl Strings {
    pub(super) fn read(mut xml: Xml<impl Read>) -> io::Result<Self> {
        let mut strings = Self::default();
        let mut current = String::new();
        let mut is_text = false;
        loop {
            let event = xml.next()?;
            match &event {
                Event::Start(element) => match element.local_name().as_ref() {
                    "si" => current.clear(),
                    "t" => is_text = true,
                    _ => {}
                },
                Event::End(element) => match element.local_name().as_ref() {
                    "t" => is_text = false,
                    "si" => strings.push(&without_escapes(&current))?,
                    _ => {}
                },
                Event::Eof => return Ok(strings),
                event if is_text => {
                    current.push_str(&text(event)?);
                    // Parts of one text are as long as all texts at most.
                    if current.len() > MAX_BYTES {
                        return Err(TableProblem::TooLarge.into());
                    }
                }
                _ => {}
            }
        }
    }

    fn push(&mut self, text: &str) -> io::Result<()> {
        self.bytes += text.len();
        if self.bytes > MAX_BYTES || self.length == MAX_STRINGS {
            return Err(TableProblem::TooLarge.into());
        }
        if self.length.is_multiple_of(BLOCK) {
            if let Some(full) = self.blocks.last_mut() {
                full.text.shrink_to_fit();
            }
            self.blocks.push(Block { text: String::new(), ends: Vec::with_capacity(BLOCK) });
        }
        if let Some(block) = self.blocks.last_mut() {
            block.text.push_str(text);
            // A block is shorter than all texts, whose limit is less than 4 GiB.
            block.ends.push(block.text.len() as u32);
        }
        self.length += 1;
        Ok(())
    }

    /// Returns the text with a number.
    pub(super) fn get(&self, number: usize) -> Option<&str> {
        let block = self.blocks.get(number / BLOCK)?;
        let at = number % BLOCK;
        let end = *block.ends.get(at)?;
        let start = at.checked_sub(1).map_or(0, |before| block.ends[before]);
        block.text.get(start as usize..end as usize)
    }
}
