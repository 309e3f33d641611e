//! Groups of conditions as text (R62), such as `any(tags_any=vip,not(reachable=true))`: the value of
//! the part `group` of a filter.
//!
//! ```text
//! group     = ("all" | "any" | "not") "(" member *("," member) ")"
//! member    = group | condition
//! condition = name "=" value
//! ```
//!
//! A value that contains `,`, `(`, `)` or `"`, or that begins or ends with a space, stands in quotation
//! marks, in which a backslash precedes `"` and `\`.

use std::fmt;

/// How the members of a group are combined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Connective {
    /// Every member must match.
    All,
    /// One member must match.
    Any,
    /// The members must not all match. The conditions of the group belong together, as those of
    /// `all` do.
    Not,
}

/// A group of conditions and of other groups, as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupText {
    /// How the members are combined.
    pub connective: Connective,
    /// The members, of which there is at least one.
    pub members: Vec<MemberText>,
}

/// A member of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MemberText {
    /// A part of a filter: its name and its value.
    Condition(String, String),
    /// A group.
    Group(GroupText),
}

impl Connective {
    const ALL: [Self; 3] = [Self::All, Self::Any, Self::Not];

    /// The word in the text, and the member of a body.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Any => "any",
            Self::Not => "not",
        }
    }
}

impl GroupText {
    /// Maximum number of groups within each other. An `all` that contains conditions only does not
    /// count.
    pub const MAX_DEPTH: usize = 3;
    /// Maximum number of conditions in the groups of a filter.
    pub const MAX_CONDITIONS: usize = 100;

    /// Parses a group.
    ///
    /// # Errors
    ///
    /// The reason, to be read after the name of the part.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut reader = Reader { rest: text, conditions: 0 };
        let group = match reader.member(0)? {
            MemberText::Group(group) => group,
            MemberText::Condition(..) => return Err(expected("all(…), any(…) or not(…)")),
        };
        if !reader.rest.trim_start().is_empty() {
            return Err(format!("has text after its last ): {}", start_of(reader.rest)));
        }
        if group.depth() > Self::MAX_DEPTH {
            return Err(too_deep());
        }
        Ok(group)
    }

    /// Returns the names and values of the conditions, also of those in inner groups.
    pub fn conditions(&self) -> Vec<(&str, &str)> {
        let mut found = Vec::new();
        for member in &self.members {
            match member {
                MemberText::Condition(name, value) => found.push((name.as_str(), value.as_str())),
                MemberText::Group(group) => found.extend(group.conditions()),
            }
        }
        found
    }

    /// Number of groups within each other, this one included.
    fn depth(&self) -> usize {
        let inner = self.members.iter().filter_map(|member| match member {
            MemberText::Group(group) => Some(group.depth()),
            MemberText::Condition(..) => None,
        });
        match (inner.max(), self.connective) {
            (None, Connective::All) => 0,
            (inner, _) => 1 + inner.unwrap_or_default(),
        }
    }
}

/// The text that is not read yet.
struct Reader<'a> {
    rest: &'a str,
    conditions: usize,
}

impl Reader<'_> {
    /// Reads a member within `depth` groups.
    fn member(&mut self, depth: usize) -> Result<MemberText, String> {
        self.rest = self.rest.trim_start();
        let end = self.rest.find(['(', '=', ',', ')']).unwrap_or(self.rest.len());
        let (name, rest) = self.rest.split_at(end);
        let name = name.trim_end();
        let Some(after) = rest.strip_prefix('(') else { return self.condition(name, rest) };
        let word = |connective: &Connective| connective.as_str() == name;
        let connective = Connective::ALL.into_iter().find(word).ok_or_else(|| {
            format!("contains a group other than all, any and not: {}", start_of(name))
        })?;
        // The innermost `all` of conditions is one level more than the limit.
        if depth > GroupText::MAX_DEPTH {
            return Err(too_deep());
        }
        self.rest = after;
        let mut members = vec![self.member(depth + 1)?];
        loop {
            self.rest = self.rest.trim_start();
            if let Some(rest) = self.rest.strip_prefix(',') {
                self.rest = rest;
                members.push(self.member(depth + 1)?);
            } else if let Some(rest) = self.rest.strip_prefix(')') {
                self.rest = rest;
                return Ok(MemberText::Group(GroupText { connective, members }));
            } else {
                return Err(expected(", or )"));
            }
        }
    }

    fn condition(&mut self, name: &str, rest: &str) -> Result<MemberText, String> {
        let after = rest.strip_prefix('=').filter(|_| !name.is_empty());
        let after = after.ok_or_else(|| expected("a condition such as tags_any=vip"))?;
        self.conditions += 1;
        if self.conditions > GroupText::MAX_CONDITIONS {
            let most = GroupText::MAX_CONDITIONS;
            return Err(format!("contains more than {most} conditions"));
        }
        let after = after.trim_start();
        let (value, left) = match after.strip_prefix('"') {
            Some(quoted) => unquote(quoted)?,
            None => {
                let end = after.find([',', '(', ')', '"']).unwrap_or(after.len());
                let (value, left) = after.split_at(end);
                (value.trim_end().to_owned(), left)
            }
        };
        let taken = self.rest.len() - left.len();
        self.rest = self.rest.get(taken..).unwrap_or_default();
        Ok(MemberText::Condition(name.to_owned(), value))
    }
}

/// Reads a value in quotation marks, of which the first was read; returns it and what follows.
fn unquote(text: &str) -> Result<(String, &str), String> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Ok((value, text.get(at + 1..).unwrap_or_default())),
            '\\' => value.extend(chars.next().map(|(_, escaped)| escaped)),
            _ => value.push(c),
        }
    }
    Err("has a value whose quotation mark is not closed".to_owned())
}

fn expected(what: &str) -> String {
    format!("needs {what}, as in any(tags_any=vip,not(reachable=true))")
}

fn too_deep() -> String {
    format!("is nested deeper than {} levels", GroupText::MAX_DEPTH)
}

/// The beginning of a text that comes from a request.
fn start_of(text: &str) -> String {
    text.chars().take(40).collect()
}

impl fmt::Display for GroupText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.connective.as_str())?;
        for (at, member) in self.members.iter().enumerate() {
            f.write_str(if at == 0 { "(" } else { "," })?;
            match member {
                MemberText::Condition(name, value) => write!(f, "{name}={}", quoted(value))?,
                MemberText::Group(group) => group.fmt(f)?,
            }
        }
        f.write_str(if self.members.is_empty() { "()" } else { ")" })
    }
}

/// Puts a value into quotation marks where it needs them.
fn quoted(value: &str) -> String {
    let is_plain = value.trim() == value && !value.contains([',', '(', ')', '"']);
    if is_plain {
        return value.to_owned();
    }
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn condition(name: &str, value: &str) -> MemberText {
        MemberText::Condition(name.to_owned(), value.to_owned())
    }

    fn group(connective: Connective, members: Vec<MemberText>) -> GroupText {
        GroupText { connective, members }
    }

    #[test]
    fn a_group_is_read_as_it_is_written() {
        let values = ["vip", "vip,new", "", " padded ", "a(b)c", "say \"hi\" \\ there", "é=1"];
        let all = values.map(|value| condition("field.x", value)).to_vec();
        let inner = MemberText::Group(group(Connective::All, all));
        let not = MemberText::Group(group(Connective::Not, vec![condition("q", "ann lee")]));
        let written = group(Connective::Any, vec![inner, not, condition("reachable", "true")]);
        assert_eq!(GroupText::parse(&written.to_string()), Ok(written));
    }

    #[test]
    fn spaces_between_the_parts_do_not_matter() {
        let read = GroupText::parse(" any ( tags_any = vip , not( q = ann lee ) ) ").unwrap();
        assert_eq!(read.to_string(), "any(tags_any=vip,not(q=ann lee))");
    }

    #[test]
    fn an_invalid_group_is_refused_with_the_reason() {
        let many = format!("any({})", vec!["q=a"; 101].join(","));
        for (text, reason) in [
            ("", "needs a condition"),
            ("q=ann", "needs all(…), any(…) or not(…)"),
            ("any()", "needs a condition"),
            ("any(q)", "needs a condition"),
            ("any(=1)", "needs a condition"),
            ("any(q=a", "needs , or )"),
            ("any(q=a))", "has text after its last ): )"),
            ("some(q=a)", "contains a group other than all, any and not: some"),
            ("any(q=\"a)", "has a value whose quotation mark is not closed"),
            ("any(q=a\"b)", "needs , or )"),
            ("any(not(any(not(q=a))))", "is nested deeper than 3 levels"),
            (many.as_str(), "contains more than 100 conditions"),
        ] {
            let refused = GroupText::parse(text).unwrap_err();
            assert!(refused.starts_with(reason), "{text}: {refused}");
        }
        let deep = format!("{}q=a{}", "not(".repeat(100_000), ")".repeat(100_000));
        assert_eq!(GroupText::parse(&deep), Err(too_deep()));
    }

    #[test]
    fn an_all_of_conditions_is_no_level() {
        assert!(GroupText::parse("any(not(any(all(q=a,reachable=true))))").is_ok());
        assert!(GroupText::parse("any(not(any(any(q=a,reachable=true))))").is_err());
    }
}
