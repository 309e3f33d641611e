//! Words by their meaning, of all languages together.

use super::Word;

/// Words as people write them, separated by spaces.
pub(super) const LISTS: &[(Word, &str)] = &[
    (
        Word::Email,
        "email emails mail mails emailaddress mailaddress emailadresse mailadresse emailadres mailadres \
         correo correos courriel mél mel messagerie électronique electrónico electrónica eletrônico \
         eletrónico elettronica elettronico elektroniczna elektronické elektronická elektronisk \
         elektronický elektronische posta eposta epost epostadresse epostadress sähköposti \
         sähköpostiosoite ímél почта почты емейл имейл имэйл мейл эл электронная электронной електронна \
         електронної пошта пошти имейла ηλεκτρονικό ηλεκτρονική ταχυδρομείο メール メールアドレス eメール \
         アドレス 電子メール 电子邮件 电子邮箱 邮箱 邮件 邮箱地址 電子郵件 電郵 信箱 이메일 메일 전자우편 \
         البريد بريد الإلكتروني إلكتروني الالكتروني ایمیل ايميل إيميل אימייל מייל דואל דוא אלקטרוני ईमेल \
         อีเมล эпошта e-pasts el.paštas skaitmeninis surel ✉ 📧 📩 📨 ✉️",
    ),
    (
        Word::Phone,
        "phone phones phonenumber telephone tel tél tele telefon telefono teléfono téléphone telefone \
         telefonnummer telefoonnummer telefoon fone ph phoneno telno telnr telefonnr telefonszám telefonní \
         telefonu telefoni telefonszam puhelin puhelinnumero sími τηλέφωνο τηλ телефон телефона тел \
         телефону rufnummer 電話 電話番号 电话 电话号码 電話號碼 聯絡電話 전화 전화번호 연락처 الهاتف هاتف \
          תلفون טלפון फ़ोन फोन दूरभाष โทรศัพท์ landline msisdn ☎ 📞 ☏ ☎️",
    ),
    (
        Word::Mobile,
        "mobile mobiles mobil mobilnummer mobiltelefon mobiltelefonnummer mobilnr mobilephone mobilni mobilní \
         mobiel mobiele cell cellphone cellular cel celular celulares celulari cellulare cellulari móvil movil \
         portable handy handynummer handynr gsm kännykkä matkapuhelin komórka komórkowy komórkowa telemóvel \
         telemovel мобильный мобильного мобильн моб мобільний сотовый сотового ceptelefonu κινητό 携帯 \
         携帯電話 携帯番号 手机 手机号 手机号码 移动电话 手機 휴대폰 휴대전화 핸드폰 الجوال جوال محمول الموبايل \
         נייד मोबाइल มือถือ 📱 📲",
    ),
    (Word::Messenger, "whatsapp sms viber"),
    (
        Word::Name,
        "name names naam navn namn név nimi nafn 名前 お名前 이름 姓名字 नाम שם ชื่อ tên nama jina",
    ),
    (
        Word::NameOrFirst,
        "nombre nombres nome nomes имя имени ім'я імя іме име jméno meno ime όνομα adı adi adınız isim ismi \
         imena الاسم اسم 名字",
    ),
    (Word::NameOrLast, "nom noms nume numele"),
    (
        Word::FullName,
        "表示名 fullname displayname anzeigename completename realname фио піб пib fio ονοματεπώνυμο adsoyad \
         imięinazwisko 氏名 姓名 성명 성함 полноеимя nomcomplet nombrecompleto voornaamachternaam",
    ),
    (
        Word::FirstName,
        "firstname givenname forename forenames fname vorname vornamen rufname prénom prenoms prénoms prenom \
         voornaam roepnaam fornavn förnamn tilltalsnamn etunimi imię imiona imie prenume prenumele keresztnév \
         utónév křestní 名 下の名前 ファーストネーム 이름만 שפ",
    ),
    (
        Word::LastName,
        "lastname surname familyname lname secondname nachname zuname familienname apellido apellidos \
         cognome sobrenome apelido achternaam familienaam efternavn etternavn efternamn sukunimi nazwisko \
         příjmení priezvisko prezime vezetéknév családnév фамилия фамилии фамилию прізвище презиме фамилно \
         επώνυμο επίθετο soyad soyadı soyisim soyadınız 姓 名字姓 苗字 ラストネーム 성 उपनाम",
    ),
    (
        Word::Tags,
        "tag tags etiqueta etiquetas étiquette étiquettes etichetta etichette schlagwort schlagworte \
         schlagwörter stichwort stichwörter stichworte marcador marcadores hashtag hashtags keyword keywords \
         тег теги метка метки мітки тэги etykieta etykiety tagi štítek štítky značky címke címkék etiket \
         etiketler etikett etiketter tunniste tunnisteet ετικέτα ετικέτες タグ 标签 標籤 태그 وسوم الوسوم علامات \
         תגית תגיות टैग แท็ก 🏷 🏷️",
    ),
    (
        Word::Groups,
        "label labels group groups groupe groupes gruppe gruppen grupo grupos gruppo gruppi groep groepen \
         grupa grupy grupp grupper ryhmä ryhmät skupina skupiny csoport csoportok segment segments segmente \
         segmentos category categories kategorie kategorien categoría categorías categoria categorias catégorie \
         catégories categorieën categorie categorii kategori kategorier kategoria kategorie luokat lists groupmembership \
         membership memberships группа группы группах группу групи категории категория категорії ομάδα ομάδες \
         κατηγορίες κατηγορία gruplar グループ ラベル カテゴリ 分组 分類 类别 群组 그룹 라벨 المجموعات المجموعة \
         קבוצה קבוצות समूह",
    ),
    (
        Word::Full,
        "full whole complete completo completa complet complète display vollständiger vollständig \
         voller volledige pełne hela fullt fullständigt koko teljes celé полное полн повне отображаемое \
         mostrar pantalla exibição afficher affichage visualizzato tam πλήρες الكامل כامل מלא पूरा",
    ),
    (
        Word::First,
        "first given fore primeiro primer primero premier primo pierwsze första første الأول الاول פרטי पहला vor keresztneve",
    ),
    (
        Word::Last,
        "last family sur último ultimo dernier famille famiglia familia rodinné العائلة عائلة اللقب الأخير משפחה अंतिम nach familien",
    ),
    (
        Word::Middle,
        "middle segundo deuxième second zweiter meio mellom mittlerer отчество отчества батькові \
         patronymic πατρώνυμο",
    ),
    (
        Word::Filler,
        "a e s l d y i o of the in for your my this please enter and und et en de del della di da do dos das des du \
         der die das den la le les el los las van von til av na w z и з с по или or oder ou и the and or \
         what s hi hello hey us how do you would could tell is properties property attributes attribute traits fields data required optional obligatorio obligatoire pflichtfeld pflicht value values formatted standard raw text \
         info default field column string input as 様 御 お の na zu och og ja és ve και y",
    ),
    (
        Word::Number,
        "number numbers no nr num nº n° № nummer numer numero número numéro номер номера numara numarası numarasi \
         číslo szám αριθμός 番号 号码 號碼 번호 رقم מספר नंबर numarul număr digits",
    ),
    (
        Word::Address,
        "address addresses addr adresse adressen adresses dirección direccion direcciones indirizzo endereço \
         endereco adres adresa adress adressa osoite cím адрес адреса адресс διεύθυνση 地址 住所 주소 عنوان \
         العنوان כתובת पता adresi",
    ),
    (
        Word::Person,
        "contact contacts contacto kontakt kontakte contatto contato контакт customer customers client clients \
         cliente clientes kunde kunden klant klanten klient klienta client's lead leads prospect prospects person \
         persona personne people member members mitglied mitglieder membre miembro socio subscriber subscribers \
         abonnent abonné suscriptor recipient recipients empfänger guest guests gast gäste attendee attendees \
         teilnehmer participant participants participante student students schüler patient patients candidate \
         applicant bewerber donor donors spender visitor visitors buyer buyers shopper tenant resident \
         respondent registrant delegate reader ansprechpartner ansprechperson interlocuteur клиент клиента клієнт \
         покупатель гость 顧客 お客様 会員 客户 客戶 联系人 聯絡人 联系 고객 회원 العميل לקוח 👤 🧑 responder invitee",
    ),
    (
        Word::User,
        "user users benutzer usuario utilisateur utente gebruiker użytkownik пользователь ユーザー 用户 username's",
    ),
    (
        Word::Best,
        "primary main principal principale primaire primär primäre primärer primario primaria primário primária haupt \
         hauptadresse hlavní główny основной основная основний preferred preferida best ensisijainen primær",
    ),
    (
        Word::Home,
        "home private privat private privé privée personal personale persönlich perso personnel personnelle pessoal \
         casa domicile domicilio particular billing shipping delivery rechnung rechnungs facturación facturation thuis \
         prywatny личный домашний домашн дом 個人 自宅 私人",
    ),
    (
        Word::Work,
        "work business office job professional professionnel professionnelle professionale profesional trabajo \
         trabalho lavoro travail bureau geschäftlich dienstlich arbeit beruflich werk zakelijk służbowy рабочий \
         рабочая раб робочий corporate comercial comerciale uffici ufficio jobb arbejde työ pro 会社用 工作 勤務先 직장",
    ),
    (
        Word::Lesser,
        "secondary secondaire sekundär sekundäre sekundärer secundario secundaria secundária secundário alternate \
         alternative alternativo alternativa alternativ альтернативный additional backup second zweite two weitere \
         weiterer recovery extra video car carro voiture auto voice addl mittelname дополнительный iphone \
         evening daytime day night previous former old",
    ),
    (
        Word::Other,
        "other others otro otra otros autre autres outro outra outros altro altra altri sonstige sonstiges weiteres andere övriga другой другая інший muu その他 其他 기타",
    ),
    (
        Word::Someone,
        "owner owners manager managers manager's assistant assistants assistente asistente assistent sekretär rep reps \
         agent agents salesperson salesman seller vendor vendors spouse husband wife partner partners conjoint conjointe \
         ehepartner parent parents mother father child children sibling emergency notfall referrer referral referred \
         creator author editor modifier assigned assignee recruiter supervisor boss chef director gerente directeur \
         responsable vorgesetzter betreuer besitzer inhaber propietario propriétaire proprietario verantwoordelijke \
         eigenaar owned by sender reply recommender guardian landlord host hosts hosted organiser organisers organizador organizzatore organisateur veranstalter instructor teacher coach advisor \
         lawyer employee staff admin administrator operator sales coordinator executive ответственный менеджер \
         менеджера владелец відповідальний yöneticisi sorumlu 担当者 担当 負責人 负责人 经理 담당자 المسؤول מנהל",
    ),
    (
        Word::Thing,
        "company companies organization organisation organizations org firm firma firmen firmenname unternehmen \
         empresa empresas société entreprise azienda ditta società bedrijf bedrijfs företag virksomhed yritys \
         przedsiębiorstwo společnost vállalat cég şirket εταιρεία компания компании компанія фирма организация \
         employer account accounts campaign campaigns campagne kampagne campaña ad ads adset adgroup form forms \
         formular file files filename product products produkt produit producto item items event events list liste \
         lista store shop brand team teams school university college department dept project projekt \
         projet deal deals opportunity pipeline sequence step plan domain host hostname server site website web page \
         url link platform app application bank branch club verein vereins course class street city state country \
         county region place location venue hotel property building town village pet dog book game \
          organizer channel medium service stadt ort land straße rue ville pays ciudad país calle \
         città via paese cidade rua miasto kraj ulica город страна улица 会社 会社名 企業 企業名 公司 公司名 公司名称 \
         部署 部門 名称 商品 单位 회사 회사명 부서 الشركة شركة חברה कंपनी tax vat postal postleitzahl plz zip",
    ),
    (Word::Id, "id ids"),
    (
        Word::Fax,
        "fax faxnummer telefax télécopie télécopieur faks факс факса факсу φαξ ファックス 传真 傳真 팩스 فاكس פקס",
    ),
    (
        Word::Fact,
        "status state statut estado stato stav статус type types typ tipo kind count counts counter total sum amount \
         open opens opened click clicks clicked reply replies replied sent send delivered bounce \
         bounces bounced bouncing unsubscribed unsubscribe unsub subscribed subscribe subscription subscriptions opt \
         optin optout optedin consent consents einwilligung marketing newsletter newsletters accept accepts accepted \
         allow allowed blacklisted blacklist blocked suppressed verified verification verify valid validity validated \
         invalid confirmed confirm confirmation deliverable quality score confidence rating rank uid uuid guid \
         euid leid key hash md5 sha1 sha256 hashed code token date dates datum fecha data time times zeit \
         timestamp created updated modified changed added deleted at on since until age birth birthday \
         geburtstag geburt anniversary ip ipaddress has can should may not don't never preference preferences \
         permission permissions format language lang locale sprache source sources provider providers extension ext \
         pager pagernummer beeper telex isdn tty tdd radio yomi phonetic pronunciation furigana kana フリガナ ふりがな \
         カナ セイ メイ かな 拼音 prefix präfix suffix sufijo suffixe sufixo initial initials nick nickname nicknames \
         nickname's alias spitzname surnom apodo apelidado maiden mädchenname geburtsname jeune fille screen short \
          title titles titel titre título anrede salutation greeting gender sex note notes comment comments \
         template subject body message messages content attachment signature frequency history activity login \
         username usernames userid benutzername handle password passwords passwort kennwort passwd pwd pass secret pin \
         contraseña senha hasło пароль пароля salasana lösenord jelszó şifre parola κωδικός 密码 密碼 \
         パスワード 비밀번호 сслка photo picture image avatar icon size length position rolle role skype icq aim jabber \
         msn yahoo im twitter facebook linkedin instagram price cost percent percentage rate ratio \
         часовой отчёт пейджера пейджер псевдоним pseudo pseudonym anzahl cantidad compte \
         nb qty quantity carrier model device devices os version contacted visit visits error \
         reason result logs log tld prefixe indicatif vorwahl prefijo ",
    ),
];
