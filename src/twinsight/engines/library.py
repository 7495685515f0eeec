"""All models that may be had: known or here, from the hub or not, whatever kind they are.

A pull has three steps, so that the user can be told and asked between them: which model (`named`,
`of_repository`), what exactly would come (`plan`), and bringing it (`carry_out`).
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from twinsight.config import Config
from twinsight.engines import hub, under_way
from twinsight.engines.eyes import open_eyes
from twinsight.engines.gguf import check_gguf
from twinsight.engines.gguf_shelf import (
    GgufCard,
    installed_ggufs,
    is_name,
    keep_gguf,
    known_ggufs,
)
from twinsight.engines.machine import free_disk_bytes, gigabytes
from twinsight.engines.onnx import shelf
from twinsight.engines.onnx.card import ModelFile
from twinsight.engines.onnx.engine import check
from twinsight.engines.under_way import AnyModel
from twinsight.errors import HubError, InvalidWeights, UsageError

DEFAULT_QUANT = "Q4_K_M"
"""The precision that is taken of a GGUF repository when none is asked for, as llama.cpp does."""
# The eyes are small: more bits cost little.
_EYES_QUANTS = ("Q8_0", "F16", "BF16", "")
_PERMISSIVE = {
    "apache-2.0", "mit", "bsd-2-clause", "bsd-3-clause", "isc", "zlib", "bsl-1.0", "cc0-1.0",
}  # fmt: skip
NO_LICENCE = "unknown"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a pull brings: `card` as it will lie here, all hashes in it, and what is told of it.

    `trusted` names the files whose hash nobody knew before: the hub's own word is taken this once,
    and kept. `present` is true when all of it is here already. `unsure` says why the licence has to
    be accepted, "" when it need not be.
    """

    card: AnyModel
    offer: hub.Offer | None
    promises: tuple[hub.Promise, ...]
    trusted: tuple[str, ...]
    unsure: str
    present: bool = False

    @property
    def bytes(self) -> int:
        """All files together."""
        return sum(promise.bytes for promise in self.promises)


def known() -> list[AnyModel]:
    """The models whose cards come with the package."""
    return [*shelf.known_cards(), *known_ggufs()]


def installed(folder: Path) -> list[AnyModel]:
    """The models in that folder."""
    return [*shelf.installed(folder), *installed_ggufs(folder)]


def remove(name: str, folder: Path) -> bool:
    """Takes a model away, and what of it was under way; False when there was neither.

    Raises UsageError while another process fetches it.
    """
    here = [card for card in installed(folder) if card.name == name]
    cards = [card for card in [*under_way.begun(folder), *known()] if card.name == name]
    was_begun = [under_way.remove(card, folder) for card in [*here, *cards]]
    if here:
        shutil.rmtree(folder / name)
    return bool(here) or any(was_begun)


def size(card: AnyModel) -> int | None:
    """Its files together in bytes, as far as its card knows; None when it knows of none."""
    sizes = [file.bytes for file in card.files if file.bytes is not None]
    return sum(sizes) if sizes else None


def settings(card: AnyModel, folder: Path) -> dict[str, str]:
    """The settings that put an installed model to use; a dot divides table and key."""
    if not isinstance(card, GgufCard):
        return {f"roles.{card.role}": card.name}
    here = folder.absolute() / card.name
    part = {file.part: str(here / file.short) for file in card.files}
    eyes = {"engine_mmproj": part["vision"]} if "vision" in part else {}
    return {"engine_gguf": part["model"]} | eyes


def named(name: str, revision: str, folder: Path) -> AnyModel:
    """The card to pull by: the known one or, where that lacks hashes, the installed one.

    Another revision than the card's means other files: their hashes are not known. Raises
    UsageError for an unknown name, and for a model that is not on the hub.
    """
    here = {card.name: card for card in installed(folder)}
    begun = {card.name: card for card in under_way.begun(folder)}
    cards = here | begun | {card.name: card for card in known()}
    if name in here and None in [file.sha256 for file in cards[name].files]:
        cards[name] = here[name]
    if name not in cards:
        raise UsageError(
            f"No model is called {name!r}. `twinsight models list` names those that are known; any "
            "other is pulled as OWNER/REPOSITORY."
        )
    card = cards[name]
    if not card.repo:
        raise UsageError(
            f"{name} is not on the hub: get it from “{card.source}” and `twinsight models add` it, "
            f"or name a repository that has it: `models pull OWNER/REPOSITORY --card {name}`."
        )
    if revision in ("", card.revision):
        return card
    files = tuple(ModelFile(file.name, file.part) for file in card.files)
    return msgspec.structs.replace(card, revision=revision, files=files)


def of_repository(
    repo: str, revision: str, quant: str, names: Sequence[str], name: str
) -> GgufCard:
    """A card for any repository with GGUF files; `names` are its files, chosen when there are none.

    Raises HubError as `hub.look`, UsageError when it is not clear which files are meant.
    """
    offer = hub.look(repo, revision or "main")
    chosen = list(names) or _choose(offer, quant)
    eyes = [each for each in chosen if "mmproj" in Path(each).name.lower()]
    models = [each for each in chosen if each not in eyes and each.endswith(".gguf")]
    if len(models) != 1 or len(eyes) > 1 or len(models) + len(eyes) != len(chosen):
        raise UsageError(
            f"Name one GGUF file and, for a model with eyes, its mmproj by --file; an ONNX model "
            f"needs a --card. {repo} has: {', '.join(sorted(offer.names)) or 'no files'}."
        )
    name = name or re.sub(r"[-_.]gguf$", "", repo.split("/")[-1].lower())
    if not is_name(name):
        raise UsageError(f"{name!r} cannot be a model's name. Choose one by --name: a-z, 0-9, '-'.")
    files = [ModelFile(models[0], "model"), *(ModelFile(each, "vision") for each in eyes)]
    return GgufCard(
        name=name,
        description=f"{Path(models[0]).stem}, of {repo}",
        licence=offer.licence or NO_LICENCE,
        permissive=offer.licence.lower() in _PERMISSIVE,
        source=f"the hub's repository {repo}",
        repo=repo,
        revision=offer.commit,
        files=tuple(files),
    )


def by_card(card: AnyModel, repo: str, revision: str, names: Sequence[str]) -> AnyModel:
    """A card whose files lie in that repository, under those names if they are given, in order."""
    if names and len(names) != len(card.files):
        raise UsageError(f"The card of {card.name} has {len(card.files)} files: name each.")
    files = tuple(
        msgspec.structs.replace(file, name=name)
        for file, name in zip(card.files, names or [f.name for f in card.files], strict=True)
    )
    return msgspec.structs.replace(card, repo=repo, revision=revision or "main", files=files)


def pinned(card: AnyModel, hashes: Sequence[str]) -> AnyModel:
    """The card with those sha256, in the order of its files."""
    hashes = [each.lower() for each in hashes]
    if len(hashes) != len(card.files) or not all(re.fullmatch("[0-9a-f]{64}", h) for h in hashes):
        names = ", ".join(file.name for file in card.files)
        raise UsageError(f"--sha256 is needed once for each file, 64 hex digits, for: {names}.")
    files = tuple(
        msgspec.structs.replace(file, sha256=sha256)
        for file, sha256 in zip(card.files, hashes, strict=True)
    )
    return msgspec.structs.replace(card, files=files)


def plan(card: AnyModel, folder: Path) -> Plan:
    """Asks the hub what it has for a card. Raises HubError, also for what is not as the card says.

    When the same files lie here whole, nobody is asked.
    """
    here = next((each for each in installed(folder) if each.name == card.name), None)
    if here is not None and _is_same(here, card) and _is_whole(here, folder):
        return Plan(here, None, (), (), "", present=True)
    offer = hub.look(card.repo, card.revision)
    promises, trusted = [], []
    for file in card.files:
        promise = hub.promise(offer, file.name)
        if promise.sha256 is not None and file.sha256 not in (None, promise.sha256):
            raise HubError(
                f"The hub has another {file.name} than the card of {card.name}: sha256 "
                f"{promise.sha256}, not {file.sha256}. Nothing was fetched."
            )
        if file.sha256 is None:
            trusted.append(file.name)
        promises.append(replace(promise, sha256=file.sha256 or promise.sha256))
    unsure = ""
    if card.licence == NO_LICENCE:
        unsure = f"Nobody says under which licence {card.repo} is."
    elif offer.licence and offer.licence.lower() != card.licence.lower():
        unsure = f"The hub names the licence {offer.licence}, the card {card.licence}."
    elif not card.permissive:
        unsure = f"The licence {card.licence} does not let everybody use it for everything."
    files = tuple(
        msgspec.structs.replace(file, sha256=promise.sha256, bytes=promise.bytes)
        for file, promise in zip(card.files, promises, strict=True)
    )
    card = msgspec.structs.replace(card, revision=offer.commit, files=files)
    if here is not None and _is_same(here, card) and _is_whole(here, folder):
        return Plan(here, None, (), (), "", present=True)
    return Plan(card, offer, tuple(promises), tuple(trusted), unsure)


def licence_text(plan: Plan) -> str:
    """What the repository says its licence is, in full; "" when it has no such file."""
    if plan.offer is None:
        return ""
    names = sorted(n for n in plan.offer.names if re.match(r"licen[cs]e", n, re.IGNORECASE))
    return hub.text(plan.offer, names[0]) if names else ""


def carry_out(plan: Plan, folder: Path, accepted: bool, progress: hub.Progress) -> AnyModel:
    """Fetches, checks and keeps the model; gives its card with every hash.

    Until the last step, which is one rename, what was here before stays in use. Raises HubError,
    LicenceNotAccepted, or InvalidWeights when the files are not what their card says.
    """
    if plan.offer is None:
        return plan.card
    if plan.unsure and not accepted:
        raise shelf.LicenceNotAccepted(plan.card.name, plan.card.licence)
    try:
        return _brought(plan, plan.offer, folder, progress)
    except OSError as error:
        raise HubError(f"{plan.card.name} cannot be kept in {folder}: {error}.") from error


def _brought(plan: Plan, offer: hub.Offer, folder: Path, progress: hub.Progress) -> AnyModel:
    under_way.tidy(folder)
    _room(plan, folder)
    under_way.begin(plan.card, folder)
    parts = under_way.parts_folder(folder)
    try:
        fetched = {
            file.short: hub.fetch(offer, promise, parts, progress)
            for file, promise in zip(plan.card.files, plan.promises, strict=True)
        }
        if isinstance(plan.card, GgufCard):
            kept: AnyModel = keep_gguf(_hashed(plan.card, fetched), fetched, folder)
        else:
            kept = shelf.keep(plan.card, fetched, folder, accept_licence=True)
        for part in fetched.values():
            part.unlink(missing_ok=True)
        return kept
    finally:
        under_way.tidy(folder)


def check_files(card: AnyModel, folder: Path) -> None:
    """Raises InvalidWeights when an installed model's files are not those of its card."""
    for file in card.files:
        check(file.sha256, folder / card.name / file.short, card.name)


def try_out(card: AnyModel, config: Config) -> None:
    """What a start of the server would find wrong with an installed model. Raises SetupError."""
    folder = config.data_dir / "models"
    if isinstance(card, GgufCard):
        check_files(card, folder)
        values = settings(card, folder)
        eyes = values.get("engine_mmproj", "")
        check_gguf(replace(config, engine_gguf=values["engine_gguf"], engine_mmproj=eyes))
    else:
        open_eyes("pocket", replace(config, roles={card.role: card.name})).warm()


def _choose(offer: hub.Offer, quant: str) -> list[str]:
    """The GGUF file of that precision and the eyes that belong to it, where that is clear."""
    files = [name for name in offer.names if name.endswith(".gguf")]
    eyes = [name for name in files if "mmproj" in Path(name).name.lower()]
    models = [name for name in files if name not in eyes]
    asked = quant or (DEFAULT_QUANT if len(models) > 1 else "")
    fitting = [name for name in models if asked.lower() in Path(name).name.lower()]
    best = next(
        (found for q in _EYES_QUANTS if (found := [e for e in eyes if _is_quant(q, e)])), []
    )
    if not models:
        raise UsageError(
            f"{offer.repo} has no GGUF file; an ONNX model needs a --card. It has: "
            f"{', '.join(sorted(offer.names)) or 'no files'}."
        )
    if len(fitting) != 1:
        raise UsageError(
            f"{offer.repo} has {len(fitting)} files for {asked or 'GGUF'}. Say which by --file, or "
            f"the precision by {offer.repo}:{DEFAULT_QUANT}. It has: {', '.join(sorted(models))}."
        )
    return fitting + best[:1]


def _is_quant(quant: str, name: str) -> bool:
    return re.search(rf"(?<![a-z0-9]){quant}", Path(name).name, re.IGNORECASE) is not None


def _is_same(one: AnyModel, other: AnyModel) -> bool:
    """Whether they are the same files, by their hashes."""
    return [f.sha256 for f in one.files] == [f.sha256 for f in other.files]


def _is_whole(card: AnyModel, folder: Path) -> bool:
    try:
        check_files(card, folder)
    except InvalidWeights:
        return False
    return True


def _hashed(card: GgufCard, fetched: dict[str, Path]) -> GgufCard:
    """The card with the hash of every file, also of those that the hub knows by git's alone."""
    files = tuple(
        msgspec.structs.replace(file, sha256=check(file.sha256, fetched[file.short], card.name))
        for file in card.files
    )
    return msgspec.structs.replace(card, files=files)


def _room(plan: Plan, folder: Path) -> None:
    """Raises HubError when the disk cannot hold what is still to come."""
    copies = 1 if isinstance(plan.card, GgufCard) else 2
    here = sum(
        part.stat().st_size
        for promise in plan.promises
        if (part := under_way.parts_folder(folder) / promise.key).is_file()
    )
    needed, free = plan.bytes * copies - here, free_disk_bytes(folder)
    if needed > free:
        raise HubError(
            f"{plan.card.name} needs {gigabytes(needed)} more on the disk of {folder}; "
            f"{gigabytes(free)} are free."
        )
