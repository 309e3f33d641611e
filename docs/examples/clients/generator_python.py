"""The story with a client made by openapi-generator's `python` (package `contacts_generated`)."""

import os
import time

import contacts_generated as api
from contacts_generated import models

configuration = api.Configuration(
    host=os.environ["CONTACTS_URL"], access_token=os.environ["CONTACTS_KEY"]
)
client = api.ApiClient(configuration)
contacts, imports = api.ContactsApi(client), api.ImportsApi(client)
address = "generated@clients.example"


def until(read, is_reached):
    while not is_reached(value := read()):
        time.sleep(0.2)
    return value


def has_finished(run):
    return run.finished_at is not None


try:
    field = models.NewField(key="tier", label="Tier", type=models.FieldType.TEXT)
    api.FieldsApi(client).define_field(field)
except api.ApiException as error:
    assert error.status == 409, error

created = contacts.create_contact_with_http_info(
    models.NewContact(name="Ann Generated", email=address)
)
ann = created.data
assert ann.source.actual_instance.kind == "manual"

patch = models.ContactPatch(
    phone="+49 30 901820", custom={"tier": models.NewCustomValue("pro")}
)
patched = contacts.update_contact(ann.id, patch, if_match=created.headers["etag"])
assert patched.phone_e164 == "+4930901820" and patched.version == 2

tagged = contacts.tag_contact(ann.id, models.Tagging(add=["generated"]))
assert tagged.added == ["generated"]

page = contacts.list_contacts(
    tags_any="generated", var_field=["tier:any_of:pro"], sort="-created", count="exact"
)
assert [contact.id for contact in page.items] == [ann.id] and page.count.value == 1

chosen = models.NewSelection(filter={"tags_any": models.NewFilterValue(["generated"])})
selection = api.SelectionsApi(client).create_selection(chosen)
actions = api.ActionsApi(client)
kind = models.NewActionKind(type=models.ActionType.ADD_TAGS, tags=["chosen"])
action = actions.start_action(models.NewAction(action=kind, selection_id=selection.id))
action = until(lambda: actions.get_action(action.id), has_finished)
assert action.state == models.RunState.DONE and action.progress.done == 1 and action.action.actual_instance.tags == ["chosen"]

file = ("people.csv", b"Name,Email\nBob Generated,bob@clients.example\n")
run = imports.upload_import(file)
until(lambda: imports.get_import(run.id), lambda run: run.state == models.ImportState.READY)
imports.start_import(run.id)
run = until(lambda: imports.get_import(run.id), has_finished)
assert run.state == models.ImportState.DONE, run.problem
assert run.summary.added + run.summary.updated == 1, run.summary

runs = api.RunsApi(client)
first = runs.list_runs(limit=1)
assert first.items[0].id == run.id and first.items[0].kind == models.RunKind.IMPORT
assert runs.list_runs(limit=1, cursor=first.next).items[0].id == action.id
assert runs.get_run(run.id).state == models.RunState.DONE

export = contacts.export_contacts(q="generated", columns="name,email")
assert b"Ann Generated" in bytes(export)

kinds = {
    entry.actual_instance.kind for entry in contacts.list_contact_activity(ann.id).items
}
assert kinds == {"created", "edited", "tagged"}, kinds

try:
    contacts.create_contact(models.NewContact(name="Ann", email=address))
    raise AssertionError("the address is taken")
except api.ApiException as error:
    assert isinstance(error.data, models.Problem)
    assert error.data.code == models.ProblemCode.EMAIL_TAKEN and error.data.contact_id == ann.id
print("openapi-generator python: the story is complete")
