//! Removes comments and indentation, which a browser does not need.

/// Removes the comments that start a line from a script or a stylesheet, and indentation and empty
/// lines: together they would be a fifth of the first load.
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
        let code = code.trim_start();
        if !code.is_empty() {
            kept.push_str(code);
            kept.push('\n');
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assets::scripts_and_styles;

    #[test]
    fn comments_that_start_a_line_and_indentation_are_removed() {
        let text = "// Says why.\n\n/**\n * A type.\n */\nlet a = \"/*\"; // here\n  /* b */ c();\n    d();\n";
        assert_eq!(without_comments(text), "let a = \"/*\"; // here\nc();\nd();\n");
    }

    /// A template literal over several lines may contain text that looks like a comment or like
    /// indentation.
    #[test]
    fn no_template_literal_spans_lines() {
        for (name, text) in scripts_and_styles() {
            for line in without_comments(&text).lines() {
                let ticks = line.matches('`').count();
                assert!(ticks.is_multiple_of(2), "{name}: put this literal on one line: {line}");
            }
        }
    }
}
