//! What a browser has no use for.

/// A script or a style without the comments that begin a line: they would be a fifth of what the
/// first visit loads. Their lines stay, so that what a browser says of a line is true of the file.
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
    fn comments_that_begin_a_line_go_and_every_line_stays() {
        let text =
            "// Says why.\n\n/**\n * A type.\n */\nlet a = \"/*\"; // here\n  /* b */ c();\n";
        let kept = "\n\n\n\n\nlet a = \"/*\"; // here\n c();\n";
        assert_eq!(without_comments(text), kept);
    }

    /// A text over several lines may hold what looks like a comment.
    #[test]
    fn no_text_over_several_lines_loses_any() {
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
