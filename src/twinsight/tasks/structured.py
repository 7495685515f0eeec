"""Answers as JSON or as one word of an enum."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from twinsight.filling.document import dump, fill
from twinsight.prompt import Finish, Prompt
from twinsight.tasks import asking, facts, find, limit, spatial, tables
from twinsight.tasks.answers import answer, inventory, talk
from twinsight.tasks.request import otherwise, shown, targets
from twinsight.tasks.request.intent import Task, task_of
from twinsight.tasks.request.keys import Form, form_of, is_single
from twinsight.tasks.request.style import style_of
from twinsight.tasks.scene import Scene
from twinsight.tasks.wording.said import Asked

SPATIAL = (Task.DETECT, Task.SEGMENT, Task.POINT)

_KEY = re.compile(r"[\"`](\w{1,40})[\"`]")

_LISTED = re.compile(
    r"\b(?:(?:keys?|fields?|properties|clés?|champs?)(?: named| called| nommées?)?|json(?: object|"
    r" document| record)? (?:with|containing|avec|of)(?: (?:the|these|an?|les))?(?: (?:keys?|"
    r"fields?|properties|clés?|champs?))?):? "
    r"(?P<names>\w+(?:(?:,\s*(?:and |et )?| and | et )\w+)+)",
    re.IGNORECASE,
)


def enum_word(prompt: Prompt, task: Task, scenes: Sequence[Scene]) -> str:
    """The bare word of the enum that fits the picture best."""
    schema: dict[str, Any] = prompt.shape.schema or {}
    words = [str(word) for word in schema.get("enum", []) if word is not None]
    asked = talk.shown(prompt, task, scenes)
    return asking.choice(words, [prompt.question], asked, certain=True) or words[0]


def json_text(prompt: Prompt, task: Task, scenes: Sequence[Scene], most: int) -> tuple[str, Finish]:
    """A bare JSON document: by the caller's schema, else one that suits the task."""
    if prompt.shape.schema is None and task in SPATIAL and scenes and not _schema_shown(prompt):
        return _listed(prompt, task, talk.shown(prompt, task, scenes), limit.BARE, most)
    return _written(_value(prompt, task, scenes), most)


def _value(prompt: Prompt, task: Task, scenes: Sequence[Scene]) -> object:
    schema = _schema_shown(prompt) if task in SPATIAL else schema_of_keys(prompt)
    if schema and prompt.shape.schema is None and task not in SPATIAL:
        # The names of keys are no question.
        prompt = prompt.asking(_LISTED.sub("", prompt.question))
        task = task_of(prompt)
    asked = talk.shown(prompt, task, scenes)
    seen = facts.SceneFacts(prompt, task, asked)
    if prompt.shape.schema is not None:
        return fill(prompt.shape.schema, seen)
    if schema and scenes:
        return fill(schema, seen)
    if task in (Task.COUNT, Task.LIST) and asked:
        return _counts_or_names(prompt, task, asked)
    return {"answer": talk.reply(prompt, task, scenes)}


def _schema_shown(prompt: Prompt) -> dict[str, Any] | None:
    words = f"{prompt.instruction}\n{prompt.question}"
    return shown.schema_shown(words, len(prompt.images))


def _counts_or_names(prompt: Prompt, task: Task, scenes: Sequence[Scene]) -> object:
    """Numbers by the things' names, or names alone; with several pictures, one for each."""
    understood = Asked.of(prompt.question, style_of(prompt))
    tell = answer.counts if task is Task.COUNT else inventory.names
    told = [tell(scene, understood) for scene in scenes]
    return told if len(told) > 1 else told[0]


def schema_of_keys(prompt: Prompt) -> dict[str, Any] | None:
    """A schema with the keys that the words ask for, when they are about JSON and name some."""
    words = f"{prompt.instruction}\n{prompt.question}"
    if not re.search(r"\bkeys?\b|\bclés?\b|\bfields?\b|json", words, re.IGNORECASE):
        return None
    names = list(dict.fromkeys(_KEY.findall(words))) or _listed_keys(words)
    if not names:
        return None
    properties = {name: {"type": [asking.type_named(name), "null"]} for name in names}
    for one in properties.values():
        if one["type"][0] == "array":
            one["items"] = {"type": "string"}  # type: ignore[assignment]
    return {"type": "object", "properties": properties, "required": names}


def _listed_keys(words: str) -> list[str]:
    """The names in "JSON with the keys title, tags and count", which nothing quotes."""
    found = _LISTED.search(words)
    if found is None:
        return []
    return [name for name in re.split(r",\s*|\s+(?:and|et)\s+", found["names"]) if name]


def fenced(prompt: Prompt, task: Task, scenes: Sequence[Scene], most: int) -> tuple[str, Finish]:
    """JSON within text: in a ```json fence, as Gemini writes it without JSON mode."""
    if task in SPATIAL and not _schema_shown(prompt):
        return _listed(prompt, task, talk.shown(prompt, task, scenes), limit.FENCED, most)
    return limit.cut_document(f"```json\n{dump(_value(prompt, task, scenes))}\n```", most)


def _listed(
    prompt: Prompt, task: Task, asked: Sequence[Scene], listing: limit.Listing, most: int
) -> tuple[str, Finish]:
    """The spatial list, in the object that the prompt shows around it, cut between its items."""
    form = form_of(prompt.question, task, prompt.instruction)
    table = tables.table_of(f"{prompt.instruction}\n{prompt.question}", form)
    if table is not None and listing is limit.FENCED and task is not Task.SEGMENT:
        return _tabled(prompt, task, asked, table, most)
    entries = spatial_entries(prompt, task, asked, form)
    if not entries:
        instead = otherwise.said_instead(f"{prompt.instruction}\n{prompt.question}")
        if instead is not None:
            return limit.cut_document(otherwise.written(instead, listing), most)
    if entries and is_single(f"{prompt.instruction}\n{prompt.question}"):
        return limit.cut_document(f"{listing.start}{dump(entries[0])}{listing.end}", most)
    if form.grouped:
        whole = f"{listing.start}{dump(_by_name(entries))}{listing.end}"
        return limit.cut_document(whole, most)
    if form.around:
        listing = _within(form, len(entries), listing)
    return limit.cut_list([_row(entry) for entry in entries], listing, most)


def _by_name(entries: Sequence[dict[str, Any]]) -> dict[str, list[Any]]:
    """The places under the names of the things."""
    grouped: dict[str, list[Any]] = {}
    for label, place, *_ in (entry.values() for entry in entries):
        grouped.setdefault(label, []).append(place)
    return grouped


def _tabled(
    prompt: Prompt, task: Task, asked: Sequence[Scene], table: tables.Table, most: int
) -> tuple[str, Finish]:
    """The list as lines of text."""
    entries = spatial_entries(prompt, task, asked, table.form)
    if len(asked) > 1:
        table = table.with_image()
    wanted = targets.wanted(prompt.question, prompt.instruction).targets
    order = [name for target in wanted for name in sorted(target.names or ())]
    lines = [table.line(entry, order) for entry in entries]
    return limit.cut_list(lines, table.listing(), most)


def _within(form: Form, count: int, listing: limit.Listing) -> limit.Listing:
    """The listing inside an object with the keys that stand around it."""
    said = {"count": dump(count), "list": "\0", "": "null"}
    rows = [f"{dump(key)}: {said[part]}" for part, key in form.around]
    before, after = ("{" + ", ".join(rows) + "}").split("\0")
    around = ("".join(end) for end in ((listing.start, before), (after, listing.end)))
    return limit.Listing(*around)


def spatial_entries(prompt: Prompt, task: Task, asked: Sequence[Scene], form: Form) -> list[Any]:
    """Boxes, masks or points of every picture asked about; with several, each says which."""
    wanted = targets.wanted(prompt.question, prompt.instruction)
    style = style_of(prompt)
    is_told = len(asked) > 1 and not form.bare
    written: list[Any] = []
    each = _wanted_of_each(prompt, len(asked)) if is_told else {}
    for index, scene in enumerate(asked):
        items = find.find(scene, each.get(index, wanted))
        found = spatial.Found(scene, items, style.language, form.corners)
        entries = spatial.entries(found, form)
        written += [entry | {"image": index} for entry in entries] if is_told else entries
    return written[: wanted.most]


def _wanted_of_each(prompt: Prompt, pictures: int) -> dict[int, targets.Wanted]:
    """What is wanted of each, for "the dog in the first image and the vase in the second"."""
    told = talk.by_picture(prompt.question, pictures)
    if len({number for number, _ in told}) < 2:
        return {}
    each = {number - 1: targets.wanted(f"detect {words}") for number, words in told}
    return {index: one for index, one in each.items() if any(t.names for t in one.targets)}


def _row(entry: object) -> str:
    """One item of a list, indented as a row of it."""
    return dump(entry).replace("\n", "\n  ")


def _written(value: object, most: int) -> tuple[str, Finish]:
    if isinstance(value, list):
        return limit.cut_list([_row(item) for item in value], limit.BARE, most)
    return limit.cut_document(dump(value), most)
