//! Connected sources: records that come in from other systems on a schedule (R15, R38, R39).

mod connector;
mod settings;

pub use self::connector::{
    Batch, Connector, Connectors, Cursor, Flow, Mode, Reading, Record, State, Stream, Trouble,
    Value, Watch,
};
pub use self::settings::{Setting, SettingKind, SettingValue, Settings, Spec};
