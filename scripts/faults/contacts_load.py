"""Load on single contacts: edits, tags, notes, deletes, erasures, captures and exports."""

import uuid

from . import Finding
from .ledger import Contact
from .load import Thread
from .product import good

_TAGS = ["Lead", "VIP", "Trade show", "Newsletter"]
_MOST_CONTACTS = 60


class Editor(Thread):
    """Adds contacts and changes them; nobody else changes them."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.mine, self.made, self.edits = [], 0, 0

    def step(self):
        kinds = ["edit"] * 6 + ["tag"] * 3 + ["note"] * 2 + ["read"] * 3 + ["create"] * 3
        kinds += ["delete", "erase"] if self.number == 0 else ["delete"]
        kind = self.random.choice(kinds)
        if not self.mine or (kind == "create" and len(self.mine) < _MOST_CONTACTS):
            self.create()
        elif kind != "create":
            getattr(self, kind)(self.random.choice(self.mine))

    def create(self):
        self.made += 1
        email, name = f"editor{self.number}-{self.made}@example.org", f"Made {self.made}"
        self.doing = f"creating {email}"
        answer = self.product.create_contact({"name": name, "email": email})
        if answer.is_lost:
            found = self.product.find_contact(email)
        else:
            found = good(answer, 201).body
        contact = Contact(found["id"], email, name, found["version"])
        self.ledger.add(contact)
        self.mine.append(contact)

    def edit(self, contact):
        self.edits += 1
        name = f"Edited {self.edits}"
        self.doing = f"naming {contact.email} {name}"
        answer = self.product.edit_contact(contact.id, contact.version, {"name": name})
        found = answer.body
        if answer.status == 412 and answer.maybe_done:
            # An attempt whose answer was lost has changed it.
            found = answer.body["current"]
        else:
            good(answer, 200)
        if found["name"] != name or found["version"] <= contact.version:
            raise Finding(f"it is {found}, and the version was {contact.version}")
        contact.name, contact.version = name, found["version"]
        self.ledger.count()

    def tag(self, contact):
        tag = self.random.choice(_TAGS)
        add = tag not in contact.tags
        self.doing = f"{'adding' if add else 'removing'} {tag} at {contact.email}"
        change = ([tag], []) if add else ([], [tag])
        answer = self.product.tag_contact(contact.id, *change)
        if not answer.is_lost:
            good(answer, 200)
        contact.tags ^= {tag}
        self.ledger.count()

    def note(self, contact):
        text = f"Note {uuid.UUID(int=self.random.getrandbits(128))}"
        self.doing = f"adding a note to {contact.email}"
        answer = self.product.add_note(contact.id, text)
        if not answer.is_lost:
            good(answer, 201)
        contact.notes.add(text)
        self.ledger.count()

    def read(self, contact):
        self.doing = f"reading {contact.email}"
        compare(contact, self.product.get(f"/v1/contacts/{contact.id}"))

    def delete(self, contact):
        self.doing = f"deleting {contact.email}"
        answer = self.product.delete_contact(contact.id)
        if not (answer.status == 404 and answer.maybe_done):
            good(answer, 204)
        self.mine.remove(contact)
        contact.is_gone = True
        self.ledger.count()

    def erase(self, contact):
        self.doing = f"erasing {contact.email}"
        answer = self.product.erase_contact(contact.id)
        if not (answer.is_lost or answer.code == "not_found" and answer.maybe_done):
            good(answer, 202)
        self.mine.remove(contact)
        contact.is_gone = True
        self.ledger.erased.append(contact.email)
        self.ledger.count()


class Capturer(Thread):
    """Sends what visitors of a widget enter, each of it twice at times."""

    def __init__(self, shared, number, seed, key):
        super().__init__(shared, number, seed)
        self.product = shared.product(first=number, key=key)
        self.widget = str(uuid.UUID(int=self.random.getrandbits(128)))
        self.sent = 0

    def step(self):
        self.sent += 1
        email, name = f"visitor{self.sent}@example.org", f"Visitor {self.sent}"
        self.doing = f"capturing {email}"
        body = {
            "widget_id": self.widget, "visitor": f"v-{self.sent}", "name": name, "email": email,
            "conversation_id": str(uuid.UUID(int=self.random.getrandbits(128))),
        }
        for _ in range(self.random.choice([1, 1, 2])):
            answer = self.product.capture(body)
            if not answer.is_lost:
                good(answer, 202)
        self.ledger.captured[email] = name
        self.ledger.count()


class Downloader(Thread):
    """Exports the pool, which nobody changes, as a file."""

    pause_seconds = 0.5

    def __init__(self, shared, number, seed, contacts):
        super().__init__(shared, number, seed)
        self.contacts = contacts

    def step(self):
        self.doing = "downloading the pool"
        answer = good(self.product.export(tags_any="pool", columns="email"), 200)
        found = answer.body.decode().split()[1:]
        if len(found) != self.contacts or len(set(found)) != self.contacts:
            raise Finding(f"a whole file has {len(found)} contacts of {self.contacts}")


def compare(contact, found):
    """A contact must be as it was last acknowledged."""
    problems = []
    if found["name"] != contact.name:
        problems.append(f"the name {found['name']}, and {contact.name} was acknowledged")
    if set(found["tags"]) != contact.tags:
        problems.append(f"the tags {found['tags']}, and {sorted(contact.tags)} were acknowledged")
    if found["version"] != contact.version:
        problems.append(f"the version {found['version']}, and {contact.version} was acknowledged")
    if problems:
        raise Finding(f"{contact.email} has {'; '.join(problems)}")
