use rstest::rstest;

use super::*;
use crate::field::FieldType;

fn rows(rows: &[&[&str]]) -> Vec<Vec<String>> {
    rows.iter().map(|row| row.iter().map(|&cell| cell.to_owned()).collect()).collect()
}

fn name(target: &Target) -> String {
    match target {
        Target::Id => "id".to_owned(),
        Target::ExternalId => "external_id".to_owned(),
        Target::Name => "name".to_owned(),
        Target::FirstName => "first".to_owned(),
        Target::MiddleName => "middle".to_owned(),
        Target::LastName => "last".to_owned(),
        Target::Email => "email".to_owned(),
        Target::OtherEmails => "other_emails".to_owned(),
        Target::Phone => "phone".to_owned(),
        Target::Tags => "tags".to_owned(),
        Target::Subscribed => "subscribed".to_owned(),
        Target::Unsubscribed => "unsubscribed".to_owned(),
        Target::Field(key) => format!("custom:{}", key.as_str()),
    }
}

/// Returns the targets of a header written as `Name|E-mail`, in the same form; `-` means skipped.
fn targets(header: &str, samples: &[&[&str]], fields: &[Field]) -> String {
    let header: Vec<String> = header.split('|').map(str::to_owned).collect();
    let found = suggest(&header, &rows(samples), fields);
    for suggestion in &found {
        assert_eq!(suggestion.target.is_some(), suggestion.confidence > 0.0);
        assert!(suggestion.confidence <= 1.0);
    }
    let found = found.iter().map(|s| s.target.as_ref().map_or("-".to_owned(), name));
    found.collect::<Vec<_>>().join("|")
}

#[rstest]
#[case("First name|Last name|Work email|Mobile", "first|last|email|phone")]
#[case("firstName|lastName|emailAddress|phoneNumber", "first|last|email|phone")]
#[case("FIRST_NAME|LAST-NAME|E-MAIL|TEL.", "first|last|email|phone")]
#[case("Name *|Email (required)|Phone #|🏷️ Tags", "name|email|phone|tags")]
#[case("What is your name?|Your e-mail address", "name|email")]
#[case("Kundenname|E-Mail-Adresse|Mobiltelefon|Schlagwörter", "name|email|phone|tags")]
#[case("Nachname, Vorname|Mail|Rufnummer", "name|email|phone")]
#[case("Voornaam|Achternaam|E-mailadres|Telefoonnummer", "first|last|email|phone")]
#[case("Prénom|Nom de famille|Courriel|Tél. portable|Étiquettes", "first|last|email|phone|tags")]
#[case("Name|Email|Phone||Name|Email|Phone", "name|email|phone|-|-|-|-")]
#[case("Name|Email||Company", "name|email|-|-")]
#[case("Nombre y apellidos|Correo electrónico|Móvil|Etiquetas", "name|email|phone|tags")]
#[case("Nome|Cognome|Indirizzo e-mail|Cellulare", "first|last|email|phone")]
#[case("Nome completo|E-mail|Telemóvel|Marcadores", "name|email|phone|tags")]
#[case("Imię|Nazwisko|Adres e-mail|Numer telefonu", "first|last|email|phone")]
#[case("Jméno|Příjmení|E-mail|Telefon|Štítky", "first|last|email|phone|tags")]
#[case("Förnamn|Efternamn|E-postadress|Mobilnummer", "first|last|email|phone")]
#[case("Etunimi|Sukunimi|Sähköposti|Puhelinnumero", "first|last|email|phone")]
#[case("Vezetéknév|Keresztnév|E-mail cím|Telefonszám", "last|first|email|phone")]
#[case("Nume|Prenume|Adresa de email|Număr de telefon", "last|first|email|phone")]
#[case("Ad Soyad|E-posta|Cep Telefonu|Etiketler", "name|email|phone|tags")]
#[case("Όνομα|Επώνυμο|Διεύθυνση email|Κινητό", "first|last|email|phone")]
#[case("ФИО|Эл. почта|Мобильный телефон|Метки", "name|email|phone|tags")]
#[case("Ім'я|Прізвище|Електронна пошта|Номер телефону", "first|last|email|phone")]
#[case("姓|名|フリガナ|Eメール|携帯電話番号", "last|first|-|email|phone")]
#[case("联系人姓名|电子邮箱|手机号码|公司名称|标签", "name|email|phone|-|tags")]
#[case("이름|이메일 주소|휴대폰 번호|회사명", "name|email|phone|-")]
#[case("الاسم الأول|اسم العائلة|البريد الإلكتروني|رقم الهاتف", "first|last|email|phone")]
#[case("שם פרטי|שם משפחה|דוא\"ל|טלפון", "first|last|email|phone")]
#[case("पहला नाम|ईमेल|मोबाइल नंबर", "first|email|phone")]
fn headers_are_understood_in_many_languages_and_spellings(
    #[case] header: &str,
    #[case] expected: &str,
) {
    assert_eq!(targets(header, &[], &[]), expected);
}

#[rstest]
#[case("Emri|Mbiemri|Emri i plotë|Posta elektronike|Telefoni")]
#[case("Անուն|Ազգանուն|Լրիվ անուն|Էլ. փոստ|Հեռախոս")]
#[case("Izena|Abizenak|Izen-abizenak|Posta elektronikoa|Telefonoa")]
#[case("Імя|Прозвішча|Поўнае імя|Электронная пошта|Нумар тэлефона")]
#[case("Име|Фамилия|Пълно име|Имейл|Мобилен телефон")]
#[case("Nom|Cognoms|Nom complet|Correu electrònic|Telèfon mòbil")]
#[case("Ime|Prezime|Ime i prezime|E-pošta|Mobitel")]
#[case("Име|Презиме|Име и презиме|Електронска пошта|Број телефона")]
#[case("Meno|Priezvisko|Celé meno|E-mailová adresa|Telefónne číslo")]
#[case("Fornavn|Efternavn|Fulde navn|E-mail|Mobilnummer")]
#[case("Eesnimi|Perekonnanimi|Täisnimi|E-posti aadress|Telefoninumber")]
#[case("Nome|Apelidos|Nome completo|Correo electrónico|Móbil")]
#[case("სახელი|გვარი|სრული სახელი|ელ. ფოსტა|ტელეფონის ნომერი")]
#[case("Fornafn|Eftirnafn|Fullt nafn|Netfang|Símanúmer")]
#[case("Céadainm|Sloinne|Ainm iomlán|Ríomhphost|Uimhir ghutháin")]
#[case("Vārds|Uzvārds|Pilns vārds|E-pasta adrese|Tālruņa numurs")]
#[case("Vardas|Pavardė|Vardas ir pavardė|El. paštas|Telefono numeris")]
#[case("Virnumm|Familljennumm|Ganzen Numm|E-Mail|Telefon")]
#[case("Isem|Kunjom|Isem sħiħ|Indirizz elettroniku|Numru tat-telefown")]
#[case("Prenume|Nume de familie|Nume complet|Adresă de e-mail|Număr de telefon")]
#[case("Ime|Priimek|Ime in priimek|E-poštni naslov|Telefonska številka")]
#[case("প্রথম নাম|শেষ নাম|পুরো নাম|ইমেইল|ফোন নম্বর")]
#[case("પ્રથમ નામ|અટક|પૂરું નામ|ઈમેલ|ફોન નંબર")]
#[case("Sunan farko|Sunan karshe|Cikakken suna|Imel|Lambar waya")]
#[case("Nama depan|Nama belakang|Nama lengkap|Alamat email|Nomor telepon")]
#[case("Nama pertama|Nama keluarga|Nama penuh|Emel|Telefon bimbit")]
#[case("Jeneng ngarep|Jeneng mburi|Jeneng lengkap|Surel|Nomor HP")]
#[case("ಮೊದಲ ಹೆಸರು|ಕೊನೆಯ ಹೆಸರು|ಪೂರ್ಣ ಹೆಸರು|ಇಮೇಲ್|ಫೋನ್ ಸಂಖ್ಯೆ")]
#[case("पहिले नाव|आडनाव|पूर्ण नाव|ईमेल|मोबाईल क्रमांक")]
#[case("نام|نام خانوادگی|نام کامل|ایمیل|شماره تلفن همراه")]
#[case("ਪਹਿਲਾ ਨਾਮ|ਆਖਰੀ ਨਾਮ|ਪੂਰਾ ਨਾਮ|ਈਮੇਲ|ਫ਼ੋਨ ਨੰਬਰ")]
#[case("Jina la kwanza|Jina la mwisho|Jina kamili|Barua pepe|Nambari ya simu")]
#[case("Unang pangalan|Apelyido|Buong pangalan|Email|Numero ng telepono")]
#[case("முதல் பெயர்|கடைசி பெயர்|முழு பெயர்|மின்னஞ்சல்|தொலைபேசி எண்")]
#[case("మొదటి పేరు|చివరి పేరు|పూర్తి పేరు|ఇమెయిల్|ఫోన్ నంబర్")]
#[case("پہلا نام|خاندانی نام|پورا نام|ای میل|فون نمبر")]
#[case("Tên|Họ|Họ và tên|Thư điện tử|Số điện thoại")]
#[case("ชื่อ|นามสกุล|ชื่อเต็ม|อีเมล|เบอร์โทรศัพท์มือถือ")]
fn the_languages_of_europe_and_the_large_ones_elsewhere_are_understood(#[case] header: &str) {
    let columns: Vec<_> = header.split('|').collect();
    let [first, last, full, email, phone] = columns[..] else { panic!("five columns") };
    let parts = format!("{first}|{last}|{email}|{phone}");
    assert_eq!(targets(&parts, &[], &[]), "first|last|email|phone");
    assert_eq!(targets(&format!("{full}|{email}|{phone}"), &[], &[]), "name|email|phone");
}

#[rstest]
#[case("User Email|Invitee Email", "-|email")]
#[case("Customer Email|Seller Email", "email|-")]
#[case("Organiser e-mail|Attendee e-mail", "-|email")]
#[case("To|From", "-|email")]
fn our_own_address_loses_against_theirs(#[case] header: &str, #[case] expected: &str) {
    let samples: [&[&str]; 2] =
        [&["ann@example.org", "bo@example.org"], &["cy@example.org", "di@example.org"]];
    assert_eq!(targets(header, &samples, &[]), expected);
}

#[rstest]
#[case("Email|Address e-mail")]
#[case("Contact email|Second email")]
fn an_address_that_all_rows_share_loses_against_one_that_differs(#[case] header: &str) {
    let samples: [&[&str]; 2] =
        [&["rep@example.org", "ann@example.org"], &["rep@example.org", "bo@example.org"]];
    assert_eq!(targets(header, &samples, &[]), "-|email");
    let constant: [&[&str]; 2] = [&["rep@example.org"], &["rep@example.org"]];
    assert_eq!(targets("Email", &constant, &[]), "email");
}

#[rstest]
#[case("First Name|Middle Name|Last Name|Email", "first|middle|last|email")]
#[case("Фамилия|Имя|Отчество|Почта", "last|first|middle|email")]
#[case("Họ|Tên đệm|Tên|Email", "last|middle|first|email")]
#[case("Segundo nombre|Nombre|Email", "-|name|email")]
#[case("名|姓|表示名|メールアドレス", "first|last|name|email")]
#[case("Hi, what's your first name?|And your last name?|E-mail", "first|last|email")]
#[case("Name|Email|Tag 1|Tag 2|Tag 3", "name|email|tags|tags|tags")]
#[case("Name|Email|Email|Phone|Phone|Fax", "name|email|email|phone|phone|-")]
#[case("Name|E-mail 1|E-mail 2", "name|email|other_emails")]
fn every_part_of_a_name_and_every_column_of_tags_is_found(
    #[case] header: &str,
    #[case] expected: &str,
) {
    assert_eq!(targets(header, &[], &[]), expected);
}

#[rstest]
#[case("Emial")]
#[case("E-Mail Adress")]
#[case("Emali address")]
fn a_mistyped_address_is_recognised(#[case] header: &str) {
    assert_eq!(targets(header, &[], &[]), "email");
}

#[rstest]
#[case("Frist Name|Lsat Name|Phnoe", "first|last|phone")]
#[case("Surename|Telephon", "last|phone")]
fn mistyped_names_and_phones_are_recognised(#[case] header: &str, #[case] expected: &str) {
    assert_eq!(targets(header, &[], &[]), expected);
}

#[rstest]
#[case("Email status")]
#[case("Email opt-in")]
#[case("Number of emails")]
#[case("is_email_verified")]
#[case("E-mail 1 - Type")]
#[case("email_hash")]
#[case("Accepts email marketing")]
#[case("Manager email")]
#[case("Contact owner")]
#[case("Reply-To Email")]
#[case("Campaign name")]
#[case("form_name")]
#[case("File name")]
#[case("username")]
#[case("User name")]
#[case("Company name")]
#[case("Firmenname")]
#[case("Middle name")]
#[case("Maiden Name")]
#[case("Spouse's name")]
#[case("Phonetic First Name")]
#[case("Name prefix")]
#[case("Business fax")]
#[case("Fax-Nummer")]
#[case("Customer ID")]
#[case("First seen")]
#[case("Last order")]
#[case("Age group")]
#[case("Password")]
#[case("")]
fn similar_headers_with_another_meaning_are_skipped(#[case] header: &str) {
    assert_eq!(targets(&format!("Name|Email|{header}"), &[], &[]), "name|email|-");
    assert_eq!(targets(header, &[], &[]), "-");
}

#[rstest]
#[case::plain("external_id", &["7", "8"], "external_id")]
#[case::spelled("Customer-ID", &["A 7", "A 8"], "external_id")]
#[case::in_words("Customer ID of the partner", &["7", "8"], "-")]
#[case::another_record("Order ID", &["7", "8"], "-")]
#[case::lone("ID", &["7", "8"], "-")]
#[case::shared("customer id", &["7", "7"], "-")]
#[case::blank("user_id", &["7", ""], "-")]
#[case::addresses("user_id", &["ann@x.org", "bo@x.org"], "-")]
fn an_id_is_suggested_when_its_header_is_plain(
    #[case] header: &str,
    #[case] cells: &[&str],
    #[case] expected: &str,
) {
    let samples = [["Ann", "ann@example.org", cells[0]], ["Bo", "bo@example.org", cells[1]]];
    let samples: Vec<&[&str]> = samples.iter().map(|row| row.as_slice()).collect();
    let found = targets(&format!("Name|Mail|{header}"), &samples, &[]);
    assert!(found.ends_with(&format!("|{expected}")), "{header}: {found}");
}

#[test]
fn a_column_of_our_export_is_an_id_only_with_ids_of_ours() {
    let ours = "019b78ff-f900-7000-8000-000000000004";
    let header = "id|external_id|name|email";
    let found = |id: &str| targets(header, &[&[id, "7", "Ann", "ann@example.org"]], &[]);
    assert_eq!(found(ours), "id|external_id|name|email");
    assert_eq!(targets(header, &[], &[]), "id|external_id|name|email");
    for id in ["17", "0b0e1f0a-9c2e-4c5e-8f43-7b2f3f1f2a10"] {
        assert_eq!(found(id), "-|external_id|name|email", "{id}");
    }
}

const OURS: &str = "019b78ff-f900-7000-8000-000000000004";

#[rstest]
#[case::skipped_rows(
    "reason|id|name|email",
    "line 3: the name is missing|OURS|Ann|a@x.org",
    "-|id|name|email"
)]
#[case::an_added_column(
    "id|external_id|name|email|Remark",
    "OURS|7|Ann|a@x.org|called",
    "id|external_id|name|email|-"
)]
#[case::an_empty_column("id|name|email||", "OURS|Ann|a@x.org||", "id|name|email|-|-")]
#[case::a_renamed_column("id|Full name|email", "OURS|Ann|a@x.org", "id|name|email")]
#[case::other_case("ID|Name|E-Mail", "OURS|Ann|a@x.org", "id|name|email")]
#[case::another_case("Id|name|email", "OURS|Ann|a@x.org", "id|name|email")]
#[case::one_that_is_no_id("id|name|email", "OURS|Ann|a@x.org;new|Bo|b@x.org", "id|name|email")]
#[case::new_rows("id|name|email", "OURS|Ann|a@x.org;|Bo|b@x.org", "id|name|email")]
#[case::blank_external_ids(
    "id|external_id|name|Remark",
    "OURS||Ann|;OURS|7|Bo|",
    "id|external_id|name|-"
)]
#[case::blank_external_ids_of_others(
    "external_id|name|email",
    "|Ann|a@x.org;7|Bo|b@x.org",
    "external_id|name|email"
)]
#[case::never_read(
    "id|created_at|source|Remark|consent",
    "OURS|2024-01-31|csv||subscribed",
    "id|-|-|-|subscribed"
)]
#[case::ids_of_others("id|name|email|Remark", "17|Ann|a@x.org|", "-|name|email|-")]
fn an_edited_export_keeps_its_columns(
    #[case] header: &str,
    #[case] samples: &str,
    #[case] expected: &str,
) {
    let samples = samples.replace("OURS", OURS);
    let samples: Vec<Vec<_>> = samples.split(';').map(|row| row.split('|').collect()).collect();
    let samples: Vec<_> = samples.iter().map(Vec::as_slice).collect();
    assert_eq!(targets(header, &samples, &[]), expected);
}

#[test]
fn a_column_of_reasons_is_no_field() {
    let fields = [Field::new("why", "Reason", FieldType::Text, 0).unwrap()];
    let found = |reason: &str| {
        targets("reason|name|email", &[&[reason, "Ann", "ann@example.org"]], &fields)
    };
    assert_eq!(found("line 3: the name is missing"), "-|name|email");
    assert_eq!(found("moved"), "custom:why|name|email");
}

#[rstest]
#[case("zzz", &["ann@example.org", "bob@example.org"], "email")]
#[case("Contact", &["ann@example.org", "", "bob@example.org"], "email")]
#[case("Contact", &["+1 202 555 0101", "555-0102"], "phone")]
#[case("Contact", &["Ann Lee", "Bob Roe"], "name")]
#[case("☎ Contact", &["555-0102"], "phone")]
#[case("Email / Phone", &["ann@example.org / 5550101"], "email")]
#[case("Email", &["not an address"], "email")]
#[case("Email", &["true", "false"], "-")]
#[case("Email", &["3", "0"], "-")]
#[case("Contact owner", &["ann@example.org"], "-")]
#[case("Password", &["ann@example.org"], "-")]
#[case("Phone", &["iOS", "Android"], "-")]
#[case("Phone", &["yes", "no"], "-")]
#[case("Mobile", &["2024-01-31"], "-")]
#[case("Name", &["12", "13"], "-")]
#[case("Tags", &["true"], "-")]
#[case("Email ID", &["ann@example.org"], "email")]
fn values_change_suggestions(
    #[case] header: &str,
    #[case] values: &[&str],
    #[case] expected: &str,
) {
    let samples: Vec<&[&str]> = values.chunks(1).collect();
    assert_eq!(targets(header, &samples, &[]), expected);
}

#[rstest]
#[case("Email|Primary email", "-|email")]
#[case("Email 2|Email 1", "other_emails|email")]
#[case("Home email|Email", "-|email")]
#[case("Company email|Email", "-|email")]
#[case("Phone|Mobile|Home phone|Fax", "-|phone|-|-")]
#[case("Name|Name", "name|-")]
#[case("Tags|Labels|Etiketten|Tags", "tags|-|tags|tags")]
#[case("Groups|Labels", "tags|-")]
fn two_columns_never_get_the_same_target_except_tags(#[case] header: &str, #[case] expected: &str) {
    assert_eq!(targets(header, &[], &[]), expected);
}

#[rstest]
#[case("Home email|Work email", "email|other_emails")]
#[case("Work Email|Other Email Address", "email|other_emails")]
#[case("Email|Personal email", "email|other_emails")]
#[case("Email|Assistant email", "email|-")]
#[case("Email|Company email", "email|-")]
#[case("Email|Reply-To Email", "email|-")]
fn addresses_of_other_places_are_further_addresses(#[case] header: &str, #[case] expected: &str) {
    let samples: [&[&str]; 2] =
        [&["a@example.org", "b@example.org"], &["c@example.org", "d@x.org"]];
    assert_eq!(targets(header, &samples, &[]), expected);
}

#[test]
fn the_day_since_when_a_person_is_known_goes_to_its_field() {
    let field = |kind| Field::new("first_seen", "Known since", kind, 0).unwrap();
    let found = |kind| targets("Email|Signed up (UTC)|First Seen (UTC)", &[], &[field(kind)]);
    assert_eq!(found(FieldType::Date), "email|-|custom:first_seen");
    assert_eq!(
        targets("Email|Date Added", &[], &[field(FieldType::Date)]),
        "email|custom:first_seen"
    );
    assert_eq!(targets("Email|Date Added", &[], &[field(FieldType::Text)]), "email|-");
}

#[test]
fn a_filled_column_is_better_than_an_empty_one() {
    assert_eq!(targets("Mobile|Phone", &[&["", "+1 202 555 0101"]], &[]), "-|phone");
}

#[rstest]
#[case("Nom|Email", &[&["Ann Lee", "a@example.org"] as &[&str]], "name|email")]
#[case("Nom", &[], "last")]
#[case("Nom|Prénom", &[], "last|first")]
#[case("Nombre|Apellidos", &[], "first|last")]
#[case("Nombre", &[], "first")]
#[case("Имя|Телефон", &[], "name|phone")]
#[case("Name|Vorname", &[&["Lee", "Ann"] as &[&str]], "last|first")]
#[case("Name|Surname", &[&["Ann", "Lee"] as &[&str]], "first|last")]
#[case("Name|Surname", &[&["Ann Lee", "Lee"] as &[&str]], "name|last")]
#[case("Name|First name|Last name", &[], "name|first|last")]
#[case("first|last", &[], "first|last")]
#[case("first|value", &[], "-|-")]
fn a_plain_name_is_the_part_that_other_columns_lack(
    #[case] header: &str,
    #[case] samples: &[&[&str]],
    #[case] expected: &str,
) {
    assert_eq!(targets(header, samples, &[]), expected);
}

#[rstest]
#[case("Assistant's phone", "phone")]
#[case("Email|Assistant's phone", "email|-")]
#[case("Company email|Name", "email|name")]
fn columns_about_others_are_used_when_there_is_nothing_better(
    #[case] header: &str,
    #[case] expected: &str,
) {
    assert_eq!(targets(header, &[], &[]), expected);
}

#[test]
fn the_fields_of_the_organisation_are_found_by_key_and_by_label() {
    let field = |key: &str, label: &str| Field::new(key, label, FieldType::Text, 0).unwrap();
    let mut hidden = field("shoe_size", "Shoe size");
    hidden.archived = true;
    let fields = [
        field("plan_tier", "Plan"),
        field("favourite", "Lieblingsfarbe"),
        field("cohort", "Group"),
        hidden,
    ];
    assert_eq!(
        targets("Email|Plan Tier|LIEBLINGSFARBE|Group|Shoe size", &[], &fields),
        "email|custom:plan_tier|custom:favourite|custom:cohort|-"
    );
    assert_eq!(targets("Lieblings-Frabe", &[], &fields), "custom:favourite");
}

#[test]
fn a_file_without_columns_gets_no_suggestions() {
    assert_eq!(suggest(&[], &[], &[]), []);
    assert_eq!(targets("a|b", &[&[], &["1", "2", "3"]], &[]), "-|-");
}

proptest::proptest! {
    #[test]
    fn no_header_makes_it_panic(header in proptest::collection::vec("\\PC{0,20}", 0..6)) {
        proptest::prop_assert_eq!(suggest(&header, &[], &[]).len(), header.len());
    }
}
