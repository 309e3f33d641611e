"""Load of background runs: imports and their undo, bulk actions, and a connected source."""

import uuid

from . import Finding
from .load import Thread
from .product import ACTION_ENDS, IMPORT_ENDS, RUN_ENDS, good

NEW_ROWS = 1500
BASE_ROWS = 800


class Importer(Thread):
    """Imports a file: new contacts, or new names for contacts that exist. It undoes some."""

    pause_seconds = 0.2

    def __init__(self, shared, number, seed):
        super().__init__(shared, number, seed)
        self.files = 0

    def step(self):
        self.files += 1
        if self.files == 1 or self.random.random() < 0.4:
            self.import_base()
        else:
            self.import_new()

    def import_new(self):
        tag, fate = f"import-{self.number}-{self.files}", self.random.random()
        people = {f"{tag}-{row}@example.org": f"New {row}" for row in range(NEW_ROWS)}
        run = self.import_file(tag, people, "added", cancel=fate > 0.85)
        if fate > 0.85:
            return  # Which rows it took is not known.
        if fate < 0.4:
            self.undo(run, {"removed": NEW_ROWS})
            self.ledger.undone.add(tag)
        else:
            self.ledger.imported[tag] = people

    def import_base(self):
        """Gives the same contacts new names, and takes them back at times."""
        tag, is_first = f"base-{self.number}", self.files == 1
        name = f"Named {self.files}"
        people = {f"{tag}-{row}@example.org": f"{name} {row}" for row in range(BASE_ROWS)}
        run = self.import_file(tag, people, "added" if is_first else "updated")
        if not is_first and self.random.random() < 0.6:
            self.undo(run, {"restored": BASE_ROWS})
        else:
            self.ledger.imported[tag] = people

    def import_file(self, tag, people, what, cancel=False):
        """Uploads, plans, tries and runs a file; its summary must add up."""
        self.doing = f"importing {tag}"
        lines = ["Full name,E-mail"] + [f"{name},{email}" for email, name in people.items()]
        run = self.product.upload(f"{tag}-{self.files}.csv", "\n".join(lines).encode())
        state = self.wait_import(run, {"ready", *IMPORT_ENDS})
        if state["state"] != "ready":
            raise Finding(f"the import {run} is {state['state']}: {state['problem']}")
        self.product.plan(run, columns=["name", "email"], policy="overwrite", tags=[tag])
        expected = {what: len(people)}
        if self.random.random() < 0.4:
            self.dry_run(run, expected)
        self.accept(self.product.start_import(run), 200)
        if cancel:
            self.accept(self.product.cancel(run), 200, 409)
        state = self.wait_import(run, IMPORT_ENDS)
        self.check_summary(run, state, len(people), expected, cancel)
        self.ledger.count()
        return run

    def check_summary(self, run, state, rows, expected, cancel):
        summary = state["summary"]
        read = summary["added"] + summary["updated"] + summary["skipped"]
        if sum(summary["skipped_by_reason"].values()) != summary["skipped"]:
            raise Finding(f"the reasons of the import {run} do not add up: {summary}")
        if cancel and state["state"] == "cancelled":
            return
        if state["state"] != "done" or read != rows:
            raise Finding(f"the import {run} of {rows} rows is {state}")
        for what, count in expected.items():
            if summary[what] != count:
                raise Finding(f"the import {run} has {what} {summary[what]} of {count}: {summary}")

    def dry_run(self, run, expected):
        self.accept(self.product.dry_run(run), 202)
        state = self.wait(f"the dry run of {run}", lambda: self.product.dry_run_state(run),
                          {"done", "failed"})
        summary = {what: state["summary"][what] for what in expected}
        if state["state"] != "done" or summary != expected:
            raise Finding(f"the dry run of {run} foresees {state}, and {expected} was expected")

    def undo(self, run, expected):
        self.accept(self.product.undo(run), 202)
        state = self.wait(f"the undo of {run}", lambda: self.product.undo_state(run),
                          {"done", "failed"})
        summary = {what: state["summary"][what] for what in expected}
        if state["state"] != "done" or summary != expected:
            raise Finding(f"the undo of {run} is {state}, and {expected} was expected")
        self.ledger.count()

    def wait_import(self, run, ends):
        return self.wait(f"the import {run}", lambda: self.product.import_(run), ends)

    @staticmethod
    def accept(answer, *statuses):
        """An answer that was lost, or refused since a lost attempt has done it, is one, too."""
        if not (answer.is_lost or answer.maybe_done and answer.status == 409):
            good(answer, *statuses)


class Bulk(Thread):
    """Bulk actions on the pool, and deletes of contacts that it imported for that."""

    pause_seconds = 0.3

    def __init__(self, shared, number, seed, contacts):
        super().__init__(shared, number, seed)
        self.contacts, self.actions = contacts, 0

    def step(self):
        self.actions += 1
        kind = self.random.choice(["add_tags", "add_tags", "remove_tags", "campaign", "export"])
        self.doing = f"{kind} {self.actions}"
        match kind:
            case "add_tags":
                tag = f"bulk-{self.actions}"
                self.act({"type": "add_tags", "tags": [tag]})
                self.ledger.bulk_tags[tag] = self.contacts
            case "remove_tags" if self.ledger.bulk_tags:
                tag = self.random.choice(sorted(self.ledger.bulk_tags))
                changed = self.contacts if self.ledger.bulk_tags[tag] else 0
                self.act({"type": "remove_tags", "tags": [tag]}, changed)
                self.ledger.bulk_tags[tag] = 0
            case "campaign":
                campaign = str(uuid.UUID(int=self.random.getrandbits(128)))
                good(self.product.put_campaign(campaign, f"Campaign {self.actions}"), 200, 201)
                self.act({"type": "add_to_campaign", "campaign_id": campaign})
                self.ledger.campaigns[campaign] = self.contacts
            case "export":
                self.export()
        self.ledger.count()

    def act(self, action, changed=None):
        """An action on the pool, at its end."""
        selection = self.product.select(filter={"tags_any": ["pool"]})
        if selection.is_lost:
            selection = self.product.select(filter={"tags_any": ["pool"]})
        selection = good(selection, 201).body
        if selection["count"] != self.contacts:
            raise Finding(f"the pool has {selection['count']} contacts of {self.contacts}")
        body = {"selection_id": selection["id"], "action": action}
        answer = self.product.act(body)
        if answer.is_lost:
            # How often it was carried out is counted below.
            found = self.product.actions()
            begun = next(one for one in found if one["selection_id"] == selection["id"])
        else:
            begun = good(answer, 200, 202).body
        end = self.wait(f"the action {begun['id']}", lambda: self.product.action(begun["id"]),
                        ACTION_ENDS)
        summary = end["summary"]
        expected = self.contacts if changed is None else changed
        total = summary["changed"] + summary["unchanged"] + summary["skipped"]
        if end["state"] != "done" or total != self.contacts or summary["changed"] != expected:
            raise Finding(f"the action is {end}, and {expected} changes were expected")
        same = sum(one["selection_id"] == selection["id"] for one in self.product.actions())
        if same != 1:
            raise Finding(f"the keyed request for {action} began {same} actions")
        return end

    def export(self):
        end = self.act({"type": "export", "columns": ["email"]}, changed=0)
        answer = self.product.action_file(end["id"])
        if answer.code == "file_erased":
            return  # An erasure removes the files of all exports.
        lines = good(answer, 200).body.decode().split()[1:]
        if len(set(lines)) != self.contacts or len(lines) != self.contacts:
            raise Finding(f"the export has {len(lines)} contacts of {self.contacts}")


class Syncer(Thread):
    """Changes the system that a connected source reads, and runs the source."""

    pause_seconds = 1.0

    def __init__(self, shared, number, seed, source):
        super().__init__(shared, number, seed)
        self.source, self.people = source, 0

    def step(self):
        for _ in range(50):
            self.people += 1
            self.shared.receiver.set_person(self.people, f"Person {self.people}")
        changed = self.random.randrange(1, self.people + 1)
        self.shared.receiver.set_person(changed, f"Person {changed} again {self.people}")
        self.sync()

    def sync(self):
        self.doing = "running the source"
        before = {run["id"] for run in self.product.source_runs(self.source)}
        answer = self.product.run_source(self.source)
        begun = {run["id"] for run in self.product.source_runs(self.source)} - before
        if len(begun) != 1:
            raise Finding(f"the keyed request for a run, {answer}, began {len(begun)} runs")
        [run] = begun
        if not answer.is_lost and good(answer, 202).body["id"] != run:
            raise Finding(f"the answer to the request for the run {run} names {answer.body['id']}")
        state = self.wait(f"the run {run}", lambda: self.product.source_run(self.source, run),
                          RUN_ENDS)
        if state["state"] != "done":
            # The log may be long.
            raise Finding(f"the run {run} is {state['state']}: {state['problem']}")
