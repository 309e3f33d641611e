"""The API, request by request: the only place that knows paths, states and parameters of pages."""

import urllib.parse
import uuid

from . import Finding

IMPORT_ENDS = {"done", "cancelled", "failed", "unusable", "undone"}
ACTION_ENDS = {"done", "cancelled", "failed"}
RUN_ENDS = {"done", "cancelled", "failed"}
_MERGE_PATCH = "application/merge-patch+json"


def new_key():
    return str(uuid.uuid4())


class Product:
    """What a thread of the load does to the product."""

    def __init__(self, client):
        self.client = client

    def read(self, path, **parameters):
        query = urllib.parse.urlencode(parameters)
        return self.client.ask("GET", f"{path}?{query}" if query else path)

    def get(self, path, **parameters):
        return good(self.read(path, **parameters), 200).body

    def post(self, path, body=None, key=None):
        return self.client.ask("POST", path, body, key=key or new_key())

    def pages(self, path, **parameters):
        """Every item of a list."""
        cursor = {}
        while True:
            page = self.get(path, **parameters, **cursor)
            yield from page["items"]
            if page["next"] is None:
                return
            cursor = {"cursor": page["next"]}

    # Contacts

    def contacts(self, **parameters):
        return self.pages("/v1/contacts", limit=200, count="none", **parameters)

    def find_contact(self, email):
        return next((one for one in self.contacts(q=email) if one["email"] == email), None)

    def create_contact(self, body):
        return self.post("/v1/contacts", body)

    def edit_contact(self, contact_id, version, patch):
        headers = {"If-Match": f'"{version}"'}
        path = f"/v1/contacts/{contact_id}"
        return self.client.ask("PATCH", path, patch, headers=headers, kind=_MERGE_PATCH)

    def delete_contact(self, contact_id):
        return self.client.ask("DELETE", f"/v1/contacts/{contact_id}")

    def erase_contact(self, contact_id):
        return self.post(f"/v1/contacts/{contact_id}/erase", {})

    def tag_contact(self, contact_id, add, remove):
        return self.post(f"/v1/contacts/{contact_id}/tags", {"add": add, "remove": remove})

    def add_note(self, contact_id, text):
        return self.post(f"/v1/contacts/{contact_id}/notes", {"text": text})

    def notes(self, contact_id):
        return self.pages(f"/v1/contacts/{contact_id}/notes")

    def erasures(self):
        return self.pages("/v1/erasures", limit=200)

    # Imports

    def upload(self, name, content):
        """The id of the import. When its answer is not stored, the list has it, once."""
        path = f"/v1/imports?file_name={name}"
        answer = self.client.ask("POST", path, content, key=new_key(), kind="text/csv")
        if answer.is_lost:
            found = [one["id"] for one in self.pages("/v1/imports", limit=200)
                     if one["file_name"] == name and one["state"] not in ("uploading", "failed")]
            if len(found) != 1:
                raise Finding(f"{answer} is about {len(found)} imports of {name}")
            return found[0]
        return good(answer, 201).body["id"]

    def import_(self, run):
        return self.get(f"/v1/imports/{run}")

    def plan(self, run, **plan):
        return good(self.client.ask("PATCH", f"/v1/imports/{run}", plan), 200)

    def start_import(self, run):
        return self.post(f"/v1/imports/{run}/start")

    def cancel(self, run):
        return self.post(f"/v1/runs/{run}/cancel")

    def dry_run(self, run):
        return self.post(f"/v1/imports/{run}/dry-run")

    def dry_run_state(self, run):
        return self.get(f"/v1/imports/{run}/dry-run")

    def undo(self, run):
        return self.post(f"/v1/imports/{run}/undo")

    def undo_state(self, run):
        return self.get(f"/v1/imports/{run}/undo")

    # Bulk actions

    def select(self, **which):
        return self.post("/v1/selections", which)

    def act(self, body):
        return self.post("/v1/actions", body)

    def action(self, action_id):
        return self.get(f"/v1/actions/{action_id}")

    def actions(self):
        return self.pages("/v1/actions", limit=200)

    def action_file(self, action_id):
        return self.read(f"/v1/actions/{action_id}/file")

    # The rest

    def export(self, **parameters):
        return self.read("/v1/contacts/export", **parameters)

    def capture(self, body):
        return self.post("/v1/captures", body)

    def put_campaign(self, campaign, name):
        body = {"kind": "campaign", "name": name}
        return self.client.ask("PUT", f"/v1/campaigns/{campaign}", body)

    def create_webhook(self, url):
        return good(self.post("/v1/webhooks", {"url": url}), 201).body

    def create_source(self, url):
        mapping = [{"field": "name", "target": "name"}, {"field": "email", "target": "email"}]
        body = {
            "name": "CRM", "connector": "http", "stream": "records", "mode": "full",
            "settings": {"url": url, "records": "people"},
            "mapping": {"id_field": "id", "fields": mapping},
        }
        return good(self.post("/v1/sources", body), 201).body["id"]

    def run_source(self, source):
        return self.post(f"/v1/sources/{source}/runs", {})

    def source_run(self, source, run):
        return self.get(f"/v1/sources/{source}/runs/{run}")

    def source_runs(self, source):
        return self.pages(f"/v1/sources/{source}/runs", limit=200)

    def last_event(self):
        """The cursor behind the newest event."""
        return self.get("/v1/events", **{"from": "latest"})["next"]

    def events(self, cursor):
        """Every event since a cursor."""
        while True:
            page = self.get("/v1/events", cursor=cursor, limit=200)
            yield from page["items"]
            cursor = page["next"]
            if not page["more"]:
                return


def good(answer, *statuses):
    """The answer, when it has one of the statuses."""
    if answer.status not in statuses:
        raise Finding(f"an answer of {' or '.join(map(str, statuses))} was expected: {answer}")
    return answer
