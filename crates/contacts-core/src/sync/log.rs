//! The last lines of a connector's log.

use std::collections::VecDeque;

use super::{SettingValue, Settings, Spec};

/// The last lines of a connector's log, shortened and without secrets.
#[derive(Clone, Debug, Default)]
pub struct Log {
    lines: VecDeque<String>,
    /// The texts to remove, the longest first.
    secrets: Vec<String>,
}

impl Log {
    /// Maximum number of lines.
    pub const LINES: usize = 100;
    /// Maximum length of a line in characters.
    pub const LENGTH: usize = 400;
    /// Minimum length of a secret in characters: a shorter text would match almost anywhere.
    const MIN_SECRET_CHARS: usize = 4;

    /// Continues a log after the stored `lines`, and removes the secret ones of some settings from
    /// later lines.
    pub fn after(lines: &[String], settings: &Settings, is_secret: impl Fn(&str) -> bool) -> Self {
        let secret = settings.0.iter().filter(|(path, _)| is_secret(path));
        let mut secrets: Vec<String> = secret.flat_map(|(_, value)| parts(value)).collect();
        secrets.retain(|secret| secret.chars().count() >= Self::MIN_SECRET_CHARS);
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        secrets.dedup();
        Self { lines: lines.iter().cloned().collect(), secrets }
    }

    /// Starts an empty log for a connector with this spec.
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

    /// Returns a text without secrets and control characters, and shortened.
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

    /// Returns the lines, the oldest first.
    pub fn lines(&self) -> Vec<String> {
        self.lines.iter().cloned().collect()
    }
}

/// Returns the texts of a setting that may occur in a log, each as it is and URL-encoded.
fn parts(value: &SettingValue) -> Vec<String> {
    let texts: Vec<String> = match value {
        SettingValue::Text(text) => vec![text.clone()],
        // Every text between quotation marks, and the whole value.
        SettingValue::Json(json) => json
            .split('"')
            .map(str::to_owned)
            .chain([json.clone()])
            .filter(|s| s.len() >= 6)
            .collect(),
    };
    let encoded = |text: &String| url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
    let encoded: Vec<String> = texts.iter().map(encoded).collect();
    // A secret of several lines is logged line by line.
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
