//! Words of languages beyond those of the most common exports: the official languages of Europe, and
//! the most spoken ones of Africa and Asia.

use super::Word;

/// Words as people write them, separated by spaces.
pub(super) const LANGUAGES: &[(Word, &str)] = &[
    (
        Word::Email,
        "elektronike epoçt poçt elektronikoa correu electrònic имейл имейли epošta pošta \
         elektronska электронная elektronická emailová mailová mailadresse epost eposti \
         netfang tölvupóstur ríomhphost epasts epasta paštas pašto epaštas elektroniku \
         elettroniku eпошта епошта електронска имејл пошта poștă electronică epoštni ելփոստ \
         էլփոստ փոստ ელფოსტა ფოსტა ኢሜይል ኢሜል",
    ),
    (
        Word::Phone,
        "telefoni telefonit telefonin тэлефон тэлефона telèfon telefona telefónne \
         telefoninumber símanúmer guthán ghutháin fón teileafón tālrunis tālruņa telefons telefonas \
         telefown telefonska telefonoa հեռախոս հեռախոսահամար ტელეფონი ტელეფონის ስልክ",
    ),
    (
        Word::Mobile,
        "celulari bjellur мабільны мобилен mòbil mobitel mobilni мобилни mobiil farsími póca \
         mobilais mobilusis mowbajl móbil mugikorra sakelekoa բջջային მობილური",
    ),
    (
        Word::NameOrFirst,
        "emri emër izena izen ainm isem vārds vardas meno імя анун անուն სახელი ስም",
    ),
    (Word::FirstName, "eesnimi fornafn eiginnafn céadainm virnumm"),
    (
        Word::LastName,
        "mbiemri mbiemër abizena abizenak deitura прозвішча cognom cognoms priezvisko \
         perekonnanimi perenimi apelidos eftirnafn kenninafn sloinne uzvārds pavardė \
         familljennumm kunjom priimek презиме prezime ազգանուն გვარი",
    ),
    (Word::Name, "numm numme"),
    (Word::FullName, "täisnimi kokonimi izenabizenak անունազգանուն"),
    (
        Word::Full,
        "plotë пълно ganzen complet fullt fulde iomlán sħiħ поўнае полное celo celé puno täis pilns լրիվ \
         სრული",
    ),
    (
        Word::Tags,
        "etiketa etiketat oznake oznaka ознаке ознаки етикети етикет etichetă etichete sildid \
         birkas žymos merki clibeanna etiketak тэгі",
    ),
    (
        Word::Number,
        "broj број številka číslo numeris numurs numru uimhir númer нумар համար ნომერი ቁጥር \
         numri",
    ),
    (
        Word::Address,
        "adresă adrese naslov aadress adreso adresas helbide helbidea seoladh indirizz heimilisfang",
    ),
    (Word::Filler, "i e in ir un agus tat il eta և და та ja"),
    (
        Word::Email,
        "surel emel imel baruapepe pepe ইমেইল ইমেল ઈમેલ ઇમેઇલ ઈમેઇલ ಇಮೇಲ್ ಮಿಂಚಂಚೆ मेल ईमेल \
         رایانامه پست الکترونیک الکترونیکی ਈਮੇਲ மின்னஞ்சல் ఇమెయిల్ ఈమెయిల్ อีเมล์ میل thư",
    ),
    (
        Word::Phone,
        "waya telepon telpon telp simu telepono ফোন টেলিফোন ફોન ಫೋನ್ ದೂರವಾಣಿ दूरध्वनी تلفن \
         ਫ਼ੋਨ ਫੋਨ தொலைபேசி போன் ఫోన్ เบอร์โทร โทร فون ٹیلیفون thoại sđt",
    ),
    (
        Word::Mobile,
        "ponsel hp bimbit mkononi rununu selpon মোবাইল મોબાઇલ મોબાઈલ ಮೊಬೈಲ್ मोबाईल भ्रमणध्वनी \
         موبایل همراه ਮੋਬਾਈਲ கைபேசி மொபைல் அலைபேசி మొబైల్ เบอร์มือถือ موبائل động",
    ),
    (Word::Name, "jeneng pangalan suna sunan নাম নামের નામ ಹೆಸರು नाव ਨਾਮ பெயர் పేరు نام"),
    (Word::LastName, "apelyido apelyedo পদবি পদবী উপাধি અટક ಉಪನಾಮ आडनाव कुलनाम सरनेम นามสกุล สกุล họ"),
    (Word::FullName, "hovaten hoten"),
    (
        Word::First,
        "depan pertama ngarep unang kwanza farko প্রথম પ્રથમ પહેલું ಮೊದಲ पहिले ਪਹਿਲਾ முதல் \
         మొదటి پہلا نخستین",
    ),
    (
        Word::Last,
        "familie belakang akhir keluarga mburi huling mwisho ukoo karshe শেষ છેલ્લું ಕೊನೆಯ शेवटचे \
         ਆਖਰੀ கடைசி చివరి ఇంటి آخری خاندانی خانوادگی",
    ),
    (Word::Middle, "đệm lót tengah gitna kati মধ্য મધ્ય मध्य நடு"),
    (
        Word::Full,
        "lengkap เต็ม penuh kamili buong cikakken পুরো সম্পূর্ণ પૂરું પૂર્ણ ಪೂರ್ಣ पूर्ण ਪੂਰਾ کامل \
         پورا முழு పూర్తి",
    ),
    (Word::Tags, "ট্যাগ برچسب برچسبها ٹیگ nhãn"),
    (
        Word::Number,
        "nomor nombor no nambari lambar numero নম্বর নাম্বার નંબર ಸಂಖ್ಯೆ क्रमांक ਨੰਬਰ எண் \
         నంబర్ شماره نمبر số เบอร์",
    ),
    (Word::Address, "alamat anwani"),
    (Word::Filler, "la ya ng sa kwa va và điện tử của اي ای"),
];
