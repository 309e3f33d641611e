//! People that look real and are the same in every run.

use std::sync::LazyLock;

use contacts_core::text::fold;

use crate::random::Random;
use crate::words::{CITIES, DOMAINS, ENDINGS, LANGUAGES, SYLLABLES, TAG_COUNT, TAGS};

/// A person as somebody typed them in.
pub(crate) struct Person {
    /// What they are called.
    pub(crate) name: String,
    /// Their address; nobody else in the organisation has it.
    pub(crate) email: String,
    /// Their phone number, often in the manner of their country.
    pub(crate) phone: Option<String>,
    /// Places of their tags in [`tag`].
    pub(crate) tags: Vec<usize>,
    /// A custom field of text.
    pub(crate) city: &'static str,
    /// A custom field of numbers.
    pub(crate) points: u32,
}

/// The one whose name nobody shares, which a search for something rare finds.
pub(crate) const RARE: (u64, &str, &str) = (777, "Xqaro Wyverling", "xqaro.wyverling@example.org");

/// Person `number` of a group. In another `version` they have another name.
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
        // People marry.
        name = format!("{name} {}", made_up(&mut Random::of(group ^ version, number)));
    }
    Person { name, email, phone, tags, city, points }
}

/// The tag of a place.
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
        // Where one name has several words, bars are between the names.
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

/// A name, and what its owner would call a mailbox.
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
    // No list is as long as a country's.
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
    // Typed with a capital now and then, as people do.
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
