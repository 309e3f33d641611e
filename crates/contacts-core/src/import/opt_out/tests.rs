use rstest::rstest;

use super::*;

#[rstest]
#[case("Unsubscribed", &["yes", "no", ""], "unsubscribed")]
#[case("UNSUB_TIME", &["2026-01-05 12:00:00", ""], "unsubscribed")]
#[case("Unsubscribed on", &["January 5, 2026", ""], "unsubscribed")]
#[case("EMAIL_BLACKLISTED", &["TRUE", "FALSE"], "unsubscribed")]
#[case("Opted Out of Email", &["0", "1"], "unsubscribed")]
#[case("Abgemeldet", &["ja", "nein"], "unsubscribed")]
#[case("Désabonné", &["oui", "non"], "unsubscribed")]
#[case("Dado de baja", &["sí", ""], "unsubscribed")]
#[case("Отписан", &["да", "нет"], "unsubscribed")]
#[case("退订", &["1", "0"], "unsubscribed")]
#[case("Do not email", &[], "unsubscribed")]
#[case("subscribed_to_emails", &["true", "false"], "subscribed")]
#[case("Opt-in", &["no", "yes"], "subscribed")]
#[case("Email Marketing Consent", &["SUBSCRIBED", "NEVER_SUBSCRIBED"], "subscribed")]
#[case("Newsletter", &["x", ""], "subscribed")]
#[case("Einwilligung", &["Ja", "Nein"], "subscribed")]
#[case("Status", &["Subscribed", "Unsubscribed", "Cleaned"], "subscribed")]
fn a_column_is_recognised(#[case] header: &str, #[case] cells: &[&str], #[case] target: &str) {
    assert_eq!(opt_out_target(header, cells.iter().copied()), Target::parse(target));
}

#[rstest]
#[case::circumstances("UNSUB_REASON", &["yes"])]
#[case::a_campaign("Unsubscribe campaign", &["1"])]
#[case::sentences("Unsubscribed", &["Too many messages"])]
#[case::a_time_of_agreement("OPTIN_TIME", &["2026-01-05 12:00"])]
#[case::a_plan("Subscription", &["Gold", "Silver"])]
#[case::unknown_until_there_are_cells("Newsletter", &[])]
#[case::another_status("Status", &["confirmed", "declined"])]
#[case::another_column("Active", &["yes", "no"])]
fn another_column_is_not(#[case] header: &str, #[case] cells: &[&str]) {
    assert_eq!(opt_out_target(header, cells.iter().copied()), None);
}

#[rstest]
#[case("yes", Some(true), Some(false))]
#[case("0", Some(false), Some(true))]
#[case("Nein", Some(false), Some(true))]
#[case("✓", Some(true), Some(false))]
#[case("2026-01-05", Some(true), Some(false))]
#[case("Jan 5, 2026 at 10:00", Some(true), Some(false))]
#[case("unsubscribed", Some(true), Some(true))]
#[case("Not opted in", Some(true), Some(true))]
#[case("Non-subscribed", Some(true), Some(true))]
#[case("Subscribed", Some(false), Some(false))]
#[case("active", Some(false), Some(false))]
#[case("inactive", None, None)]
#[case("perhaps", None, None)]
fn a_cell_is_read_by_its_column(
    #[case] cell: &str,
    #[case] unsubscribed: Option<bool>,
    #[case] subscribed: Option<bool>,
) {
    assert_eq!(is_opted_out(&Target::Unsubscribed, cell), unsubscribed);
    assert_eq!(is_opted_out(&Target::Subscribed, cell), subscribed);
}
