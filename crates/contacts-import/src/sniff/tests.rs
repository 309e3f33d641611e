use std::io::Cursor;

use contacts_core::import::Spreadsheets;
use encoding_rs::Encoding;
use encoding_rs::{
    BIG5, EUC_KR, GBK, ISO_2022_JP, SHIFT_JIS, WINDOWS_1250, WINDOWS_1251, WINDOWS_1252,
};
use rstest::rstest;

use super::*;
use crate::TableFiles;

fn layout(text: impl AsRef<[u8]>) -> Layout {
    inspect(text.as_ref(), true, &LayoutChoice::default()).unwrap().layout
}

fn text_format(layout: &Layout) -> &TextFormat {
    match &layout.format {
        Format::Text(format) => format,
        Format::Sheet(_) => panic!("the file is text"),
    }
}

fn format_of(text: impl AsRef<[u8]>) -> TextFormat {
    text_format(&layout(text)).clone()
}

fn problem(text: impl AsRef<[u8]>) -> TableProblem {
    inspect(text.as_ref(), true, &LayoutChoice::default()).unwrap_err()
}

fn utf_16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(bytes).collect()
}

#[rstest]
#[case(WINDOWS_1252, "name,email\nJörg Müßig,joerg@example.org\nRené Lefèvre,rene@example.org\n")]
#[case(WINDOWS_1250, "jméno,email\nŘehoř Žížala,r@example.org\nŠtěpán Čapek,s@example.org\n")]
#[case(WINDOWS_1251, "Имя,Почта\nИван Петров,ivan@example.org\nОльга Смирнова,olga@example.org\n")]
#[case(SHIFT_JIS, "氏名,メールアドレス\n山田太郎,taro@example.jp\n鈴木花子,hanako@example.jp\n")]
#[case(ISO_2022_JP, "氏名,メールアドレス\n山田太郎,taro@example.jp\n")]
#[case(GBK, "姓名,邮箱,电话\n张伟,zhang@example.cn,13800000000\n李娜和她的朋友,li@example.cn,\n")]
#[case(BIG5, "姓名,電子郵件\n陳小明,chen@example.tw\n林美麗與她的朋友們,lin@example.tw\n")]
#[case(EUC_KR, "이름,이메일\n김민준,kim@example.kr\n이서연과 친구들,lee@example.kr\n")]
fn legacy_encodings_are_recognised(#[case] encoding: &'static Encoding, #[case] text: &str) {
    let found = inspect(&encoding.encode(text).0, true, &LayoutChoice::default()).unwrap();
    assert_eq!(text_format(&found.layout).encoding, encoding.name().to_ascii_lowercase());
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(found.layout.header, rows[0]);
    assert_eq!(found.samples, rows[1..]);
}

#[rstest]
#[case("name,email\nJörg,j@example.org\n")]
#[case("\u{feff}name,email\nJörg,j@example.org\n")]
fn utf_8_is_read_with_and_without_a_byte_order_mark(#[case] text: &str) {
    let layout = layout(text);
    assert_eq!(
        (text_format(&layout).encoding.as_str(), &layout.header[..]),
        ("utf-8", &["name".into(), "email".into()][..])
    );
}

#[rstest]
#[case("\u{feff}name\temail\nJörg\tj@example.org\n")]
#[case("name\temail\nJörg\tj@example.org\n")]
#[case("姓名,邮箱\n张伟和他的朋友,张伟和他的朋友张伟和他的朋友\n")]
fn utf_16_is_read_in_both_byte_orders_with_and_without_a_mark(#[case] text: &str) {
    assert_eq!(format_of(utf_16(text, u16::to_le_bytes)).encoding, "utf-16le");
    let found = layout(utf_16(text, u16::to_be_bytes));
    assert_eq!(text_format(&found).encoding, "utf-16be");
    assert_eq!(found.header.len(), 2);
}

#[test]
fn a_head_that_ends_within_a_character_is_still_utf_8() {
    let text = "name,email\nAnn,a@example.org\nJörg".as_bytes();
    let cut_off = &text[..text.len() - 3];
    assert_eq!(
        text_format(&inspect(cut_off, false, &LayoutChoice::default()).unwrap().layout).encoding,
        "utf-8"
    );
}

#[test]
fn a_damaged_byte_does_not_change_the_encoding() {
    let text = [&"name\nÄnne Größe\nŁukasz Żółć\n".as_bytes().repeat(3)[..], b"J\xf6rg\n"].concat();
    assert_eq!(format_of(text).encoding, "utf-8");
}

#[rstest]
#[case("name,email,tags\nAnn,a@example.org,\"x,y\"\nBob,b@example.org,x;y\n", ',')]
#[case("name;email;tags\nAnn;a@example.org;x,y\nBob;b@example.org;x,y\n", ';')]
#[case("name\temail\nLee, Ann\ta@example.org\nRoe, Bob\tb@example.org\n", '\t')]
#[case("name|email\nLee, Ann|a@example.org\n", '|')]
#[case("name;price\nAnn;1,5\nBob;2,5\nCat;3,5\n", ';')]
#[case("name;email\n\"a,b,c\";a@example.org\n", ';')]
#[case("name,email,note\nAnn\nBob,b@example.org,hi\n", ',')]
#[case("name\nAnn\nBob\n", ',')]
#[case("login;name;email;\nann;Ann;a@example.org\n", ';')]
fn the_delimiter_is_the_one_that_splits_evenly(#[case] text: &str, #[case] expected: char) {
    assert_eq!(format_of(text).delimiter, expected);
}

#[rstest]
#[case("sep=;\nname;email\n", ';')]
#[case("SEP=|\r\nname|email\r\n", '|')]
#[case("\u{feff}sep=\t\nname\temail\n", '\t')]
#[case("\"sep=;\"\nname;email\n", ';')]
#[case("sep=,\nname,email\n", ',')]
fn a_sep_line_declares_the_delimiter(#[case] text: &str, #[case] expected: char) {
    let layout = layout(text);
    assert_eq!((text_format(&layout).delimiter, layout.header_line), (expected, 2));
    assert_eq!(layout.header, ["name", "email"]);
}

#[rstest]
#[case("name,email\nAnn,a@example.org\n", 1)]
#[case("\r\n\r\nname,email\r\nAnn,a@example.org\r\n", 3)]
#[case(",,\nname,email,phone\nAnn,a@example.org,\n", 2)]
#[case(
    "Notes:\n\"A long text, quoted,\nin two lines\"\n\nFirst Name,Last Name,URL,Email\nAnn,Lee,,a@example.org\n",
    5
)]
#[case(
    "Exported by us,2024-01-01,,,,\nname,email,phone,city,country,zip\nAnn,a@example.org,,,,\n",
    2
)]
#[case("Exported by us,,,\nname,email,phone,city\nAnn,a@example.org,,\n", 2)]
fn the_header_is_found_below_preambles_and_empty_lines(#[case] text: &str, #[case] line: u64) {
    let layout = layout(text);
    assert_eq!(layout.header_line, line);
    assert!(layout.header.iter().any(|name| name.starts_with("Email") || name == "email"));
}

#[test]
fn header_names_are_trimmed_and_may_be_empty_or_repeated() {
    assert_eq!(
        layout("name, email ,name,\nA,a@example.org,B,\n").header,
        ["name", "email", "name", ""]
    );
}

#[rstest]
#[case("Ann,ann@example.org\nBob,bob@example.org\n")]
#[case("ann@example.org\nbob@example.org\n")]
#[case("Ann Lee <ann@example.org>\nBob Roe <bob@example.org>\n")]
#[case("\"Ann Lee\" <ann@example.org>;\"Bob Roe\" <bob@example.org>\n")]
#[case("Ann Lee (ann@example.org)\nBob Roe (bob@example.org)\n")]
#[case("Ann Lee,Ann <ann@example.org>\nBob Roe,Bob <bob@example.org>\n")]
#[case("Ann Lee,+1 202 555 0101\nBob Roe,+1 202 555 0102\n")]
#[case("1,2024-01-01,5.5\n2,2024-01-02,6.5\n")]
#[case("name,\"email\nAnn\n")]
fn a_first_row_of_data_is_not_a_header(#[case] text: &str) {
    assert_eq!(problem(text), TableProblem::NoHeader);
}

#[rstest]
#[case("")]
#[case("\u{feff}")]
#[case(" \r\n\r\n")]
fn a_file_without_text_is_empty(#[case] text: &str) {
    assert_eq!(problem(text), TableProblem::Empty);
}

#[rstest]
#[case(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "a PNG picture")]
#[case(b"\xff\xd8\xff\xe0\0\x10JFIF", "a JPEG picture")]
#[case(b"GIF89a\x01\0", "a GIF picture")]
#[case(b"%PDF-1.7\n", "a PDF document")]
#[case(b"PAR1\x15\0", "a Parquet file")]
#[case(b"SQLite format 3\0", "an SQLite database")]
#[case(b"\0\0\0\x20ftypheic", "a picture or film")]
#[case(b"<!DOCTYPE html><html>", "a web page")]
#[case(b"[{\"name\":\"Ann\"}]", "JSON")]
#[case(b"BEGIN:VCARD\r\nVERSION:3.0\r\n", "a vCard file")]
#[case(b"\x01\x02\x03\x04\x05\x06\x07\x08\x0e\x0f\x10\x11\x12", "binary data")]
fn files_that_are_not_text_are_named(#[case] bytes: &[u8], #[case] kind: &'static str) {
    assert_eq!(problem(bytes), TableProblem::NotTable(kind));
}

#[test]
fn a_few_nuls_are_text() {
    assert_eq!(
        format_of(b"name,email\nA\0nn,a@example.org\nBob,b\0@example.org\n").encoding,
        "utf-8"
    );
}

#[test]
fn too_many_columns_are_counted_and_empty_ones_are_not() {
    let header =
        |columns: usize| (0..columns).map(|n| format!("c{n}")).collect::<Vec<_>>().join(",");
    assert_eq!(layout(header(2_000)).header.len(), 2_000);
    assert_eq!(problem(header(2_001)), TableProblem::TooManyColumns(2_001));
    assert_eq!(layout(format!("name,email{}\n", ",".repeat(16_000))).header, ["name", "email"]);
    assert!(
        matches!(problem(header(400_000)), TableProblem::TooManyColumns(columns) if columns > 100_000)
    );
}

#[test]
fn the_first_rows_are_shown() {
    let text = format!("name,email\n{}", "Ann,a@example.org\n".repeat(50));
    assert_eq!(
        inspect(text.as_bytes(), true, &LayoutChoice::default()).unwrap().samples.len(),
        Inspection::SAMPLES
    );
}

#[test]
fn a_last_row_that_is_cut_off_is_not_shown() {
    let found =
        inspect(b"name,email\nAnn,a@example.org\nBob,b@exa", false, &LayoutChoice::default())
            .unwrap();
    assert_eq!(found.samples, [["Ann", "a@example.org"]]);
    let found =
        inspect(b"name,note\nAnn,hi\nBob,\"goes\non", false, &LayoutChoice::default()).unwrap();
    assert_eq!(found.samples, [["Ann", "hi"]]);
}

#[test]
fn an_unreadable_row_does_not_hide_the_rest() {
    let found = inspect(
        b"name,email\nAnn,\"a@example.org\nBob,b@example.org\n",
        true,
        &LayoutChoice::default(),
    )
    .unwrap();
    assert_eq!(found.samples, [["Bob", "b@example.org"]]);
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300)) {
        for whole in [true, false] {
            if let Ok(found) = inspect(&bytes, whole, &LayoutChoice::default()) {
                let source = std::io::Cursor::new(bytes.clone());
                let format = text_format(&found.layout);
                for row in crate::records::rows(source, format, &found.layout) {
                    proptest::prop_assert!(row.unwrap().line > found.layout.header_line);
                }
            }
        }
    }
}

#[test]
fn characters_late_in_the_file_determine_the_encoding() {
    let mut file = b"name,email\n".to_vec();
    while file.len() < 3 << 20 {
        file.extend_from_slice(b"Ann Lee,ann@example.org\n");
    }
    file.extend_from_slice(b"J\xf6rg M\xfcller,joerg@example.org\n");
    let (head, whole) = read_head(&mut &file[..]).unwrap();
    assert!(!whole && head.len() < file.len());
    assert_eq!(
        text_format(&inspect(&head, whole, &LayoutChoice::default()).unwrap().layout).encoding,
        "windows-1252"
    );
}

#[test]
fn a_file_of_exactly_the_examined_size_is_read_to_its_end() {
    let mut file = b"name,email\nAnn,a@example.org\nBob,".to_vec();
    file.resize(MAX_HEAD_BYTES - 1, b'b');
    file.push(b'\n');
    assert_eq!(file.len(), MAX_HEAD_BYTES);
    assert_eq!(inspect(&file, true, &LayoutChoice::default()).unwrap().samples.len(), 2);
    // One byte more, and the last row may be cut off.
    file.insert(file.len() - 1, b'b');
    assert_eq!(
        inspect(&file, true, &LayoutChoice::default()).unwrap().samples,
        [["Ann", "a@example.org"]]
    );
}

#[rstest]
#[case("sep=;,\nname;email\n", ';')]
#[case("sep=\t;\nname\temail\n", '\t')]
fn delimiters_after_a_sep_line_are_ignored(#[case] text: &str, #[case] expected: char) {
    assert_eq!(format_of(text).delimiter, expected);
}

#[test]
fn the_header_is_searched_in_the_first_twenty_rows() {
    let file = |preamble: usize| {
        let line = |n: usize| format!("Note {n},,,\n");
        let notes: String = (0..preamble).map(line).collect();
        notes + "name,email,phone,city\nAnn,a@example.org,+1 202 555 0101,Ulm\n"
    };
    assert_eq!(layout(file(19)).header_line, 20);
    assert_eq!(layout(file(20)).header_line, 1);
}

#[rstest]
#[case("\"email\", \"name\"\n\"a@x.org\", \"Lo, Ada\"\n", Quoting::AfterSpaces, &["a@x.org", "Lo, Ada"])]
#[case("n, m\nAda, \"a;b\"\n", Quoting::AfterSpaces, &["Ada", "a;b"])]
#[case("Name; \"Mail\"\nAda; \"a;b\"\nBen; \"\"\n", Quoting::AfterSpaces, &["Ada", "a;b"])]
#[case("n,m\n\"Ben \\\"Bo\\\" Ro, Sr\",b@x.org\n", Quoting::Backslash, &["Ben \"Bo\" Ro, Sr", "b@x.org"])]
#[case("\"Name,Email\"\n\"\"\"Lo, Ada\"\",a@x.org\"\n", Quoting::WholeLines, &["Lo, Ada", "a@x.org"])]
#[case("\"a\",\"b\"\n\"c\",\"d \"\"e\"\"\"\n", Quoting::Standard, &["c", "d \"e\""])]
#[case("a,b\n\"C:\\dir\\\",\"d\"\n\"e\",\"f\"\n", Quoting::Standard, &["C:\\dir\\", "d"])]
#[case("name,email\n'Lo, Ada',a@x.org\nO'Neil,b@x.org\n", Quoting::Apostrophes, &["Lo, Ada", "a@x.org"])]
#[case("name,email\n'Ada,a@x.org\nBen,b@x.org,\n", Quoting::Standard, &["'Ada", "a@x.org"])]
#[case("a,b\nc, say \"hi\"\n", Quoting::Standard, &["c", " say \"hi\""])]
fn the_way_of_quoting_that_fits_all_rows_is_found(
    #[case] text: &str,
    #[case] quoting: Quoting,
    #[case] first: &[&str],
) {
    let found = inspect(text.as_bytes(), true, &LayoutChoice::default()).unwrap();
    assert_eq!(
        (text_format(&found.layout).quoting, &found.samples[0][..]),
        (quoting, &*strings(first))
    );
    let source = std::io::Cursor::new(text.to_owned());
    let format = text_format(&found.layout);
    let mut rows = crate::records::rows(source, format, &found.layout);
    assert_eq!(rows.next().unwrap().unwrap().cells, Ok(strings(first)));
}

fn strings(cells: &[&str]) -> Vec<String> {
    cells.iter().map(|&cell| cell.to_owned()).collect()
}

#[test]
fn in_a_report_of_several_tables_the_header_is_that_of_the_contacts() {
    let text = "Report,\nGenerated:,2024-03-04\nTopic,Room,Start,Minutes\nPrices,8,10:00,61\n\
                Hosts,\nAttended,Email,Joined\nYes,host@example.org,10:00\n\
                Guests,\nAttended,First Name,Last Name,Email\nYes,Ann,Lee,ann@example.org\n\
                No,Bo,Ro,bo@example.org\n";
    let found = layout(text);
    assert_eq!(found.header, ["Attended", "First Name", "Last Name", "Email"]);
    assert_eq!(found.header_line, 9);
}

#[rstest]
#[case("name,email\n1,Ann,a@x.org\n2,Bo,b@x.org\n", &["", "name", "email"])]
#[case("name,email\n1,Ann,a@x.org\n1,Bo,b@x.org\n", &["name", "email"])]
#[case("phone,email\n1,a@x.org,\n2,b@x.org,\n", &["phone", "email"])]
#[case("name,email\nAnn,a@x.org,5\nBo,b@x.org,6\n", &["name", "email"])]
#[case("name,email\n1,Ann,a@x.org\nBo,b@x.org\n", &["name", "email"])]
fn row_numbers_without_a_name_in_the_header_are_a_column(
    #[case] text: &str,
    #[case] header: &[&str],
) {
    assert_eq!(layout(text).header, header);
}

fn chosen(text: impl AsRef<[u8]>, choice: &LayoutChoice) -> Result<Inspection, TableProblem> {
    inspect(text.as_ref(), true, choice)
}

#[test]
fn the_encoding_can_be_chosen() {
    let choice = |name: &str| LayoutChoice { encoding: Some(name.into()), ..Default::default() };
    let text = b"name,email\nJ\x9frgen,j@example.org\n";
    let mac = chosen(text, &choice("Mac")).unwrap();
    assert_eq!(text_format(&mac.layout).encoding, "macintosh");
    assert_eq!(mac.samples[0][0], "Jürgen");
    let unknown = TableProblem::UnknownEncoding("utf-9".to_owned());
    assert_eq!(chosen(text, &choice("utf-9")), Err(unknown));
}

#[test]
fn delimiter_and_quoting_can_be_chosen() {
    let choice =
        LayoutChoice { delimiter: Some('~'), quoting: Some(Quoting::Never), ..Default::default() };
    let found = chosen("name~email\n\"Ann~ann@example.org\n", &choice).unwrap();
    assert_eq!(text_format(&found.layout).delimiter, '~');
    assert_eq!(found.samples, [["\"Ann", "ann@example.org"]]);
    // A line that declares another delimiter is no row all the same.
    let choice = LayoutChoice { delimiter: Some(','), ..Default::default() };
    let found = chosen("sep=;\nname,email\nA;B,a@example.org\n", &choice).unwrap();
    assert_eq!((found.layout.header_line, &*found.samples[0][0]), (2, "A;B"));
}

#[test]
fn the_header_row_can_be_chosen() {
    let text = "List,2026\n\nName,Mail\nAnn,ann@example.org\n";
    let line = |line| {
        let header = Some(HeaderRow::Line(line));
        chosen(text, &LayoutChoice { header, ..Default::default() })
    };
    assert_eq!(line(1).unwrap().layout.header, ["List", "2026"]);
    assert_eq!(line(3).unwrap().layout.header, ["Name", "Mail"]);
    assert_eq!(line(4).unwrap().samples, Vec::<Vec<String>>::new());
    assert_eq!([line(2), line(5)], [2, 5].map(|line| Err(TableProblem::NoRow(line))));
}

#[test]
fn samples_are_read_as_rows_of_the_import() {
    let text = "name,email,tags\r\n\"Le.org,\"VI mple.org,\r\n";
    let found = chosen(text, &LayoutChoice::default()).unwrap();
    let rows = TableFiles.rows(Box::new(Cursor::new(text.as_bytes().to_vec())), &found.layout);
    let rows: Vec<_> = rows.map(|row| row.unwrap().cells.unwrap()).collect();
    assert_eq!(rows[0], ["\"Le.org", "\"VI mple.org", ""]);
    assert_eq!(found.samples, rows);
}

#[test]
fn a_header_may_have_an_address_as_an_example() {
    let text = "Name,\"E-mail (such as ann@example.org)\"\nAnn,ann@example.net\n";
    assert_eq!(layout(text).header, ["Name", "E-mail (such as ann@example.org)"]);
}

#[test]
fn without_a_header_all_rows_are_data() {
    let choice = LayoutChoice { header: Some(HeaderRow::Absent), ..Default::default() };
    let text = "ann@example.org,Ann\nbo@example.org,Bo,x\n";
    assert_eq!(problem(text), TableProblem::NoHeader);
    let found = chosen(text, &choice).unwrap();
    assert_eq!(found.layout.header, ["A", "B", "C"]);
    assert_eq!((found.layout.has_header, found.layout.header_line), (false, 1));
    assert_eq!(found.samples[0], ["ann@example.org", "Ann"]);
    assert_eq!(found.samples.len(), 2);
}

#[test]
fn the_first_rows_are_shown_of_files_that_cannot_be_imported() {
    let shown = |text: &str| outline(text.as_bytes(), true, &LayoutChoice::default());
    let found = shown("ann@example.org;Ann\n");
    assert_eq!(found.rows, [(1, vec!["ann@example.org".to_owned(), "Ann".to_owned()])]);
    let Some(Format::Text(format)) = found.format else { panic!("the file is text") };
    assert_eq!(format.delimiter, ';');
    for text in ["", "%PDF-1.7 etc"] {
        assert_eq!(shown(text), Outline::default());
    }
}
