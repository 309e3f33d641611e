//! Misspelt domains of addresses, such as `gmial.com` (R58).

use std::collections::{BTreeMap, HashSet};

use crate::contact::EmailAddress;
use crate::{Invalid, Result};

/// Domains of mailboxes that many people have, the ones that most addresses end with first.
const COMMON: [&str; 72] = [
    "gmail.com",
    "hotmail.com",
    "yahoo.com",
    "outlook.com",
    "icloud.com",
    "googlemail.com",
    "live.com",
    "aol.com",
    "msn.com",
    "ymail.com",
    "rocketmail.com",
    "mail.com",
    "email.com",
    "protonmail.com",
    "proton.me",
    "fastmail.com",
    "zoho.com",
    "gmx.com",
    "gmx.net",
    "gmx.de",
    "gmx.at",
    "gmx.ch",
    "web.de",
    "t-online.de",
    "freenet.de",
    "arcor.de",
    "posteo.de",
    "mailbox.org",
    "bluewin.ch",
    "hotmail.de",
    "hotmail.co.uk",
    "yahoo.co.uk",
    "btinternet.com",
    "hotmail.fr",
    "yahoo.fr",
    "orange.fr",
    "wanadoo.fr",
    "laposte.net",
    "free.fr",
    "sfr.fr",
    "neuf.fr",
    "libero.it",
    "virgilio.it",
    "tiscali.it",
    "alice.it",
    "hotmail.it",
    "yahoo.it",
    "hotmail.es",
    "yahoo.es",
    "telefonica.net",
    "ziggo.nl",
    "planet.nl",
    "telenet.be",
    "skynet.be",
    "seznam.cz",
    "interia.pl",
    "onet.pl",
    "yandex.ru",
    "rambler.ru",
    "uol.com.br",
    "terra.com.br",
    "yahoo.com.br",
    "comcast.net",
    "verizon.net",
    "sbcglobal.net",
    "bellsouth.net",
    "rogers.com",
    "shaw.ca",
    "bigpond.com",
    "rediffmail.com",
    "yahoo.co.in",
    "naver.com",
];

/// Fewest letters of a name before its first point for which misspellings are looked for: short
/// names have too many neighbours that exist.
const MIN_NAME: usize = 5;

/// An offer to replace a domain that seems to be misspelt. Nothing is replaced unless a user accepts
/// it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DomainOffer {
    /// The column of the addresses, from 0.
    pub column: usize,
    /// The domain in the file, in lower case.
    pub domain: String,
    /// The domain that was probably meant.
    pub suggestion: String,
    /// Number of addresses with the domain in the column.
    pub addresses: u64,
}

/// The domains that misspellings are compared with.
#[derive(Clone, Debug, Default)]
pub struct KnownDomains {
    own: Vec<String>,
}

impl KnownDomains {
    /// Maximum number of domains of an organisation that are compared.
    pub const MAX: usize = 50;
    /// Fewest addresses of a domain of an organisation that is compared.
    pub const MIN_ADDRESSES: u64 = 5;

    /// Returns the common domains, and those that many contacts of the organisation have.
    pub fn new(own: Vec<String>) -> Self {
        Self { own }
    }

    /// Returns the domain of which another one is a misspelling by one letter, or by two that are
    /// exchanged; `None` for a domain that is known itself.
    fn meant_by(&self, domain: &str) -> Option<&str> {
        let mut all = COMMON.iter().copied().chain(self.own.iter().map(String::as_str));
        if all.clone().any(|known| known == domain) {
            return None;
        }
        all.find(|known| {
            known.find('.').is_some_and(|at| at >= MIN_NAME)
                && is_one_edit(known, domain)
                && !differs_in_country(known, domain)
        })
    }
}

/// Counts the addresses of a column whose domains seem to be misspelt.
#[derive(Debug, Default)]
pub(super) struct DomainCounts {
    misspelt: BTreeMap<String, (String, u64)>,
    /// Domains that were compared with the known ones, and are like none of them.
    others: HashSet<String>,
}

impl DomainCounts {
    /// Maximum number of different domains of a column that are offered.
    const MAX: usize = 50;
    /// Maximum number of domains that are remembered as not misspelt.
    const MAX_OTHERS: usize = 10_000;

    /// Counts the addresses of a cell.
    pub(super) fn add(&mut self, cell: &str, known: &KnownDomains) {
        for (start, end) in domains(cell) {
            let domain = cell[start..end].to_ascii_lowercase();
            if let Some((_, addresses)) = self.misspelt.get_mut(&domain) {
                *addresses += 1;
            } else if self.misspelt.len() < Self::MAX && !self.others.contains(&domain) {
                match known.meant_by(&domain) {
                    Some(meant) => drop(self.misspelt.insert(domain, (meant.to_owned(), 1))),
                    None if self.others.len() < Self::MAX_OTHERS => {
                        self.others.insert(domain);
                    }
                    None => {}
                }
            }
        }
    }

    /// Returns the offers for a column, the most frequent first.
    pub(super) fn finish(self, column: usize) -> Vec<DomainOffer> {
        let offer = |(domain, (suggestion, addresses))| DomainOffer {
            column,
            domain,
            suggestion,
            addresses,
        };
        let mut offers: Vec<_> = self.misspelt.into_iter().map(offer).collect();
        offers.sort_by_key(|offer| std::cmp::Reverse(offer.addresses));
        offers
    }
}

/// The domains that an import replaces, by what the file has in lower case.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DomainReplacements(BTreeMap<String, String>);

impl DomainReplacements {
    /// Maximum number of replaced domains of an import.
    pub const MAX: usize = 100;

    /// Reads replacements: the domain in the file, and the one to read in its place.
    ///
    /// # Errors
    ///
    /// [`crate::Error::Invalid`] naming `domains`.
    pub fn parse(domains: BTreeMap<String, String>) -> Result<Self> {
        if domains.len() > Self::MAX {
            let reason = format!("must be at most {} domains", Self::MAX);
            return Err(Invalid::one("domains", reason).into());
        }
        let is_domain = |domain: &str| EmailAddress::parse(&format!("x@{domain}")).is_ok();
        let mut read = BTreeMap::new();
        for (domain, replacement) in domains {
            if !is_domain(&replacement) {
                let reason =
                    format!("cannot be replaced by {replacement:?}, which is not a domain");
                return Err(Invalid::one("domains", reason).into());
            }
            read.insert(domain.to_ascii_lowercase(), replacement);
        }
        Ok(Self(read))
    }

    /// Keeps the replacements of some domains of the file only.
    pub(super) fn retain(&mut self, is_kept: impl Fn(&str) -> bool) {
        self.0.retain(|domain, _| is_kept(domain));
    }

    /// Returns the replacements: the domain of the file, and what is read in its place.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(domain, replacement)| (domain.as_str(), replacement.as_str()))
    }

    /// Returns a cell with its domains replaced; `None` if nothing is to be replaced in it.
    pub(super) fn replaced(&self, cell: &str) -> Option<String> {
        if self.0.is_empty() {
            return None;
        }
        let (mut text, mut rest) = (String::new(), 0);
        for (start, end) in domains(cell) {
            if let Some(replacement) = self.0.get(&cell[start..end].to_ascii_lowercase()) {
                text.push_str(&cell[rest..start]);
                text.push_str(replacement);
                rest = end;
            }
        }
        (rest > 0).then(|| text + &cell[rest..])
    }
}

/// Returns where the domains of addresses are in a cell, as byte positions.
fn domains(cell: &str) -> impl Iterator<Item = (usize, usize)> {
    cell.match_indices('@').map(|(at, _)| {
        let is_domain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-');
        let domain = &cell[at + 1..];
        let length = domain.find(|c| !is_domain(c)).unwrap_or(domain.len());
        // A point after an address ends a sentence.
        (at + 1, at + 1 + domain[..length].trim_end_matches(['.', '-']).len())
    })
}

/// Returns whether one text becomes the other by one letter that is added, left out or another one,
/// or by two neighbours that are exchanged.
fn is_one_edit(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    if one.len().abs_diff(other.len()) > 1 || one == other {
        return false;
    }
    let same = one.iter().zip(other).take_while(|(a, b)| a == b).count();
    let (one, other) = (&one[same..], &other[same..]);
    match one.len().cmp(&other.len()) {
        std::cmp::Ordering::Less => one == &other[1..],
        std::cmp::Ordering::Greater => &one[1..] == other,
        std::cmp::Ordering::Equal => {
            let is_exchanged =
                one.len() > 1 && (one[0], one[1]) == (other[1], other[0]) && one[2..] == other[2..];
            one[1..] == other[1..] || is_exchanged
        }
    }
}

/// Returns whether two domains differ in their country only, such as `yahoo.at` and `yahoo.it`:
/// both may exist.
fn differs_in_country(one: &str, other: &str) -> bool {
    match (one.rsplit_once('.'), other.rsplit_once('.')) {
        (Some((name, country)), Some((other, of_other))) => {
            name == other && country.len() == 2 && of_other.len() == 2
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::exchanged("gmial.com", Some("gmail.com"))]
    #[case::left_out("gmal.com", Some("gmail.com"))]
    #[case::added("hotmaill.com", Some("hotmail.com"))]
    #[case::another("outlool.com", Some("outlook.com"))]
    #[case::the_end("gmail.con", Some("gmail.com"))]
    #[case::the_end_cut("gmail.co", Some("gmail.com"))]
    #[case::no_point("gmailcom", Some("gmail.com"))]
    #[case::own("infromly.com", Some("informly.com"))]
    #[case::known("ymail.com", None)]
    #[case::known_too("mail.com", None)]
    #[case::two_edits("gmeil.con", None)]
    #[case::another_country("yahoo.at", None)]
    #[case::a_short_name("gmy.de", None)]
    #[case::own_itself("informly.com", None)]
    #[case::another_company("acme.example", None)]
    fn a_misspelt_domain_is_recognised(#[case] domain: &str, #[case] meant: Option<&str>) {
        let known = KnownDomains::new(vec!["informly.com".to_owned(), "x.org".to_owned()]);
        assert_eq!(known.meant_by(domain), meant);
    }

    #[test]
    fn addresses_are_counted_by_domain() {
        let mut counts = DomainCounts::default();
        let known = KnownDomains::default();
        for cell in
            ["a@GMIAL.com", "Ann <b@gmial.com>, c@gmail.con; d@gmail.com.", "no address", "é@"]
        {
            counts.add(cell, &known);
        }
        let offers = counts.finish(3);
        let found: Vec<_> = offers
            .iter()
            .map(|o| (o.column, o.domain.as_str(), o.suggestion.as_str(), o.addresses))
            .collect();
        assert_eq!(found, [(3, "gmial.com", "gmail.com", 2), (3, "gmail.con", "gmail.com", 1)]);
    }

    #[test]
    fn accepted_domains_are_replaced_wherever_they_are_in_a_cell() {
        let one = |domain: &str, by: &str| (domain.to_owned(), by.to_owned());
        let accepted = DomainReplacements::parse([one("Gmial.com", "gmail.com")].into()).unwrap();
        let replaced = |cell| accepted.replaced(cell);
        assert_eq!(replaced("ann@gmial.com").as_deref(), Some("ann@gmail.com"));
        assert_eq!(
            replaced("Ann <A@GMIAL.COM>, b@x.org, c@gmial.com").as_deref(),
            Some("Ann <A@gmail.com>, b@x.org, c@gmail.com")
        );
        assert_eq!(replaced("ann@my.gmial.com"), None);
        assert_eq!(replaced("gmial.com"), None);
        assert!(DomainReplacements::parse([one("gmial.com", "gmail com")].into()).is_err());
    }

    proptest! {
        /// Nothing else in the cell changes, whatever it contains.
        #[test]
        fn a_replacement_changes_domains_only(cell in "[a-c@.<>, é]{0,12}(@b\\.cc)?[ ,é]?") {
            let domains = [("b.cc".to_owned(), "x.org".to_owned())].into();
            let accepted = DomainReplacements::parse(domains).unwrap();
            let replaced = accepted.replaced(&cell).unwrap_or_else(|| cell.clone());
            prop_assert_eq!(replaced.replace("@x.org", "@b.cc"), cell);
        }

        /// The distance does not depend on the order of the two.
        #[test]
        fn an_edit_can_be_reverted(one in "[ab.]{0,5}", other in "[ab.]{0,5}") {
            prop_assert_eq!(is_one_edit(&one, &other), is_one_edit(&other, &one));
        }
    }
}
