//! The contract of [`contacts_core::import::ImportRepository`] for rows (R33 to R36).
#![expect(missing_docs, reason = "a property's name is the sentence that it checks")]

use contacts_core::contact::{ActivityKind, Contact, Source, SourceDetail};
use contacts_core::import::{
    Applied, Chunk, Import, ImportRow, Issue, IssueCode, PlannedRow, Policy, Skip, SkipCode, Tally,
    Target,
};
use contacts_core::{Actor, Clock, OrgId};

use super::check::{display, written};
use crate::Ports;
use crate::samples::{
    self, chunk, custom, import_row, number, phone, planned, running_import, tags, text, warning,
};

/// Applies rows after those that were applied earlier, and returns the tally.
fn take(ports: &Ports, import: &Import, rows: Vec<ImportRow>) -> Tally {
    let after = ports.imports.get(import.org, import.id).unwrap().unwrap().tally.rows();
    take_chunk(ports, import, &chunk(&ports.ids, after, rows))
}

fn take_chunk(ports: &Ports, import: &Import, rows: &Chunk) -> Tally {
    match ports.imports.apply(import, rows, ports.clock.now()).unwrap() {
        Applied::Chunk(tally) => tally,
        other => panic!("{other:?}"),
    }
}

fn counts(tally: &Tally) -> (u64, u64, u64) {
    (tally.added, tally.updated, tally.skips())
}

fn skipped(codes: &[(SkipCode, u64)]) -> std::collections::BTreeMap<SkipCode, u64> {
    codes.iter().copied().collect()
}

fn ann(ports: &Ports, org: OrgId) -> Contact {
    ports.of_address(org, "ann@example.org").unwrap()
}

/// Returns the rows of this import that are sources of a contact.
fn row_numbers(ports: &Ports, contact: &Contact, import: &Import) -> Vec<u64> {
    let sources = ports.contacts.sources(contact.org, contact.id, None, 1_000).unwrap();
    let rows = sources.into_iter().filter_map(|source| match source.detail {
        SourceDetail::CsvImport { import: id, row, .. } if id == import.id => Some(row),
        _ => None,
    });
    rows.collect()
}

pub fn a_new_address_adds(ports: &Ports) {
    let org = ports.org();
    let import = running_import(ports, org, Policy::default());
    let now = ports.clock.tick();
    let row = ImportRow {
        phone: Some(phone("+12025550101")),
        tags: tags(&["vip", "Trade Show"]),
        custom: custom(&[("tier", text("gold")), ("seats", number(3.0))]),
        ..import_row("Ann Lee", "Ann@Example.org")
    };
    let planned = planned(&ports.ids, 1, row.clone());
    let rows = Chunk { after: 0, rows: vec![planned.clone()], ..Chunk::default() };
    assert_eq!(counts(&take_chunk(ports, &import, &rows)), (1, 0, 0));
    let detail =
        SourceDetail::CsvImport { import: import.id, file_name: import.file_name.clone(), row: 1 };
    let source = Source { at: now, detail };
    let expected = contacts_core::import::added(&row, org, planned.id, source.clone());
    assert_eq!(ports.get(org, planned.id), expected);
    assert_eq!(ports.contacts.sources(org, planned.id, None, 1_000).unwrap(), [source]);
    let activity = ports.activity(org, planned.id);
    let [made] = activity.as_slice() else { panic!("{activity:?}") };
    assert_eq!(
        (made.at, made.actor, &made.what),
        (now, Actor::Import(import.id), &ActivityKind::Created)
    );
    assert_eq!(ports.found(org, "lee 5550101"), ["Ann Lee"]);
}

pub fn a_known_address_updates_and_is_never_rewritten(ports: &Ports) {
    let org = ports.org();
    let old = ports.add_with(org, "Ann", "Ann@Example.org", |contact| {
        contact.phone = Some(phone("1"));
        contact.tags = tags(&["VIP"]);
        contact.custom = custom(&[("tier", text("gold")), ("seats", number(3.0))]);
    });
    let import = running_import(ports, org, Policy::default());
    let now = ports.clock.tick();
    let row = ImportRow {
        tags: tags(&["vip", "new"]),
        custom: custom(&[("tier", text("silver")), ("site", text("x"))]),
        ..import_row("Ann Lee", "ann@example.ORG")
    };
    assert_eq!(counts(&take(ports, &import, vec![row])), (0, 1, 0));
    let expected = Contact {
        name: Some(samples::name("Ann Lee")),
        tags: tags(&["new", "VIP"]),
        custom: custom(&[("tier", text("silver")), ("seats", number(3.0)), ("site", text("x"))]),
        updated_at: now,
        version: 2,
        ..old.clone()
    };
    let read = ports.get(org, old.id);
    assert_eq!(read, expected);
    assert_eq!(read.email.unwrap().as_str(), "Ann@Example.org");
    assert_eq!(written(&read.tags), ["new", "VIP"]);
    assert_eq!(ports.found(org, "lee"), ["Ann Lee"]);
}

pub fn a_phone_number_without_its_plus_sign_is_the_existing_one(ports: &Ports) {
    let org = ports.org();
    let import = running_import(ports, org, Policy::default());
    let row = |number: &str| ImportRow {
        phone: Some(phone(number)),
        ..import_row("Ann Lee", "ann@example.org")
    };
    take(ports, &import, vec![row("+12025550101")]);
    let again = take(ports, &import, vec![row("12025550101")]);
    assert_eq!(again.skipped, skipped(&[(SkipCode::Unchanged, 1)]));
    assert_eq!(ann(ports, org).phone.unwrap().as_str(), "+12025550101");
    take(ports, &import, vec![row("12025550102")]);
    assert_eq!(ann(ports, org).phone.unwrap().as_str(), "12025550102");
}

pub fn new_tags_alone_update_without_a_new_version(ports: &Ports) {
    let org = ports.org();
    let old = ports.add(org, "Ann", "ann@example.org");
    let import = running_import(ports, org, Policy::default());
    ports.clock.tick();
    let row = ImportRow { tags: tags(&["vip"]), ..import_row("Ann", "ann@example.org") };
    assert_eq!(counts(&take(ports, &import, vec![row])), (0, 1, 0));
    assert_eq!(ports.get(org, old.id), Contact { tags: tags(&["vip"]), ..old });
}

pub fn a_row_without_a_change_is_unchanged(ports: &Ports) {
    let org = ports.org();
    let old = ports.add_with(org, "Ann", "ann@example.org", |c| c.tags = tags(&["vip"]));
    let import = running_import(ports, org, Policy::default());
    ports.clock.tick();
    let row = ImportRow { tags: tags(&["VIP"]), ..import_row("Ann", "ANN@example.org") };
    let mut rows = chunk(&ports.ids, 0, vec![row]);
    rows.rows[0].warnings = vec![warning(Target::Phone, "is empty")];
    let tally = take_chunk(ports, &import, &rows);
    assert_eq!(tally.skipped, skipped(&[(SkipCode::Unchanged, 1)]));
    assert_eq!((tally.rows(), tally.warnings), (1, 0));
    assert_eq!(ports.get(org, old.id), old);
    assert_eq!(ports.imports.issues(org, import.id, 0, 10).unwrap(), [], "counted, not noted");
    assert_eq!(row_numbers(ports, &old, &import), [1], "it has come by this import, too");
}

pub fn the_same_address_twice_in_a_chunk_is_an_add_and_an_update(ports: &Ports) {
    let org = ports.org();
    let import = running_import(ports, org, Policy::default());
    let rows = vec![
        import_row("Ann", "ann@example.org"),
        import_row("Bo", "bo@example.org"),
        ImportRow { phone: Some(phone("1")), ..import_row("Ann", "ANN@example.org") },
        import_row("Ann", "ann@EXAMPLE.org"),
        ImportRow { tags: tags(&["x"]), ..import_row("Anna", "ann@example.org") },
    ];
    assert_eq!(counts(&take(ports, &import, rows)), (2, 2, 1));
    let ann = ann(ports, org);
    assert_eq!((display(&ann), ann.version), ("Anna".to_owned(), 3));
    assert_eq!(ann.email.as_ref().unwrap().as_str(), "ann@example.org");
    assert_eq!(ann.phone, Some(phone("1")));
    assert_eq!(written(&ann.tags), ["x"]);
    assert_eq!(row_numbers(ports, &ann, &import), [1]);
}

pub fn chunks_of_any_size_give_the_same(ports: &Ports) {
    let rows: Vec<_> = ["Ann", "Bo", "Ann", "Cy", "Cy", "Ann", "Di", "Bo"]
        .iter()
        .zip(["a", "b", "A", "a", "c", "a", "b", "B"])
        .map(|(name, local)| import_row(name, &format!("{local}@example.org")))
        .collect();
    let mut outcomes = Vec::new();
    for size in 1..=rows.len() {
        let org = ports.org();
        let import = running_import(ports, org, Policy::default());
        let mut tally = Tally::default();
        for part in rows.chunks(size) {
            tally = take(ports, &import, part.to_vec());
        }
        let all = ports.all(org, &Default::default());
        let all: Vec<_> = all
            .iter()
            .map(|c| {
                (
                    display(c),
                    c.email.as_ref().unwrap().to_string(),
                    c.version,
                    row_numbers(ports, c, &import),
                )
            })
            .collect();
        outcomes.push((tally, all));
    }
    for outcome in &outcomes {
        assert_eq!(outcome, &outcomes[0]);
    }
    assert_eq!(counts(&outcomes[0].0), (3, 4, 1));
}

pub fn the_policy_limits_what_a_row_may_do(ports: &Ports) {
    for (policy, expected, name, has_phone) in [
        (Policy::Overwrite, (1, 1, 0), "Anna", true),
        (Policy::FillBlanks, (1, 1, 0), "Ann", true),
        (Policy::AddOnly, (1, 0, 1), "Ann", false),
        (Policy::UpdateOnly, (0, 1, 1), "Anna", true),
    ] {
        let org = ports.org();
        let old = ports.add_with(org, "Ann", "ann@example.org", |contact| {
            contact.custom = custom(&[("tier", text("gold"))]);
        });
        let import = running_import(ports, org, policy);
        let existing = ImportRow {
            phone: Some(phone("1")),
            custom: custom(&[("tier", text("silver"))]),
            ..import_row("Anna", "ann@example.org")
        };
        let tally = take(ports, &import, vec![existing, import_row("Bo", "bo@example.org")]);
        assert_eq!(counts(&tally), expected, "{policy:?}");
        let read = ports.get(org, old.id);
        assert_eq!(
            (display(&read).as_str(), read.phone.is_some()),
            (name, has_phone),
            "{policy:?}"
        );
        let is_skipped = policy == Policy::AddOnly;
        assert_eq!(row_numbers(ports, &old, &import).is_empty(), is_skipped, "{policy:?}");
        let issues = ports.imports.issues(org, import.id, 0, 10).unwrap();
        let codes: Vec<_> = issues.iter().map(|issue| (issue.row, issue.code.as_str())).collect();
        match policy {
            Policy::AddOnly => assert_eq!(codes, [(1, "already_known")]),
            Policy::UpdateOnly => assert_eq!(codes, [(2, "not_known")]),
            _ => assert_eq!(codes, []),
        }
    }
}

pub fn rows_of_the_same_file_count_as_existing_for_the_policy(ports: &Ports) {
    for (policy, expected) in [
        (Policy::FillBlanks, (1, 1, 0)),
        (Policy::AddOnly, (1, 0, 1)),
        (Policy::UpdateOnly, (0, 0, 2)),
    ] {
        for size in [1, 2] {
            let org = ports.org();
            let import = running_import(ports, org, policy);
            let rows = [
                import_row("Ann", "ann@example.org"),
                ImportRow { phone: Some(phone("1")), ..import_row("Anna", "ann@example.org") },
            ];
            let mut tally = Tally::default();
            for part in rows.chunks(size) {
                tally = take(ports, &import, part.to_vec());
            }
            assert_eq!(counts(&tally), expected, "{policy:?}, {size} a chunk");
            assert!(
                ports.of_address(org, "ann@example.org").is_none_or(|ann| display(&ann) == "Ann")
            );
        }
    }
}

pub fn an_incomplete_contact_is_filled(ports: &Ports) {
    let org = ports.org();
    let old = ports.add(org, "", "ann@example.org");
    let import = running_import(ports, org, Policy::FillBlanks);
    assert_eq!(
        counts(&take(ports, &import, vec![import_row("Ann", "ann@example.org")])),
        (0, 1, 0)
    );
    assert_eq!(display(&ports.get(org, old.id)), "Ann");
}

pub fn a_tag_of_a_row_is_shown_as_it_was_first_written(ports: &Ports) {
    let org = ports.org();
    ports.add_with(org, "Bo", "bo@example.org", |contact| contact.tags = tags(&["Trade Show"]));
    let import = running_import(ports, org, Policy::default());
    let row = |names: &[&str], email| ImportRow { tags: tags(names), ..import_row("Ann", email) };
    let rows = vec![
        row(&["TRADE SHOW", "Beta"], "ann@example.org"),
        row(&["BETA", "gamma"], "cy@example.org"),
        row(&["Gamma"], "ann@example.org"),
    ];
    assert_eq!(counts(&take(ports, &import, rows)), (2, 1, 0));
    assert_eq!(written(&ann(ports, org).tags), ["Beta", "gamma", "Trade Show"]);
    let existing = ports.tags.list(org, "", "", 10).unwrap();
    let existing: Vec<_> = existing.iter().map(|tag| (tag.name.as_str(), tag.contacts)).collect();
    assert_eq!(existing, [("Beta", 2), ("gamma", 2), ("Trade Show", 2)]);
}

pub fn tags_of_a_row_that_is_skipped_are_not_made(ports: &Ports) {
    let org = ports.org();
    ports.add(org, "Ann", "ann@example.org");
    let import = running_import(ports, org, Policy::AddOnly);
    let row = ImportRow { tags: tags(&["vip"]), ..import_row("Ann", "ann@example.org") };
    assert_eq!(counts(&take(ports, &import, vec![row])), (0, 0, 1));
    assert_eq!(ports.tags.list(org, "", "", 10).unwrap(), []);
}

pub fn an_import_is_a_source_of_a_contact_once(ports: &Ports) {
    let org = ports.org();
    let old = ports.add(org, "Ann", "ann@example.org");
    let row = || import_row("Ann", "ann@example.org");
    let first = running_import(ports, org, Policy::default());
    let early = ports.clock.tick();
    take(ports, &first, vec![import_row("Bo", "bo@example.org"), row()]);
    take(ports, &first, vec![row(), import_row("Anna", "ann@example.org")]);
    let second = running_import(ports, org, Policy::default());
    let late = ports.clock.tick();
    take(ports, &second, vec![row()]);

    let sources = ports.contacts.sources(org, old.id, None, 1_000).unwrap();
    let by = |import: &Import, row, at| Source {
        at,
        detail: SourceDetail::CsvImport {
            import: import.id,
            file_name: import.file_name.clone(),
            row,
        },
    };
    let expected = [old.source.clone(), by(&first, 2, early), by(&second, 1, late)];
    assert_eq!(sources, expected);
    assert_eq!(ports.get(org, old.id).source, old.source, "the source never changes");
    let activity = ports.activity(org, old.id);
    let added: Vec<_> = activity
        .into_iter()
        .filter_map(|entry| match entry.what {
            ActivityKind::SourceAdded(detail) | ActivityKind::Imported { detail, .. } => {
                Some((entry.actor, Source { at: entry.at, detail }))
            }
            _ => None,
        })
        .collect();
    let [_, one, two] = expected;
    assert_eq!(added, [(Actor::Import(second.id), two), (Actor::Import(first.id), one)]);
}

pub fn activity_lists_what_an_import_changed(ports: &Ports) {
    let org = ports.org();
    let old = ports.add_with(org, "Ann", "ann@example.org", |contact| {
        contact.custom = custom(&[("tier", text("gold"))]);
    });
    let row = |name, tier, tag: &str| ImportRow {
        tags: tags(&[tag]),
        custom: custom(&[("tier", text(tier))]),
        ..import_row(name, "ann@example.org")
    };
    for size in 1..=3 {
        let import = running_import(ports, org, Policy::default());
        ports.clock.tick();
        let now = if size == 2 { ["silver", "Ann"] } else { ["gold", "Anna"] };
        let tag = format!("t{size}");
        let rows = [row("A", "bronze", &tag), row("B", "gold", "x"), row(now[1], now[0], &tag)];
        let was = ann(ports, org);
        for part in rows.chunks(size) {
            take(ports, &import, part.to_vec());
        }
        let activity = ports.activity(org, old.id);
        let ActivityKind::Imported { detail, changes, tags } = &activity[0].what else {
            panic!("{activity:?}");
        };
        assert_eq!(detail.detail_id(), Some(import.id.0));
        let is = ann(ports, org);
        let field_changes = |field: &str| {
            let change = changes.iter().find(|change| change.field == field);
            change.map(|c| (c.from.clone().unwrap(), c.to.clone().unwrap()))
        };
        assert_eq!(
            field_changes("name"),
            Some((display(&was), display(&is))),
            "all its rows together"
        );
        let tier = |contact: &Contact| contact.custom[&samples::key("tier")].to_string();
        let changed = (tier(&was) != tier(&is)).then(|| (tier(&was), tier(&is)));
        assert_eq!(field_changes("custom.tier"), changed);
        assert!(tags.contains(&tag), "{tags:?}");
    }
}

pub fn issues_are_listed_in_the_order_of_the_file(ports: &Ports) {
    let org = ports.org();
    ports.add(org, "Known", "known@example.org");
    let import = running_import(ports, org, Policy::AddOnly);
    let skip = |number, skip: Skip| PlannedRow {
        row: Err(skip.into()),
        ..planned(&ports.ids, number, import_row("x", "x@example.org"))
    };
    let ok = |number, email: &str| planned(&ports.ids, number, import_row("Ann", email));
    let mut warned = ok(3, "ann@example.org");
    warned.line = 40;
    warned.warnings = vec![
        warning(Target::Phone, "is longer than 100 characters"),
        warning(Target::Field(samples::key("tier")), "must be a number, such as 12.5"),
    ];
    let mut existing = ok(4, "known@example.org");
    existing.warnings = vec![warning(Target::Phone, "is lost with its row")];
    let rows = vec![skip(1, Skip::MissingName), ok(2, "bo@example.org"), warned, existing];
    take_chunk(ports, &import, &Chunk { after: 0, rows, ..Chunk::default() });
    let rows = vec![skip(5, Skip::MissingEmail), skip(6, Skip::Unchanged)];
    let tally = take_chunk(ports, &import, &Chunk { after: 4, rows, ..Chunk::default() });
    let codes = [
        (SkipCode::MissingName, 1),
        (SkipCode::MissingEmail, 1),
        (SkipCode::Known, 1),
        (SkipCode::Unchanged, 1),
    ];
    assert_eq!((tally.added, tally.warnings), (2, 2));
    assert_eq!(tally.skipped, skipped(&codes));
    assert_eq!(ports.imports.get(org, import.id).unwrap().unwrap().tally, tally);

    let issue = |row, line, code: &str, reason: &str| Issue {
        row,
        line,
        code: IssueCode::parse(code).unwrap(),
        reason: reason.to_owned(),
    };
    let expected = [
        issue(1, 2, "missing_name", "the name is missing"),
        issue(3, 40, "warning", "phone is longer than 100 characters"),
        issue(3, 40, "warning", "custom:tier must be a number, such as 12.5"),
        issue(4, 5, "already_known", &Skip::Known.sentence()),
        issue(5, 6, "missing_email", "the email address is missing"),
    ];
    let issues = |after, limit| ports.imports.issues(org, import.id, after, limit).unwrap();
    assert_eq!(issues(0, 100), expected);
    assert_eq!(issues(1, 100), expected[1..]);
    assert_eq!(issues(3, 1), expected[3..4]);
    assert_eq!(issues(5, 1), []);
    let other = ports.org();
    assert_eq!(ports.imports.issues(other, import.id, 0, 100).unwrap(), []);
}

pub fn every_reason_to_skip_is_counted(ports: &Ports) {
    use contacts_core::contact::{InvalidEmail, InvalidName};
    use contacts_core::import::Unreadable;

    let org = ports.org();
    let import = running_import(ports, org, Policy::default());
    let skips = [
        Skip::Unreadable(Unreadable::TooLong),
        Skip::Unreadable(Unreadable::UnclosedQuote),
        Skip::MissingName,
        Skip::InvalidName(InvalidName::TooLong),
        Skip::MissingEmail,
        Skip::InvalidEmail(InvalidEmail::NoAt),
        Skip::InvalidEmail(InvalidEmail::Domain),
    ];
    let rows = (1..).zip(skips).map(|(number, skip)| PlannedRow {
        row: Err(skip.into()),
        ..planned(&ports.ids, number, import_row("x", "x@example.org"))
    });
    let tally =
        take_chunk(ports, &import, &Chunk { after: 0, rows: rows.collect(), ..Chunk::default() });
    let mut expected = Tally::default();
    skips.iter().for_each(|skip| expected.skip(skip.code()));
    assert_eq!(tally, expected);
    let issues = ports.imports.issues(org, import.id, 0, 10).unwrap();
    let reasons: Vec<_> = issues.into_iter().map(|issue| issue.reason).collect();
    assert_eq!(reasons, skips.map(Skip::sentence));
}

pub fn a_contact_of_another_organisation_is_unknown(ports: &Ports) {
    let (org, other) = (ports.org(), ports.org());
    let foreign = ports.add(other, "Ann", "ann@example.org");
    let import = running_import(ports, org, Policy::default());
    let tally = take(ports, &import, vec![import_row("Anna", "ann@example.org")]);
    assert_eq!(counts(&tally), (1, 0, 0));
    assert_eq!(ports.get(other, foreign.id), foreign);
    assert_eq!(ports.contacts.sources(other, foreign.id, None, 1_000).unwrap().len(), 1);
}

pub fn a_deleted_contact_is_added_again(ports: &Ports) {
    let org = ports.org();
    let import = running_import(ports, org, Policy::default());
    take(ports, &import, vec![import_row("Ann", "ann@example.org")]);
    let old = ann(ports, org);
    ports.contacts.delete(org, old.id, None, Actor::System, ports.clock.now()).unwrap();
    let tally = take(ports, &import, vec![import_row("Ann", "ann@example.org")]);
    assert_eq!(counts(&tally), (2, 0, 0));
    let new = ann(ports, org);
    assert_ne!(new.id, old.id);
    assert_eq!(row_numbers(ports, &new, &import), [2]);
}
