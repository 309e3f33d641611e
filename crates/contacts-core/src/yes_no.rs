//! Yes and no in the languages of people and of their spreadsheet programs.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::text;

/// Words for yes, and what Excel shows for TRUE, in any case and with or without accents.
const YES: &str = "\
    true t yes y 1 x on ✓ ✔ ✅ ☑ ○ ja j wahr waar oui vrai sí si verdadero sì vero sim verdadeiro cert \
    sand sandt sann sant já satt kyllä tosi tak prawda áno ano pravda igen igaz da adevărat да д \
    истина истинно так істина istina taip tiesa jā patiess jah tõene ναι αληθές αληθής evet doğru bai egia iva po \
    bəli հա այո კი ya benar có đúng oo ndiyo eh نعم صحيح بله درست ہاں כן אמת हाँ हां सत्य হ্যাঁ ஆம் \
    అవును हो ใช่ จริง 是 真 はい 예 네 참";

/// Words for no, and what Excel shows for FALSE.
const NO: &str = "\
    false f no n 0 off ✗ ✘ ❌ ☐ × nein falsch nee onwaar non faux falso não nao fals nej falsk falskt \
    nei usann ósatt ei epätosi nie fałsz ne nepravda nem hamis nu нет н ложь ні хибність не лъжа \
    neistina netiesa nē aplams väär όχι ψευδές ψευδής hayır yanlış ez gezurra le xeyr ոչ არა tidak \
    salah không sai hindi hapana لا خطأ خیر نادرست نہیں לא שקר नहीं असत्य না இல்லை కాదు नाही \
    ไม่ใช่ เท็จ 否 假 いいえ 偽 아니요 아니오 거짓";

/// Reads a yes or a no; `None` for any other text.
pub(crate) fn yes_or_no(text: &str) -> Option<bool> {
    static WORDS: LazyLock<HashMap<String, bool>> = LazyLock::new(|| {
        let words = [(YES, true), (NO, false)].into_iter();
        let words =
            words.flat_map(|(list, is_yes)| list.split_whitespace().map(move |w| (w, is_yes)));
        words.map(|(word, is_yes)| (text::fold(word), is_yes)).collect()
    });
    WORDS.get(text::fold(text::trim(text)).as_str()).copied()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("TRUE", Some(true))]
    #[case(" WAHR ", Some(true))]
    #[case("FAŁSZ", Some(false))]
    #[case("да", Some(true))]
    #[case("Нет", Some(false))]
    #[case("はい", Some(true))]
    #[case("sì", Some(true))]
    #[case("ИСТИНА", Some(true))]
    #[case("DOĞRU", Some(true))]
    #[case("hayır", Some(false))]
    #[case("ΨΕΥΔΗΣ", Some(false))]
    #[case("✓", Some(true))]
    #[case("x", Some(true))]
    #[case("não", Some(false))]
    #[case("perhaps", None)]
    #[case("2", None)]
    #[case("", None)]
    fn yes_and_no_are_read_in_many_languages(#[case] text: &str, #[case] expected: Option<bool>) {
        assert_eq!(yes_or_no(text), expected);
    }

    #[test]
    fn no_word_means_both() {
        let yes: Vec<String> = YES.split_whitespace().map(text::fold).collect();
        let both: Vec<&str> =
            NO.split_whitespace().filter(|word| yes.contains(&text::fold(word))).collect();
        assert_eq!(both, [""; 0]);
    }
}
