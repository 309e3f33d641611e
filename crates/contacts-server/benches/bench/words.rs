//! The words of which names and addresses consist.

/// Names of one language, common ones first.
pub(crate) struct Language {
    /// Percentage of people with such names.
    pub(crate) share: usize,
    /// Given names.
    pub(crate) given: &'static str,
    /// Family names.
    pub(crate) family: &'static str,
    /// Whether the family name comes first, without a space.
    pub(crate) joined: bool,
}

const fn language(share: usize, given: &'static str, family: &'static str) -> Language {
    Language { share, given, family, joined: false }
}

/// The languages. Their shares add up to one hundred.
pub(crate) const LANGUAGES: &[Language] = &[
    language(
        28,
        "John Mary James Linda Robert Susan Michael Karen David Emily William Sarah Thomas Grace Daniel Olivia Ethan Chloe Liam Zoe Aaron Naomi Joel Joan",
        "Smith Johnson Williams Brown Jones Miller Davis Wilson Anderson Taylor Moore Jackson Martin Lee Thompson White Harris Clark Lewis Walker O'Brien McDonald Hughes Wright",
    ),
    language(
        14,
        "María José Carmen Antonio Ana Manuel Lucía Francisco Isabel Juan Sofía Javier Inés Álvaro Begoña Íñigo Nuria Joaquín Concepción Andrés",
        "García Rodríguez González Fernández López Martínez Sánchez Pérez Gómez Martín Jiménez Ruiz Hernández Díaz Álvarez Muñoz Núñez Ibáñez",
    ),
    language(
        11,
        "Anna Jürgen Sabine Wolfgang Jörg Käthe Günther Heike Björn Lena Maximilian Sören Ulrike Franziska Bärbel Matthias Anke Lukas",
        "Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Köhler Krüger Weiß Großmann Jäger Voß Löwe",
    ),
    language(
        8,
        "Jean Marie Pierre Camille François Hélène Zoé Benoît Chloé Jérôme Maëlle Anaïs Théo Gaëtan Noémie",
        "Martin Bernard Dubois Thomas Robert Petit Durand Leroy Moreau Lefèvre Mercier Guérin Bélanger Côté Françoise",
    ),
    language(
        6,
        "João Ana Luís Beatriz Tiago Inês Gonçalo Conceição Simão Letícia",
        "Silva Santos Ferreira Pereira Oliveira Costa Araújo Gonçalves Simões Conceição Magalhães",
    ),
    language(
        5,
        "Łukasz Agnieszka Paweł Małgorzata Wojciech Katarzyna Krzysztof Żaneta Michał Grażyna",
        "Nowak Kowalski Wiśniewska Wójcik Kowalczyk Zieliński Szymańska Woźniak Dąbrowski Kozłowska",
    ),
    language(
        6,
        "Мария Александр Елена Дмитрий Ольга Сергей Наталья Андрей Татьяна Алёна Фёдор Юлия",
        "Иванова Смирнов Кузнецова Попов Васильева Петров Соколова Михайлов Новикова Фёдоров",
    ),
    language(
        4,
        "Ayşe Mehmet Fatma Mustafa Zeynep İbrahim Elif Çağlar Özgür Şule",
        "Yılmaz Kaya Demir Şahin Çelik Yıldız Öztürk Aydın Doğan Işık",
    ),
    language(
        3,
        "Nguyễn Trần Lê Phạm Hoàng Huỳnh Võ Đặng",
        "Văn An|Thị Hương|Minh Đức|Thu Hà|Quốc Bảo|Ngọc Ánh",
    ),
    language(
        3,
        "محمد فاطمة أحمد عائشة علي خديجة عمر مريم يوسف زينب",
        "العلي حسن إبراهيم السيد الخطيب منصور الشريف عثمان",
    ),
    language(
        2,
        "Γιώργος Μαρία Νίκος Ελένη Δημήτρης Αικατερίνη",
        "Παπαδόπουλος Γεωργίου Ιωάννου Νικολάου Οικονόμου",
    ),
    language(2, "आरव प्रिया राहुल अनन्या विकास दीपिका", "शर्मा वर्मा सिंह गुप्ता पटेल"),
    Language {
        share: 5,
        given: "伟 芳 娜 敏 静 秀英 丽 强 磊 洋 艳 勇 军 杰 建国",
        family: "王 李 张 刘 陈 杨 赵 黄 周 吴",
        joined: true,
    },
    Language {
        share: 2,
        given: "太郎 花子 翔太 さくら 健一 美咲 大輔 ゆうこ",
        family: "佐藤 鈴木 高橋 田中 伊藤 渡辺 山本 中村",
        joined: true,
    },
    Language {
        share: 1,
        given: "민준 서연 지훈 수빈 하은 도윤",
        family: "김 이 박 최 정 강",
        joined: true,
    },
];

/// Syllables for family names, companies and mailboxes, where no list is long enough.
pub(crate) const SYLLABLES: [&[&str]; 3] = [
    &[
        "kar", "bel", "mor", "ven", "hal", "ros", "tam", "lin", "gra", "ster", "cor", "dal", "fen",
        "pol", "wid", "bran", "tor", "sil", "mar", "nor",
    ],
    &["a", "e", "i", "o", "en", "er", "in", "ov", "el", "an", "al", "or", "is", "um", "ek", "il"],
    &[
        "ski", "mann", "son", "berg", "ton", "ard", "ez", "ini", "ova", "sen", "dorf", "field",
        "ley", "ic", "aux", "opoulos", "wood", "ström",
    ],
];

/// Domains of most addresses, common ones first.
pub(crate) const DOMAINS: &[&str] = &[
    "gmail.com",
    "hotmail.com",
    "yahoo.com",
    "outlook.com",
    "icloud.com",
    "qq.com",
    "web.de",
    "gmx.de",
    "orange.fr",
    "mail.ru",
    "yandex.ru",
    "163.com",
    "libero.it",
    "wp.pl",
    "uol.com.br",
    "naver.com",
    "btinternet.com",
    "proton.me",
    "comcast.net",
    "t-online.de",
];

/// Top-level domains of companies.
pub(crate) const ENDINGS: &[&str] = &["com", "de", "co.uk", "io", "fr", "es", "nl", "org", "eu"];

/// Tags that people choose; numbered ones follow.
pub(crate) const TAGS: &[&str] = &[
    "newsletter",
    "customer",
    "lead",
    "VIP",
    "trial",
    "Trade Show 2025",
    "webinar",
    "churned",
    "partner",
    "beta",
    "événement",
    "Köln",
    "press",
    "wholesale",
    "referred",
    "do not call",
];

/// Number of tags in a large organisation.
pub(crate) const TAG_COUNT: usize = 200;

/// Places where people live, common ones first.
pub(crate) const CITIES: &[&str] = &[
    "London",
    "Madrid",
    "Berlin",
    "Paris",
    "New York",
    "São Paulo",
    "Warszawa",
    "Москва",
    "İstanbul",
    "Wien",
    "Zürich",
    "México, D.F.",
    "München",
    "Lisboa",
    "上海",
    "東京",
    "Αθήνα",
    "Bogotá",
    "Kraków",
    "Málaga",
    "Dublin",
    "Oslo",
    "Malmö",
    "서울",
];
