"""What must be true at the end: the ledger, the invariants of the database, and the audit."""

import collections
import time

from . import Finding
from .contacts_load import compare
from .product import good
from .servers import command, has_command

# No rows: what each statement finds must not exist.
INVARIANTS = {
    "a contact without a source":
        "SELECT id FROM contacts c WHERE NOT EXISTS (SELECT FROM contact_sources s"
        " WHERE s.org_id = c.org_id AND s.contact_id = c.id)",
    "a tag of a contact that does not exist":
        "SELECT contact_id FROM contact_tags t WHERE NOT EXISTS (SELECT FROM contacts c"
        " WHERE c.org_id = t.org_id AND c.id = t.contact_id)",
    "an import that is open without a job":
        "SELECT id FROM imports WHERE state IN ('analysing', 'running', 'undoing')",
    "an upload that nobody sends": "SELECT id FROM imports WHERE state = 'uploading'",
    "an action that is open": "SELECT id FROM actions WHERE finished_at IS NULL",
    "a run of a source that is open":
        "SELECT id FROM sync_runs WHERE finished_at IS NULL",
    "a dry run that is open": "SELECT id FROM dry_runs WHERE finished_at IS NULL",
}
# An upload whose server was killed fails after two minutes, at the next minute (R63), and an
# erasure that waits for it asks at intervals.
_SETTLED_WITHIN_SECONDS = 240


class Checks:
    """The checks after the last fault, with all threads of the load at their end."""

    def __init__(self, shared, database, after_event):
        self.product, self.ledger = shared.product(), shared.ledger
        self.receiver, self.server = shared.receiver, shared.servers[0]
        self.database, self.after_event = database, after_event

    def run(self):
        """The number of things that were compared."""
        steps = [self.contacts, self.imports, self.bulk, self.captures, self.source, self.erasures,
                 self.webhooks, self.invariants, self.audit]
        return sum(step() for step in steps)

    def contacts(self):
        for contact in self.ledger.contacts.values():
            path = f"/v1/contacts/{contact.id}"
            if contact.is_gone:
                status = self.product.read(path).status
                if status != 404:
                    raise Finding(f"{contact.email} was deleted, and is answered with {status}")
                if self.product.find_contact(contact.email):
                    raise Finding(f"{contact.email} was deleted, and is on the list")
                continue
            compare(contact, self.product.get(path))
            notes = sorted(note["text"] for note in self.product.notes(contact.id))
            if notes != sorted(contact.notes):
                raise Finding(f"{contact.email} has the notes {notes}, and acknowledged were "
                              f"{sorted(contact.notes)}")
        return len(self.ledger.contacts)

    def imports(self):
        for tag, people in self.ledger.imported.items():
            self._compare_people(f"the import {tag}", people, tags_any=tag)
        for tag in self.ledger.undone:
            self._compare_people(f"the import {tag}, which was undone,", {}, tags_any=tag)
        return sum(len(people) for people in self.ledger.imported.values())

    def bulk(self):
        for tag, count in self.ledger.bulk_tags.items():
            self._compare_count(count, tags_any=[tag])
        for campaign, count in self.ledger.campaigns.items():
            self._compare_count(count, campaign=[campaign])
        return len(self.ledger.bulk_tags) + len(self.ledger.campaigns)

    def captures(self):
        found = {one["email"]: one["name"] for one in self.product.contacts(source="chat")}
        if found != self.ledger.captured:
            raise Finding(f"captured are {difference(self.ledger.captured, found)}")
        return len(found)

    def source(self):
        expected = self.receiver.expected_people()
        self._compare_people("the connected source", expected, source="connected")
        return len(expected)

    def erasures(self):
        end = time.monotonic() + _SETTLED_WITHIN_SECONDS
        while open_ := [one for one in self.product.erasures() if one["state"] != "done"]:
            if time.monotonic() > end:
                raise Finding(f"erasures do not end: {open_}")
            time.sleep(0.5)
        if self.ledger.erased and hasattr(self.database, "dump"):
            dump = self.database.dump()
            for email in self.ledger.erased:
                if f"{email}\t".encode() in dump or f'"{email}"'.encode() in dump:
                    raise Finding(f"{email} was erased, and is in the database")
        return len(self.ledger.erased)

    def webhooks(self):
        expected = {event["number"] for event in self.product.events(self.after_event)}
        end = time.monotonic() + _SETTLED_WITHIN_SECONDS
        while missing := expected - self.receiver.numbers:
            if time.monotonic() > end:
                raise Finding(f"{len(missing)} of {len(expected)} events were not sent to the "
                              f"webhook, such as {min(missing)}")
            time.sleep(0.5)
        return len(expected)

    def invariants(self):
        for what, statement in INVARIANTS.items():
            end = time.monotonic() + _SETTLED_WITHIN_SECONDS
            while found := self.database.sql(statement):
                if time.monotonic() > end:
                    raise Finding(f"there is {what}: {found[:5]}")
                time.sleep(1)
        return len(INVARIANTS)

    def audit(self):
        if not has_command(self.server, "audit"):
            return 0
        command(self.server, "audit")
        return 1

    def _compare_people(self, what, expected, **filter_):
        found = [(one["email"], one["name"]) for one in self.product.contacts(**filter_)]
        twice = [email for email, n in collections.Counter(e for e, _ in found).items() if n > 1]
        if twice:
            raise Finding(f"{what} has {twice[0]} twice")
        if dict(found) != expected:
            raise Finding(f"{what} has {difference(expected, dict(found))}")

    def _compare_count(self, count, **filter_):
        found = good(self.product.select(filter=filter_), 201).body["count"]
        if found != count:
            raise Finding(f"{found} contacts match {filter_}, and {count} were acknowledged")


def difference(expected, found):
    """The first difference of two mappings, in words."""
    for email in sorted(expected.keys() | found.keys()):
        if expected.get(email) != found.get(email):
            return (f"{len(found)} contacts of {len(expected)}; {email} is {found.get(email)}, "
                    f"and {expected.get(email)} was acknowledged")
    return "no difference"
