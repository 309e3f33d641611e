//! The statements of lists, for `pgbench`: the very text that the program sends, with variables
//! where it binds values.

/// A statement, what its variables are, and settings of its session.
#[derive(Clone)]
pub(crate) struct Statement {
    /// Its text.
    pub(crate) text: String,
    /// Its variables.
    pub(crate) variables: Vec<(&'static str, String)>,
    /// Settings, as `-c` options.
    pub(crate) options: &'static str,
}

/// The order of a list.
#[derive(Clone, Copy)]
pub(crate) struct Order {
    /// What the API calls it.
    pub(crate) name: &'static str,
    /// The column.
    pub(crate) column: &'static str,
    /// Whether the last comes first.
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
    /// As it stands in a statement.
    pub(crate) fn sql(self) -> String {
        let (column, direction) = (self.column, if self.descending { " DESC" } else { "" });
        format!(" ORDER BY c.{column}{direction}, c.id{direction}")
    }
}

/// What `contacts_pg` selects of a contact: its tags and its first source are looked up within
/// the row.
const SELECT: &str = "SELECT c.id, c.name, c.email, c.phone, c.phone_e164, c.custom, \
     c.created_at, c.updated_at, c.version, ARRAY(SELECT t.name FROM contact_tags ct JOIN tags t \
     ON t.org_id = ct.org_id AND t.id = ct.tag_id WHERE ct.org_id = :org AND t.org_id = :org \
     AND ct.contact_id = c.id ORDER BY t.key) AS tags, \
     s.kind AS source_kind, s.origin_id, s.reference, \
     s.visitor, s.row_number, s.at AS source_at, (SELECT i.file_name FROM imports i \
     WHERE i.org_id = :org AND i.id = s.origin_id) AS file_name FROM ";

const FIRST_SOURCE: &str = " JOIN LATERAL (SELECT * FROM contact_sources fs \
     WHERE fs.org_id = :org AND fs.contact_id = c.id AND fs.is_first LIMIT 1) s ON true ";

/// A page of a list, given what its rows must meet besides.
pub(crate) fn page(order: Order, conditions: &str) -> String {
    let order = order.sql();
    format!(
        "{SELECT}(SELECT c.* FROM contacts c WHERE c.org_id = :org{conditions}{order} \
         LIMIT :rows) c{FIRST_SOURCE}{order};\n"
    )
}

/// The same page, with everybody found before anybody is sorted: what somebody may write who
/// knows that few will be found.
pub(crate) fn page_of_found(order: Order, conditions: &str) -> String {
    let (column, order) = (order.column, order.sql());
    format!(
        "WITH found AS MATERIALIZED (SELECT c.{column}, c.id FROM contacts c \
         WHERE c.org_id = :org{conditions}) {SELECT}(SELECT c.{column}, c.id FROM found c{order} \
         LIMIT :rows) f JOIN contacts c ON c.org_id = :org AND c.id = f.id{FIRST_SOURCE}{order};\n"
    )
}
