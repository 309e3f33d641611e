//! The words by which columns and cells say who wants no messages, as `header_key` folds them.

/// Parts of words, in headers and cells, for people who opted out.
pub(super) const OPTED_OUT: [&str; 39] = [
    "unsub",
    "optout",
    "optedout",
    "optingout",
    "blacklist",
    "blocklist",
    "suppress",
    // German, Dutch and the languages of the north.
    "abgemeldet",
    "abmeld",
    "ausgetragen",
    "widerspr",
    "afgemeld",
    "uitgeschreven",
    "afmeldt",
    "frameldt",
    "avmeldt",
    "avanmal",
    "avregistrer",
    "avprenumer",
    "peruut",
    // Romance languages.
    "desabon",
    "desinscri",
    "disiscri",
    "dadodebaja",
    "dadadebaja",
    "dezabon",
    // Slavic languages, Hungarian, Turkish and Greek.
    "wypisan",
    "odhlas",
    "отпис",
    "відпис",
    "leiratk",
    "abonelikten",
    "διαγρα",
    // East Asia.
    "退订",
    "退訂",
    "配信停止",
    "購読解除",
    "수신거부",
    "구독취소",
];

/// Parts of words, in headers, for people who agreed.
pub(super) const AGREED: [&str; 45] = [
    "optin",
    "optedin",
    "subscrib",
    "subscription",
    "newsletter",
    "consent",
    "marketingpermission",
    "acceptsmarketing",
    "acceptsemail",
    "marketingallowed",
    "emailallowed",
    "einwillig",
    "angemeldet",
    "zustimmung",
    "abonniert",
    "werbeerlaubnis",
    "nieuwsbrief",
    "toestemming",
    "ingeschreven",
    "prenumer",
    "samtyck",
    "samtykke",
    "tilmeldt",
    "pameldt",
    "suostumus",
    "abonne",
    "suscri",
    "iscritt",
    "iscrizione",
    "inscrito",
    "inscrita",
    "consimt",
    "abonat",
    "zgoda",
    "souhlas",
    "odber",
    "feliratk",
    "hozzajarul",
    "подпис",
    "соглас",
    "підпис",
    "订阅",
    "購読",
    "구독",
    "수신동의",
];

/// Parts of headers and cells that contain a negation and mean people who opted out.
pub(super) const OPTED_OUT_NEGATED: [&str; 8] = [
    "donotemail",
    "donotmail",
    "donotcontact",
    "donotsend",
    "dontemail",
    "dontmail",
    "dontcontact",
    "keinewerbung",
];

/// Whole words that negate what a header or a cell says.
pub(super) const NEGATIONS: [&str; 81] = [
    "no",
    "not",
    "non",
    "none",
    "never",
    "without",
    "dont",
    "doesnt",
    "didnt",
    "isnt",
    "wont",
    "cannot",
    "don",
    "doesn",
    "didn",
    "isn",
    "won",
    "kein",
    "keine",
    "keinen",
    "keiner",
    "keinem",
    "keinerlei",
    "nicht",
    "nie",
    "niemals",
    "ohne",
    "geen",
    "niet",
    "nooit",
    "zonder",
    "ingen",
    "inga",
    "inte",
    "ej",
    "aldrig",
    "aldri",
    "ikke",
    "utan",
    "uten",
    "uden",
    "ei",
    "ilman",
    "ne",
    "pas",
    "aucun",
    "aucune",
    "sans",
    "jamais",
    "sin",
    "nunca",
    "ningun",
    "ninguna",
    "nao",
    "sem",
    "nenhum",
    "nenhuma",
    "senza",
    "nessun",
    "nessuna",
    "nu",
    "fara",
    "bez",
    "zadny",
    "zadna",
    "nem",
    "nincs",
    "nelkul",
    "degil",
    "yok",
    "istemiyor",
    "не",
    "нет",
    "без",
    "никогда",
    "немає",
    "ні",
    "μη",
    "μην",
    "δεν",
    "χωρισ",
];

/// Parts of words for consent that has ended or was refused, in headers beside a word for consent,
/// and in cells.
pub(super) const ENDED: [&str; 101] = [
    "withdraw",
    "revok",
    "rescind",
    "cancel",
    "terminat",
    "stop",
    "exclu",
    "declin",
    "refus",
    "reject",
    "denied",
    "remov",
    "delet",
    "block",
    "disabl",
    "inactiv",
    "paus",
    "expir",
    "lapsed",
    "abbestell",
    "kundig",
    "beendet",
    "widerruf",
    "zuruckgezogen",
    "zuruckgenommen",
    "abgelehnt",
    "verweiger",
    "stornier",
    "gesperrt",
    "sperr",
    "inaktiv",
    "deaktiv",
    "ausgeschloss",
    "gelosch",
    "opgezegd",
    "ingetrokken",
    "geannuleerd",
    "beeindigd",
    "stopgezet",
    "geweiger",
    "verwijder",
    "avslut",
    "aterkall",
    "avbest",
    "afbest",
    "avbrut",
    "avsag",
    "opsig",
    "opsagt",
    "oppsagt",
    "trukket",
    "avvis",
    "afvis",
    "retir",
    "resili",
    "supprim",
    "anula",
    "anulo",
    "annul",
    "revoca",
    "renun",
    "rechaz",
    "elimin",
    "ritirat",
    "disdett",
    "rifiut",
    "rejeit",
    "rezygn",
    "wycofan",
    "cofni",
    "odwol",
    "zrus",
    "odvol",
    "lemond",
    "visszavon",
    "megszun",
    "iptal",
    "lopet",
    "отказ",
    "отмен",
    "отозв",
    "отзыв",
    "прекра",
    "скас",
    "відмов",
    "відклик",
    "припин",
    "διακο",
    "ακυρ",
    "ανακλ",
    "取消",
    "退",
    "停",
    "拒",
    "解除",
    "キャンセル",
    "취소",
    "거부",
    "해지",
    "해제",
    "deny",
];

/// Parts of words for a change of mind: with a word for an opt-out, the meaning is unclear.
pub(super) const REVOKED: [&str; 7] =
    ["revok", "withdraw", "rescind", "cancel", "widerruf", "zuruckgezogen", "zuruckgenommen"];

/// Whole words for the end of a period, which may be that of a paid subscription.
pub(super) const PERIOD_ENDS: [&str; 17] = [
    "end",
    "ends",
    "ended",
    "ending",
    "expire",
    "expires",
    "expired",
    "expiry",
    "expiration",
    "lapsed",
    "until",
    "ende",
    "ablauf",
    "fin",
    "vence",
    "vencimiento",
    "scadenza",
];

/// Whole words, in cells only, for people who want no messages.
pub(super) const DECLINED_WORDS: [&str; 2] = ["baja", "spam"];

/// Parts of words, in cells only, for people who want no messages.
pub(super) const DECLINED: [&str; 3] = ["cleaned", "bounced", "complain"];

/// Parts of words, in cells only, for people who want messages.
pub(super) const WANTED: [&str; 6] =
    ["subscribed", "optin", "optedin", "angemeldet", "transactional", "abonniert"];

/// Whole cells for people who want messages, or have not decided.
pub(super) const NOT_DECLINED: [&str; 7] =
    ["active", "aktiv", "agreed", "granted", "confirmed", "allowed", "pending"];

/// Parts of headers about the circumstances, not about who.
pub(super) const CIRCUMSTANCES: [&str; 9] =
    ["reason", "grund", "motiv", "campaign", "kampagne", "link", "url", "title", "comment"];

/// Whole words of headers about the circumstances, not about who.
pub(super) const CIRCUMSTANCE_WORDS: [&str; 12] =
    ["id", "ids", "uuid", "count", "number", "num", "nr", "anzahl", "ip", "token", "hash", "score"];

/// Parts of headers for messages other than email.
pub(super) const CHANNELS: [&str; 4] = ["whatsapp", "viber", "telegram", "textmessage"];

/// Whole words in headers for messages other than email.
pub(super) const CHANNEL_WORDS: [&str; 6] = ["sms", "mms", "rcs", "push", "fax", "mobile"];

/// Parts of headers whose cells may name the state of a subscription.
pub(super) const STATUS: [&str; 6] = ["status", "state", "estado", "stato", "statut", "durum"];

/// Whole cells that say yes, besides those that [`crate::yes_no::yes_or_no`] reads.
pub(super) const YES: [&str; 13] =
    ["ok", "jo", "joo", "o", "s", "правда", "对", "是的", "有", "有り", "あり", "済", "있음"];

/// Whole cells that say no, besides those that [`crate::yes_no::yes_or_no`] reads.
pub(super) const NO: [&str; 24] = [
    "neen",
    "usant",
    "hayir",
    "never",
    "none",
    "nothanks",
    "nothankyou",
    "jamais",
    "nunca",
    "nooit",
    "niemals",
    "aldrig",
    "aldri",
    "falsz",
    "yanlis",
    "不",
    "不是",
    "不要",
    "无",
    "無",
    "没有",
    "なし",
    "아니",
    "없음",
];

/// Whole cells that say nothing.
pub(super) const NOTHING: [&str; 4] = ["null", "nan", "na", "nil"];

/// Parts of words that negate them, in scripts without spaces between words.
pub(super) const NEGATION_PARTS: [&str; 6] = ["不", "未", "なし", "ない", "안함", "안받"];

/// Whole words that ask, with a word for no, for an answer: `Newsletter (yes/no)`.
pub(super) const ASKED: [&str; 14] =
    ["yes", "y", "ja", "j", "oui", "si", "sim", "tak", "ano", "igen", "evet", "да", "так", "true"];
