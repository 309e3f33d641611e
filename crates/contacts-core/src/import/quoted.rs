//! Quoted text in cells, in which separators are ordinary characters.

/// Appends a text in quotation marks; quotation marks within it are doubled.
pub(super) fn quote(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        if c == '"' {
            out.push('"');
        }
        out.push(c);
    }
    out.push('"');
}

/// Returns the text that [`quote`] has quoted; `None` for any other cell.
pub(super) fn unquote(cell: &str) -> Option<String> {
    let inside = is_enclosed(cell).then(|| &cell[1..cell.len() - 1])?;
    let is_well_formed = !inside.replace("\"\"", "").contains('"');
    is_well_formed.then(|| inside.replace("\"\"", "\""))
}

/// Whether a text begins and ends with a quotation mark.
pub(super) fn is_enclosed(text: &str) -> bool {
    text.len() >= 2 && text.starts_with('"') && text.ends_with('"')
}
