"""The story with a client made by openapi-python-client (package `contacts_client`)."""

import io
import os
import time

from contacts_client import AuthenticatedClient, models
from contacts_client.api.actions import get_action, start_action
from contacts_client.api.contacts import (
    create_contact,
    export_contacts,
    list_contact_activity,
    list_contacts,
    tag_contact,
    update_contact,
)
from contacts_client.api.fields import define_field
from contacts_client.api.imports import get_import, start_import, upload_import
from contacts_client.api.runs import get_run, list_runs
from contacts_client.api.selections import create_selection
from contacts_client.types import File

client = AuthenticatedClient(base_url=os.environ["CONTACTS_URL"], token=os.environ["CONTACTS_KEY"])
address = "python@clients.example"


def until(read, is_reached):
    while not is_reached(value := read()):
        time.sleep(0.2)
    return value


def has_finished(run):
    return run.finished_at is not None


define_field.sync(
    client=client,
    body=models.NewField(key="tier", label="Tier", type_=models.FieldType.TEXT),
)

created = create_contact.sync_detailed(
    client=client, body=models.NewContact(name="Ann Python", email=address)
)
ann = created.parsed
assert isinstance(ann, models.Contact) and ann.source.kind == "manual"

custom = models.ContactPatchCustom.from_dict({"tier": "pro"})
patch = models.ContactPatch(phone="+49 30 901820", custom=custom)
ann = update_contact.sync(ann.id, client=client, body=patch, if_match=created.headers["etag"])
assert ann.phone_e164 == "+4930901820" and ann.version == 2

tagged = tag_contact.sync(ann.id, client=client, body=models.Tagging(add=["python"]))
assert tagged.added == ["python"]

page = list_contacts.sync(
    client=client,
    tags_any="python",
    field=["tier:any_of:pro"],
    sort="-created",
    count=models.ListContactsCount.EXACT,
)
assert [contact.id for contact in page.items] == [ann.id] and page.count.value == 1

chosen = models.NewSelection(filter_=models.NewFilter.from_dict({"tags_any": ["python"]}))
selection = create_selection.sync(client=client, body=chosen)
act = models.NewActionKind(type_=models.ActionType.ADD_TAGS, tags=["chosen"])
action = start_action.sync(
    client=client, body=models.NewAction(action=act, selection_id=selection.id)
)
action = until(lambda: get_action.sync(action.id, client=client), has_finished)
assert action.state == models.RunState.DONE and action.progress.done == 1 and action.action.tags == ["chosen"]

people = io.BytesIO(b"Name,Email\nBob Python,bob@clients.example\n")
form = models.UploadImportBody(file=File(payload=people, file_name="people.csv"))
run = upload_import.sync(client=client, body=form)
until(
    lambda: get_import.sync(run.id, client=client),
    lambda run: run.state == models.ImportState.READY,
)
start_import.sync(run.id, client=client)
run = until(lambda: get_import.sync(run.id, client=client), has_finished)
assert run.state == models.ImportState.DONE, run.problem
assert run.summary.added + run.summary.updated == 1, run.summary

first = list_runs.sync(client=client, limit=1)
assert first.items[0].id == run.id and first.items[0].kind == models.RunKind.IMPORT
assert list_runs.sync(client=client, limit=1, cursor=first.next_).items[0].id == action.id
assert get_run.sync(run.id, client=client).state == models.RunState.DONE

export = export_contacts.sync(client=client, q="python", columns="name,email")
assert b"Ann Python" in export.payload.read()

kinds = [entry.kind for entry in list_contact_activity.sync(ann.id, client=client).items]
assert "created" in kinds and "edited" in kinds and "tagged" in kinds, kinds

problem = create_contact.sync(
    client=client, body=models.NewContact(name="Ann", email=address)
)
assert isinstance(problem, models.Problem)
assert problem.code == models.ProblemCode.EMAIL_TAKEN and problem.contact_id == ann.id
print("openapi-python-client: the story is complete")
