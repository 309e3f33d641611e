//! Encodings of files: those of browsers, and code pages of DOS.

use encoding_rs::{Encoding, UTF_8};

/// An encoding of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TextEncoding {
    /// An encoding that browsers read.
    Web(&'static Encoding),
    /// A code page of DOS, in which Excel writes "CSV (MS-DOS)".
    Dos(&'static CodePage),
}

/// An encoding of one byte for each character, of which the lower half is ASCII.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct CodePage {
    name: &'static str,
    /// The characters of the bytes from 128 to 255.
    upper_half: &'static str,
}

/// Western Europe. It has all letters of the code page 437 of the United States, at the same places.
pub(crate) static CODE_PAGE_850: CodePage = CodePage {
    name: "ibm850",
    upper_half: "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜø£Ø×ƒáíóúñÑªº¿®¬½¼¡«»░▒▓│┤ÁÂÀ©╣║╗╝¢¥┐└┴┬├─┼ãÃ╚╔╩╦╠═╬¤ðÐÊËÈıÍÎ\
                 Ï┘┌█▄¦Ì▀ÓßÔÒõÕµþÞÚÛÙýÝ¯´\u{ad}±‗¾¶§÷¸°¨·¹³²■\u{a0}",
};

/// Central Europe.
pub(crate) static CODE_PAGE_852: CodePage = CodePage {
    name: "ibm852",
    upper_half: "ÇüéâäůćçłëŐőîŹÄĆÉĹĺôöĽľŚśÖÜŤťŁ×čáíóúĄąŽžĘę¬źČş«»░▒▓│┤ÁÂĚŞ╣║╗╝Żż┐└┴┬├─┼Ăă╚╔╩╦╠═╬¤đĐĎËďŇÍÎ\
                 ě┘┌█▄ŢŮ▀ÓßÔŃńňŠšŔÚŕŰýÝţ´\u{ad}˝˛ˇ˘§÷¸°¨˙űŘř■\u{a0}",
};

impl TextEncoding {
    /// The encoding of a name; UTF-8 for an unknown one.
    pub(crate) fn for_name(name: &str) -> Self {
        Self::find(name).unwrap_or(Self::Web(UTF_8))
    }

    /// Finds the encoding of a name: a label of the WHATWG, or the name or number of a code page of
    /// DOS.
    pub(crate) fn find(name: &str) -> Option<Self> {
        let name = name.trim().to_ascii_lowercase();
        let number = name.trim_start_matches("ibm").trim_start_matches("cp");
        let dos = [&CODE_PAGE_850, &CODE_PAGE_852].into_iter();
        match dos.into_iter().find(|page| page.name.trim_start_matches("ibm") == number) {
            Some(page) => Some(Self::Dos(page)),
            None => Encoding::for_label_no_replacement(name.as_bytes()).map(Self::Web),
        }
    }

    /// The name in lower case.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Web(encoding) => encoding.name().to_ascii_lowercase(),
            Self::Dos(page) => page.name.to_owned(),
        }
    }
}

impl CodePage {
    /// The characters of the bytes from 128 to 255.
    pub(crate) fn upper_half(&self) -> Vec<char> {
        self.upper_half.chars().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_page_has_128_characters_beyond_ascii() {
        for page in [&CODE_PAGE_850, &CODE_PAGE_852] {
            assert_eq!(page.upper_half().len(), 128, "{}", page.name);
        }
    }

    #[test]
    fn an_encoding_is_found_by_its_name() {
        for name in ["utf-8", "macintosh", "ibm866", "ibm850", "ibm852"] {
            assert_eq!(TextEncoding::for_name(name).name(), name);
        }
        assert_eq!(TextEncoding::for_name("unknown"), TextEncoding::Web(UTF_8));
        assert_eq!(TextEncoding::find("unknown"), None);
        assert_eq!(TextEncoding::find("iso-2022-kr"), None, "it cannot be decoded safely");
        for (label, name) in [
            ("CP850", "ibm850"),
            (" 852 ", "ibm852"),
            ("Latin1", "windows-1252"),
            ("mac", "macintosh"),
        ] {
            assert_eq!(TextEncoding::find(label).unwrap().name(), name);
        }
    }
}
