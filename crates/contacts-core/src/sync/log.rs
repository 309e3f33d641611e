//! The last lines of what a connector said.

use std::collections::VecDeque;

use super::{SettingValue, Settings, Spec};

/// The last lines of what a connector said, short enough to be kept and without secrets.
#[derive(Clone, Debug, Default)]
pub struct Log {
    lines: VecDeque<String>,
    /// What must not be in them, the longest first.
    secrets: Vec<String>,
}

impl Log {
    /// The most lines that are kept.
    pub const LINES: usize = 100;
    /// The most characters of a line.
    pub const LENGTH: usize = 400;
    /// A secret of fewer characters than this is no secret, and would be found in any text.
    const SHORTEST: usize = 4;

    /// A log that goes on after lines, without the secret ones of some settings.
    pub fn after(lines: &[String], settings: &Settings, is_secret: impl Fn(&str) -> bool) -> Self {
        let secret = settings.0.iter().filter(|(path, _)| is_secret(path));
        let mut secrets: Vec<String> = secret.flat_map(|(_, value)| parts(value)).collect();
        secrets.retain(|secret| secret.chars().count() >= Self::SHORTEST);
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        secrets.dedup();
        Self { lines: lines.iter().cloned().collect(), secrets }
    }

    /// A log before anything was said, of a connector with this spec.
    pub fn of(spec: &Spec, settings: &Settings) -> Self {
        Self::after(&[], settings, |path| spec.is_secret(path))
    }

    /// Adds a line.
    pub fn add(&mut self, line: &str) {
        let line = self.clean(line);
        if line.is_empty() {
            return;
        }
        if self.lines.len() == Self::LINES {
            self.lines.pop_front();
        }
        self.lines.push_back(line);
    }

    /// A text without secrets and control characters, and not too long.
    pub fn clean(&self, text: &str) -> String {
        let mut text = text.replace(char::is_control, " ").trim().to_owned();
        for secret in &self.secrets {
            text = text.replace(secret.as_str(), "***");
        }
        if text.chars().count() > Self::LENGTH {
            text = text.chars().take(Self::LENGTH - 1).chain(['…']).collect();
        }
        text
    }

    /// The lines, the oldest first.
    pub fn lines(&self) -> Vec<String> {
        self.lines.iter().cloned().collect()
    }
}

/// The texts in a value that may be found in what a connector says: as they are, and as an
/// address has them.
fn parts(value: &SettingValue) -> Vec<String> {
    let texts: Vec<String> = match value {
        SettingValue::Text(text) => vec![text.clone()],
        // Whatever stands between quotation marks, and the whole.
        SettingValue::Json(json) => json
            .split('"')
            .map(str::to_owned)
            .chain([json.clone()])
            .filter(|s| s.len() >= 6)
            .collect(),
    };
    let encoded = |text: &String| url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
    let encoded: Vec<String> = texts.iter().map(encoded).collect();
    // A secret of several lines is said line by line.
    let lines = texts.iter().flat_map(|text| text.lines()).map(|line| line.trim().to_owned());
    let lines: Vec<_> = lines.collect();
    [texts, encoded, lines].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(secret: SettingValue) -> Log {
        let settings = Settings([("token".to_owned(), secret)].into());
        Log::after(&[], &settings, |_| true)
    }

    #[test]
    fn the_last_lines_are_kept_and_long_ones_are_cut() {
        let mut log = Log::default();
        (0..150).for_each(|line| log.add(&format!("line {line}")));
        assert_eq!(log.lines().len(), Log::LINES);
        assert_eq!(log.lines()[0], "line 50");
        log.add(&"é".repeat(10_000));
        assert_eq!(log.lines()[99].chars().count(), Log::LENGTH);
        log.add("  \u{7} ");
        assert_eq!(log.lines()[99].chars().count(), Log::LENGTH);
    }

    #[test]
    fn no_secret_is_in_what_is_kept() {
        let text = |text: &str| SettingValue::Text(text.to_owned());
        assert_eq!(log(text("s3cret/x")).clean("with s3cret/x and s3cret%2Fx"), "with *** and ***");
        assert_eq!(log(text("first line\nsecond line")).clean("second line"), "***");
        let json = SettingValue::Json(r#"[{"key":"abcdefgh"}]"#.to_owned());
        assert_eq!(log(json).clean("the key is abcdefgh"), "the key is ***");
        assert_eq!(log(text("abc")).clean("abc"), "abc");
    }
}
