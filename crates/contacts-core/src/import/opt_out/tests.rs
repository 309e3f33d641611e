use rstest::rstest;

use super::*;
use crate::import::suggest::header_key;

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
#[case("Email and SMS opt-out", &["yes", "no"], "unsubscribed")]
#[case("Email Suppressions", &["[]", "[{\"reason\":\"UNSUBSCRIBE\"}]"], "unsubscribed")]
#[case("subscribed_to_emails", &["true", "false"], "subscribed")]
#[case("Opt-in", &["no", "yes"], "subscribed")]
#[case("Email Marketing Consent", &["SUBSCRIBED", "NEVER_SUBSCRIBED"], "subscribed")]
#[case("Newsletter", &["x", ""], "subscribed")]
#[case("Einwilligung", &["Ja", "Nein"], "subscribed")]
#[case("Status", &["Subscribed", "Unsubscribed", "Cleaned"], "subscribed")]
#[case("E-bülten", &["Evet", "Hayır"], "subscribed")]
#[case("Hírlevél", &["Igen", "Nem"], "subscribed")]
#[case("Nyhetsbrev", &["ja", "nej"], "subscribed")]
#[case("Nyhedsbrev", &["ja", "nej"], "subscribed")]
#[case("Uutiskirje", &["kyllä", "ei"], "subscribed")]
#[case("Boletín", &["sí", "no"], "subscribed")]
#[case("Boletim informativo", &["sim", "não"], "subscribed")]
#[case("Рассылка", &["да", "нет"], "subscribed")]
#[case("Розсилка", &["так", "ні"], "subscribed")]
#[case("Ενημερωτικό δελτίο", &["ΝΑΙ", "ΟΧΙ"], "subscribed")]
#[case("النشرة البريدية", &["نعم", "لا"], "subscribed")]
#[case("דיוור", &["כן", "לא"], "subscribed")]
#[case("メルマガ", &["はい", "いいえ"], "subscribed")]
#[case("メルマガ", &["希望する", "希望しない"], "subscribed")]
#[case("뉴스레터", &["예", "아니오"], "subscribed")]
#[case("뉴스레터 수신동의", &["동의", "거부"], "subscribed")]
#[case("Werbung erlaubt", &["ja", "nein"], "subscribed")]
#[case("Werbesperre", &["", "x"], "unsubscribed")]
#[case("Ne pas contacter", &["Faux", "Vrai"], "unsubscribed")]
#[case("No contactar", &["sí", "no"], "unsubscribed")]
#[case("הסר מרשימת תפוצה", &["לא", "כן"], "unsubscribed")]
fn a_column_is_recognised(#[case] header: &str, #[case] cells: &[&str], #[case] target: &str) {
    let target = Target::parse(target).unwrap();
    assert_eq!(OptOutColumn::of(header, cells.iter().copied()), OptOutColumn::Clear(target));
}

#[rstest]
#[case::circumstances("UNSUB_REASON", &["yes"])]
#[case::a_campaign("Unsubscribe campaign", &["1"])]
#[case::a_time_of_agreement("OPTIN_TIME", &["2026-01-05 12:00"])]
#[case::a_plan("Subscription", &["Gold", "Silver"])]
#[case::unknown_until_there_are_cells("Newsletter", &[])]
#[case::another_status("Status", &["confirmed", "declined"])]
#[case::another_column("Active", &["yes", "no"])]
#[case::text_messages("SMS Marketing Consent", &["SUBSCRIBED", "NEVER_SUBSCRIBED"])]
#[case::text_messages_refused("SMS_BLACKLISTED", &["true", "false"])]
#[case::a_messenger("Opted out of WhatsApp", &["yes", "no"])]
fn another_column_is_not(#[case] header: &str, #[case] cells: &[&str]) {
    assert_eq!(OptOutColumn::of(header, cells.iter().copied()), OptOutColumn::Other);
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
#[case("inactive", Some(true), Some(true))]
#[case("perhaps", None, None)]
fn a_cell_is_read_by_its_column(
    #[case] cell: &str,
    #[case] unsubscribed: Option<bool>,
    #[case] subscribed: Option<bool>,
) {
    assert_eq!(is_opted_out(&Target::Unsubscribed, cell), unsubscribed);
    assert_eq!(is_opted_out(&Target::Subscribed, cell), subscribed);
}

#[rstest]
#[case("Newsletter abbestellt")]
#[case("Consent withdrawn")]
#[case("Einwilligung widerrufen")]
#[case("Subscription cancelled")]
#[case("No newsletter")]
#[case("nonewsletter")]
#[case("Kein Newsletter")]
#[case("Stop newsletter")]
#[case("Not subscribed")]
#[case("is_not_subscribed")]
#[case("No opt-in")]
#[case("Opt-in revoked")]
#[case("Suscripción cancelada")]
#[case("Abonnement résilié")]
#[case("Iscrizione annullata")]
#[case("Consentement retiré")]
#[case("Geen nieuwsbrief")]
#[case("Rezygnacja z newslettera")]
#[case("Wünscht keinen Newsletter")]
#[case("Ne souhaite pas recevoir la newsletter")]
#[case("Excluded from newsletter")]
#[case("Prenumeration avslutad")]
#[case("Newsletter (kündigt ja/nein)")]
#[case("Подписка отменена")]
#[case("Підписку скасовано")]
#[case("不订阅")]
#[case("取消订阅")]
#[case("購読停止")]
#[case("購読しない")]
#[case("구독 해지")]
#[case("Do not email")]
#[case("keine Werbung")]
fn a_negated_header_lists_who_opted_out(#[case] header: &str) {
    let target = OptOutColumn::Clear(Target::Unsubscribed);
    assert_eq!(OptOutColumn::of(header, ["1", "0"].into_iter()), target);
    assert_eq!(OptOutColumn::of(header, ["2024-01-31", ""].into_iter()), target);
}

#[rstest]
#[case::negated_twice("Not unsubscribed", &["yes", "no"], None)]
#[case::negated_opt_out("No opt-out", &["yes"], None)]
#[case::ended_opt_out("Opt-out revoked", &["yes"], None)]
#[case::negated_end("Newsletter nicht abbestellt", &["ja"], None)]
#[case::an_end_of_a_period("Subscription expired", &["yes"], None)]
#[case::a_number_or_a_no("Subscription No.", &["1"], None)]
#[case::a_cell("Unsubscribed", &["yes", "no", "maybe"], Some("maybe"))]
#[case::sentences("Unsubscribed", &["Too many messages"], Some("Too many messages"))]
#[case::a_cell_of_a_negated_header("No newsletter", &["x", "perhaps"], Some("perhaps"))]
#[case::a_cell_among_answers("Newsletter", &["yes", "no", "maybe"], Some("maybe"))]
fn an_unclear_column_is_reported(
    #[case] header: &str,
    #[case] cells: &[&str],
    #[case] unread: Option<&str>,
) {
    let found = OptOutColumn::of(header, cells.iter().copied());
    assert_eq!(found, OptOutColumn::Unclear(unread));
}

#[rstest]
#[case::an_answer_in_the_header("Newsletter (yes/no)", &["yes"])]
#[case::another_answer("Opt-in ja/nein", &["nein"])]
#[case::topics("Newsletters topic", &["yes"])]
#[case::single_letters("Newsletter Y/N", &["Y", "N"])]
fn a_question_is_not_negated(#[case] header: &str, #[case] cells: &[&str]) {
    let found = OptOutColumn::of(header, cells.iter().copied());
    assert_eq!(found, OptOutColumn::Clear(Target::Subscribed));
}

#[rstest]
#[case::the_end_of_a_plan("Subscription end date", &["2027-01-01"])]
#[case::a_list_id("Suppression list ID", &["44927"])]
#[case::a_number("Subscription No.", &["A-17"])]
fn a_fact_about_a_subscription_is_another_column(#[case] header: &str, #[case] cells: &[&str]) {
    assert_eq!(OptOutColumn::of(header, cells.iter().copied()), OptOutColumn::Other);
}

#[rstest]
#[case("Unsubscribed", &["1.0", "0.0"])]
#[case("Unsubscribed", &["44927", ""])]
#[case("Unsubscribed", &["1704153600"])]
#[case("Unsubscribed", &["1704153600000"])]
#[case("Unsubscribed", &["20240131"])]
#[case("Unsubscribed", &["Yes (2024)", "No"])]
#[case("Unsubscribed", &["2024-01-31", "0000-00-00"])]
#[case("Opt-out", &["STOP", ""])]
#[case("退订", &["是", "否"])]
#[case("配信停止", &["はい", "いいえ"])]
#[case("수신거부", &["예", "아니오"])]
#[case("Desinscrito", &["Sim", "Não"])]
#[case("Uitgeschreven", &["ja", "nee"])]
#[case("Wypisany", &["tak", "nie"])]
#[case("Odhlášen", &["ano", "ne"])]
#[case("Leiratkozott", &["igen", "nem"])]
#[case("Dezabonat", &["da", "nu"])]
#[case("Διαγραφή", &["ναι", "όχι"])]
#[case("Peruutettu", &["kyllä", "ei"])]
#[case("Abonelikten çıktı", &["evet", "hayır"])]
fn the_cells_of_opt_outs_are_read(#[case] header: &str, #[case] cells: &[&str]) {
    let found = OptOutColumn::of(header, cells.iter().copied());
    assert_eq!(found, OptOutColumn::Clear(Target::Unsubscribed));
}

#[rstest]
#[case("never", false, true)]
#[case("none", false, true)]
#[case("1.0", true, false)]
#[case("0,0", false, true)]
#[case("Nein, danke", false, true)]
#[case("No (2024)", false, true)]
#[case("No 2024-01-31", false, true)]
#[case("No (unsubscribed)", true, true)]
#[case("Yes, unsubscribed", true, true)]
#[case("unsubscribed on 2024-01-02", true, true)]
#[case("not unsubscribed", false, false)]
#[case("nicht abgemeldet", false, false)]
#[case("nicht angemeldet", true, true)]
#[case("no longer subscribed", true, true)]
#[case("stop", true, true)]
#[case("STOP", true, true)]
#[case("refused", true, true)]
#[case("blocked", true, true)]
#[case("deleted", true, true)]
#[case("revoked", true, true)]
#[case("cancelled", true, true)]
#[case("spam", true, true)]
#[case("baja", true, true)]
#[case("はい", true, false)]
#[case("いいえ", false, true)]
#[case("是", true, false)]
#[case("否", false, true)]
#[case("☐", false, true)]
#[case("☑", true, false)]
#[case("44927", true, false)]
#[case("0000-00-00", false, false)]
#[case("0000-00-00 00:00:00", false, false)]
#[case("NULL", false, false)]
fn a_cell_is_clear(#[case] cell: &str, #[case] unsubscribed: bool, #[case] subscribed: bool) {
    assert_eq!(is_opted_out(&Target::Unsubscribed, cell), Some(unsubscribed));
    assert_eq!(is_opted_out(&Target::Subscribed, cell), Some(subscribed));
}

#[rstest]
#[case("opt-out revoked")]
#[case("not blocked")]
#[case("不明")]
#[case("42")]
#[case("?")]
fn a_cell_is_not_clear(#[case] cell: &str) {
    assert_eq!(is_opted_out(&Target::Unsubscribed, cell), None);
    assert_eq!(is_opted_out(&Target::Subscribed, cell), None);
}

#[test]
fn words_are_written_as_headers_are_compared() {
    let lists: [&[&str]; 12] = [
        &self::words::OPTED_OUT,
        &self::words::OPTED_OUT_NEGATED,
        &self::words::AGREED,
        &self::words::NEGATIONS,
        &self::words::NEGATION_PARTS,
        &self::words::ENDED,
        &self::words::REVOKED,
        &self::words::PERIOD_ENDS,
        &self::words::DECLINED_WORDS,
        &self::words::YES,
        &self::words::NO,
        &self::words::ASKED,
    ];
    for word in lists.into_iter().flatten() {
        assert_eq!(header_key(word), **word);
    }
}
