"""What the product has acknowledged, and what therefore must be true."""

import threading


class Contact:
    """A contact that one thread of the load alone changes."""

    def __init__(self, contact_id, email, name, version):
        self.id, self.email, self.version = contact_id, email, version
        self.name, self.tags, self.notes = name, set(), set()
        self.is_gone = False


class Ledger:
    """Everything that was acknowledged. Threads add to it; the checks read it at the end."""

    def __init__(self):
        self.lock = threading.Lock()
        self.contacts = {}  # By id.
        self.erased = []  # Addresses.
        self.captured = {}  # Address -> name.
        self.imported = {}  # Tag of an import -> {address: name}.
        self.undone = set()  # Tags of imports of new contacts that were undone.
        self.bulk_tags = {}  # Tag -> number of contacts with it.
        self.campaigns = {}  # Campaign -> number of contacts in it.
        self.acknowledged = 0

    def add(self, contact):
        with self.lock:
            self.contacts[contact.id] = contact
            self.acknowledged += 1

    def count(self):
        with self.lock:
            self.acknowledged += 1
