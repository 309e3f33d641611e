//! Connection strings.

/// Adds a parameter to a connection string of either form. When a parameter occurs twice, libpq
/// uses the last one.
pub(crate) fn with_parameter(url: &str, name: &str, value: &str) -> String {
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        let separator = if url.contains('?') { '&' } else { '?' };
        return format!("{url}{separator}{name}={}", percent_encode(value));
    }
    let value = value.replace('\\', r"\\").replace('\'', r"\'");
    format!("{url} {name}='{value}'")
}

fn percent_encode(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_added_to_either_form_of_a_connection_string() {
        let uri = with_parameter("postgres://db/x", "application_name", "our CRM");
        assert_eq!(uri, "postgres://db/x?application_name=our%20CRM");
        let both = with_parameter(&uri, "connect_timeout", "5");
        assert_eq!(both, "postgres://db/x?application_name=our%20CRM&connect_timeout=5");
        let pairs = with_parameter("host=db", "application_name", r"Ann's \");
        assert_eq!(pairs, r"host=db application_name='Ann\'s \\'");
    }
}
