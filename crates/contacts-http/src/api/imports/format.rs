//! The formats of columns that a user chose (R58).

use contacts_core::import::{ColumnFormat, DateOrder, DecimalMark};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::parts::enumerated::enumeration;

enumeration! {
    /// The order of day and month in dates such as `03/04/2026`.
    ///
    /// - `day_first`: 3 April.
    /// - `month_first`: 4 March.
    DateOrderView = DateOrder as "DateOrder" in DateOrder::ALL
}

enumeration! {
    /// The decimal mark of numbers such as `1.234`.
    ///
    /// - `comma`: a comma, so that points separate thousands.
    /// - `point`: a point, so that commas separate thousands.
    DecimalMarkView = DecimalMark as "DecimalMark" in DecimalMark::CHOICES
}

/// The formats of a column, for values that have two readings.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, expecting = "an object")]
#[schema(as = ColumnFormat)]
pub(super) struct FormatView {
    /// Number of the column, starting at 0.
    column: usize,
    /// The order of day and month; null if the values show it.
    date_order: Option<DateOrderView>,
    /// The decimal mark; null if the values show it.
    decimal_mark: Option<DecimalMarkView>,
}

impl From<ColumnFormat> for FormatView {
    fn from(ColumnFormat { column, date_order, decimal_mark }: ColumnFormat) -> Self {
        let (date_order, decimal_mark) = (date_order.map(Into::into), decimal_mark.map(Into::into));
        Self { column, date_order, decimal_mark }
    }
}

impl From<FormatView> for ColumnFormat {
    fn from(FormatView { column, date_order, decimal_mark }: FormatView) -> Self {
        let (date_order, decimal_mark) =
            (date_order.map(|order| order.0), decimal_mark.map(|mark| mark.0));
        Self { column, date_order, decimal_mark }
    }
}
