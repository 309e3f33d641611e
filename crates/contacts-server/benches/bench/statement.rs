//! The statements of lists for `pgbench`: the exact text that the program sends, with variables
//! where it binds values.

/// A statement with its variables and the settings of its session.
#[derive(Clone)]
pub(crate) struct Statement {
    /// Text of the statement.
    pub(crate) text: String,
    /// Names and values of the variables.
    pub(crate) variables: Vec<(&'static str, String)>,
    /// Settings, as `-c` options.
    pub(crate) options: &'static str,
}

/// An order of the list.
#[derive(Clone, Copy)]
pub(crate) struct Order {
    /// Name of the order in the API.
    pub(crate) name: &'static str,
    /// Name of the column.
    pub(crate) column: &'static str,
    /// Whether the order is descending.
    pub(crate) descending: bool,
}

/// The orders that are measured.
pub(crate) const ORDERS: [Order; 4] = [
    Order { name: "-created", column: "created_at", descending: true },
    Order { name: "-updated", column: "updated_at", descending: true },
    Order { name: "name", column: "name_key", descending: false },
    Order { name: "email", column: "email_key", descending: false },
];

impl Order {
    /// Returns the order as SQL.
    pub(crate) fn sql(self) -> String {
        let (column, direction) = (self.column, if self.descending { " DESC" } else { "" });
        format!(" ORDER BY c.{column}{direction}, c.id{direction}")
    }
}

/// The columns that `contacts_pg` selects of a contact, with look-ups of its tags and its first
/// source per row.
const SELECT: &str = "SELECT c.id, c.name, c.email, c.phone, c.phone_e164, c.custom, \
     c.created_at, c.updated_at, c.version, ARRAY(SELECT t.name FROM contact_tags ct JOIN tags t \
     ON t.org_id = ct.org_id AND t.id = ct.tag_id WHERE ct.org_id = :org AND t.org_id = :org \
     AND ct.contact_id = c.id ORDER BY t.key) AS tags, \
     s.kind AS source_kind, s.detail_id, s.reference, \
     s.visitor, s.row_number, s.at AS source_at, (SELECT i.file_name FROM imports i \
     WHERE i.org_id = :org AND i.id = s.detail_id) AS file_name FROM ";

const FIRST_SOURCE: &str = " JOIN LATERAL (SELECT * FROM contact_sources fs \
     WHERE fs.org_id = :org AND fs.contact_id = c.id AND fs.is_first LIMIT 1) s ON true ";

/// Returns the statement of a page of the list with additional conditions.
pub(crate) fn page(order: Order, conditions: &str) -> String {
    let order = order.sql();
    format!(
        "{SELECT}(SELECT c.* FROM contacts c WHERE c.org_id = :org{conditions}{order} \
         LIMIT :rows) c{FIRST_SOURCE}{order};\n"
    )
}

/// Returns the statement of the same page that finds all contacts before it sorts them, as one
/// would write it when few contacts match.
pub(crate) fn page_of_found(order: Order, conditions: &str) -> String {
    let (column, order) = (order.column, order.sql());
    format!(
        "WITH found AS MATERIALIZED (SELECT c.{column}, c.id FROM contacts c \
         WHERE c.org_id = :org{conditions}) {SELECT}(SELECT c.{column}, c.id FROM found c{order} \
         LIMIT :rows) f JOIN contacts c ON c.org_id = :org AND c.id = f.id{FIRST_SOURCE}{order};\n"
    )
}
