//! People who look real and are the same in every run.

use std::sync::LazyLock;

use contacts_core::text::fold;

use crate::random::Random;
use crate::words::{CITIES, DOMAINS, ENDINGS, LANGUAGES, SYLLABLES, TAG_COUNT, TAGS};

/// A person, with values as typed by hand.
pub(crate) struct Person {
    /// Full name.
    pub(crate) name: String,
    /// Address, unique in the organisation.
    pub(crate) email: String,
    /// Phone number, often in the national format of a country.
    pub(crate) phone: Option<String>,
    /// Indexes of the tags, as [`tag`] takes them.
    pub(crate) tags: Vec<usize>,
    /// Value of a custom field of text.
    pub(crate) city: &'static str,
    /// Value of a custom field of numbers.
    pub(crate) points: u32,
}

/// The person with a unique name, which a search for a rare text finds.
pub(crate) const RARE: (u64, &str, &str) = (777, "Xqaro Wyverling", "xqaro.wyverling@example.org");

/// Returns person `number` of a group. In another `version`, the person has another name.
pub(crate) fn person(group: u64, number: u64, version: u64) -> Person {
    let mut random = Random::of(group, number);
    let (mut name, handle) = name(&mut random);
    let mut email = email(&mut random, &handle, number);
    if number == RARE.0 {
        (name, email) = (RARE.1.to_owned(), RARE.2.to_owned());
    }
    let phone = random.percent(80).then(|| phone(&mut random));
    let tags = tags(&mut random);
    let city = CITIES[random.skewed(CITIES.len(), 2)];
    let points = random.skewed(5_000, 3) as u32;
    if version > 0 {
        // A new family name, as after a marriage.
        name = format!("{name} {}", made_up(&mut Random::of(group ^ version, number)));
    }
    Person { name, email, phone, tags, city, points }
}

/// Returns the tag with an index.
pub(crate) fn tag(place: usize) -> String {
    match TAGS.get(place) {
        Some(name) => (*name).to_owned(),
        None => format!("segment {place}"),
    }
}

struct Names {
    share: usize,
    given: Vec<&'static str>,
    family: Vec<&'static str>,
    joined: bool,
}

static NAMES: LazyLock<Vec<Names>> = LazyLock::new(|| {
    let split = |list: &'static str| -> Vec<_> {
        // A list in which a name has several words separates its names by bars.
        if list.contains('|') { list.split('|').collect() } else { list.split(' ').collect() }
    };
    let names = LANGUAGES.iter().map(|language| Names {
        share: language.share,
        given: split(language.given),
        family: split(language.family),
        joined: language.joined,
    });
    names.collect()
});

/// Returns a name, and a name for a mailbox that suits it.
fn name(random: &mut Random) -> (String, String) {
    let mut at = random.below(100);
    let mut language = &NAMES[0];
    for names in NAMES.iter() {
        if at < names.share {
            language = names;
            break;
        }
        at -= names.share;
    }
    let given = language.given[random.skewed(language.given.len(), 2)];
    let family = language.family[random.skewed(language.family.len(), 2)];
    if language.joined {
        return (format!("{family}{given}"), made_up(random));
    }
    let is_latin = fold(given).is_ascii();
    // Real family names are more diverse than any list.
    let family = if is_latin && random.percent(45) { made_up(random) } else { family.to_owned() };
    let name = match random.below(10) {
        0 => format!("{given} {}. {family}", char::from(b'A' + random.below(26) as u8)),
        1 => format!("{given} {} {family}", random.pick(&language.given)),
        _ => format!("{given} {family}"),
    };
    let handle = if is_latin { format!("{given}.{family}") } else { made_up(random) };
    (name, handle)
}

fn made_up(random: &mut Random) -> String {
    let mut word: String = SYLLABLES.map(|list| *random.pick(list)).concat();
    if let Some(first) = word.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    word
}

fn email(random: &mut Random, handle: &str, number: u64) -> String {
    let mut local: String =
        fold(handle).chars().filter(|c| c.is_ascii_alphanumeric() || *c == '.').collect();
    if random.percent(30) {
        local = local.replace('.', "_");
    }
    // Some addresses are typed with a capital letter, as people do.
    if random.percent(5) {
        local[..1].make_ascii_uppercase();
    }
    let domain = if random.percent(70) {
        DOMAINS[random.skewed(DOMAINS.len(), 3)].to_owned()
    } else {
        let company = fold(&made_up(random));
        let company: String = company.chars().filter(char::is_ascii_alphanumeric).collect();
        format!("{company}.{}", random.pick(ENDINGS))
    };
    format!("{local}{number}@{domain}")
}

fn phone(random: &mut Random) -> String {
    let mut digits = |count: usize| -> String {
        (0..count).map(|_| char::from(b'0' + random.below(10) as u8)).collect()
    };
    let (two, three, four, eight) = (digits(2), digits(3), digits(4), digits(8));
    match random.below(8) {
        0 => format!("+1 (202) 555-{four}"),
        1 => format!("+1 415-{three}-{four}"),
        2 => format!("+49 30 9{eight}"),
        3 => format!("+49 151 {eight}"),
        4 => format!("+44 7700 9{three}{two}"),
        5 => format!("+34 6{two} {three} {three}"),
        6 => format!("+33 6 {two} {two} {two} {two}"),
        _ => format!("0{three} {eight}"),
    }
}

fn tags(random: &mut Random) -> Vec<usize> {
    let count = match random.below(100) {
        0..30 => 0,
        30..65 => 1,
        65..80 => 2,
        80..93 => 3,
        _ => 4,
    };
    let mut tags: Vec<_> = (0..count).map(|_| random.skewed(TAG_COUNT, 3)).collect();
    tags.sort_unstable();
    tags.dedup();
    tags
}
