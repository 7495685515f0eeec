"""The upload protocol against a model of a few lines, in random order, with restarts in between."""

from __future__ import annotations

import asyncio
import hashlib
import random
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, precondition, rule

from tests.files.stores import body, broken, small_limits
from twinsight.errors import FileForbidden, InvalidUpload, NotFound
from twinsight.files.local import LocalStore
from twinsight.files.store import FileWish

MAX_BYTES = 6_000
LIMITS = small_limits(max_file_bytes=MAX_BYTES, max_owner_bytes=10**9, checkpoint_bytes=1_500)


@dataclass
class Model:
    """One upload as it should be: ``data`` is what its client wants to send."""

    data: bytes
    declared: bool
    received: int = 0
    file_id: str | None = None
    gone: bool = False


class Uploads(RuleBasedStateMachine):
    tokens = Bundle("tokens")

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp(prefix="twinsight-uploads-"))
        self.runner = asyncio.Runner()
        self.models: dict[str, Model] = {}
        self.files: dict[str, bytes] = {}
        self.open()

    def open(self) -> None:
        self.store = self.runner.run(LocalStore.open(self.root, LIMITS))
        assert self.store.mended == []

    @rule(
        target=tokens, seed=st.integers(0, 99), size=st.integers(0, 5_000), declared=st.booleans()
    )
    def start(self, seed: int, size: int, declared: bool) -> str:
        wish = FileWish(size=size if declared else None)
        upload = self.runner.run(self.store.start("me", wish))
        self.models[upload.token] = Model(random.Random(seed).randbytes(size), declared)
        return upload.token

    @rule(
        token=tokens,
        back=st.integers(0, 6_000),
        length=st.integers(0, 5_000),
        piece=st.sampled_from([1_000, 333, 4_096]),
        breaks=st.booleans(),
    )
    def send(self, token: str, back: int, length: int, piece: int, breaks: bool) -> None:
        """The client's own bytes, from what was received or from before; the line may break."""
        model = self.models[token]
        offset = max(0, model.received - back)
        data = model.data[offset : offset + length]
        end = offset + len(data)
        if model.gone:
            with pytest.raises(NotFound):
                self.runner.run(self.store.append(token, offset, body(data)))
        elif model.file_id is not None:
            if end == model.received:
                self.runner.run(self.store.append(token, offset, body(data), len(data)))
            else:
                with pytest.raises(InvalidUpload):
                    self.runner.run(self.store.append(token, offset, body(data), len(data)))
        elif breaks:
            with pytest.raises(BrokenPipeError):
                self.runner.run(self.store.append(token, offset, broken(data, BrokenPipeError())))
            model.received = max(model.received, end)
        else:
            upload = self.runner.run(self.store.append(token, offset, body(data, piece), len(data)))
            model.received = max(model.received, end)
            assert upload.received == model.received

    @rule(token=tokens, gap=st.integers(1, 2**64), data=st.binary(max_size=3_000))
    def send_after_a_gap(self, token: str, gap: int, data: bytes) -> None:
        model = self.models[token]
        if not model.gone and model.file_id is None:
            with pytest.raises(InvalidUpload):
                self.runner.run(self.store.append(token, model.received + gap, body(data)))

    @rule(token=tokens, at=st.integers(0, 5_999))
    def send_other_bytes(self, token: str, at: int) -> None:
        model = self.models[token]
        if not model.gone and model.file_id is None and at < model.received:
            wrong = bytes([model.data[at] ^ 1])
            with pytest.raises(InvalidUpload):
                self.runner.run(self.store.append(token, at, body(wrong)))

    @rule(token=tokens, announced=st.booleans())
    def send_too_much(self, token: str, announced: bool) -> None:
        model = self.models[token]
        if not model.gone and model.file_id is None:
            room = (len(model.data) if model.declared else MAX_BYTES) - model.received
            data = model.data[model.received :].ljust(room + 1, b"x")
            length = len(data) if announced else None
            with pytest.raises(InvalidUpload):
                self.runner.run(self.store.append(token, model.received, body(data), length))
            kept = self.runner.run(self.store.query(token)).received
            if announced:
                assert kept == model.received
            else:
                # A checkpoint may have kept bytes that the client never meant: start over.
                assert model.received <= kept <= MAX_BYTES
                self.cancel(token)

    @rule(token=tokens)
    def finish(self, token: str) -> None:
        model = self.models[token]
        complete = model.received == len(model.data) if model.declared else True
        if model.gone or (model.file_id and model.file_id not in self.files):
            with pytest.raises(NotFound):
                self.runner.run(self.store.finalize(token))
        elif not complete or model.received == 0:
            with pytest.raises(InvalidUpload):
                self.runner.run(self.store.finalize(token))
        else:
            file = self.runner.run(self.store.finalize(token))
            sent = model.data[: model.received]
            assert file.sha256 == hashlib.sha256(sent).digest()
            assert model.file_id in (None, file.id)
            model.file_id = file.id
            self.files[file.id] = sent

    @rule(token=tokens)
    def cancel(self, token: str) -> None:
        model = self.models[token]
        if model.gone or model.file_id is not None:
            with pytest.raises(NotFound):
                self.runner.run(self.store.cancel(token))
        else:
            self.runner.run(self.store.cancel(token))
            model.gone = True

    @precondition(lambda self: self.files)
    @rule(choice=st.randoms(use_true_random=False))
    def delete(self, choice: random.Random) -> None:
        file_id = choice.choice(sorted(self.files))
        self.runner.run(self.store.delete("me", file_id))
        del self.files[file_id]
        with pytest.raises(FileForbidden):
            self.runner.run(self.store.read("me", file_id))

    @rule()
    def restart(self) -> None:
        self.runner.run(self.store.close())
        self.open()

    @rule()
    def sweep(self) -> None:
        swept = self.runner.run(self.store.sweep())
        assert (swept.files, swept.uploads, swept.orphans) == (0, 0, 0)

    @invariant()
    def every_upload_is_as_acknowledged(self) -> None:
        for token, model in self.models.items():
            if not model.gone:
                upload = self.runner.run(self.store.query(token))
                assert upload.received == model.received
                assert (upload.state == "final") == (model.file_id is not None)

    @invariant()
    def every_listed_file_is_whole(self) -> None:
        listed = self.runner.run(self.store.page("me", 1_000)).files
        assert {file.id for file in listed} == self.files.keys()
        for file in listed:
            assert self.runner.run(self.store.read("me", file.id)) == self.files[file.id]
        assert self.runner.run(self.store.check(deep=True)) == []

    def teardown(self) -> None:
        self.runner.run(self.store.close())
        self.runner.close()
        shutil.rmtree(self.root)


TestUploads = Uploads.TestCase
TestUploads.settings = settings(
    max_examples=25,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
