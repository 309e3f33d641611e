//! Removes comments, which a browser does not need.

/// Removes the comments that start a line from a script or a stylesheet: they would be a fifth of the
/// first load. Their lines stay empty, so that line numbers in the browser match the file.
pub(crate) fn without_comments(text: &str) -> String {
    let mut is_inside = false;
    let mut kept = String::with_capacity(text.len());
    for line in text.lines() {
        let rest = match line.trim_start().strip_prefix("/*") {
            _ if is_inside => line,
            Some(comment) => {
                is_inside = true;
                comment
            }
            None => line,
        };
        let code = match rest.split_once("*/") {
            Some((_, code)) if is_inside => {
                is_inside = false;
                code
            }
            _ if is_inside || rest.trim_start().starts_with("//") => "",
            _ => rest,
        };
        kept.push_str(code);
        kept.push('\n');
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assets::scripts_and_styles;

    #[test]
    fn comments_that_start_a_line_are_removed_and_lines_stay() {
        let text =
            "// Says why.\n\n/**\n * A type.\n */\nlet a = \"/*\"; // here\n  /* b */ c();\n";
        let kept = "\n\n\n\n\nlet a = \"/*\"; // here\n c();\n";
        assert_eq!(without_comments(text), kept);
    }

    /// A template literal over several lines may contain text that looks like a comment.
    #[test]
    fn template_literals_over_several_lines_stay_complete() {
        for (name, text) in scripts_and_styles() {
            let kept = without_comments(&text);
            let mut ticks = 0;
            for (number, (line, kept)) in text.lines().zip(kept.lines()).enumerate() {
                let is_between = ticks % 2 == 1;
                assert!(!is_between || line == kept, "{name}, line {}: {line}", number + 1);
                ticks += kept.matches('`').count();
            }
        }
    }
}
