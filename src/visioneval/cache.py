"""The cache: the runs there already are. An identical request is not sent twice unless `--fresh` asks for it.

Every record carries the key of its request (prompt text, picture, model, settings, epoch), so earlier runs of a
model are all the cache there need be: nothing is stored twice, and deleting a run forgets its answers.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import msgspec
from msgspec import Struct

from visioneval.errors import StoreError
from visioneval.store import MANIFEST, RECORDS
from visioneval.types import Record, Reply, Timing


class Known(Struct, frozen=True):
    """A reply that an earlier run was given to the same request."""

    run_id: str
    reply: Reply


def known_replies(model_folder: Path, keys: Collection[str], *, but: str = "") -> dict[str, Known]:
    """Return the replies that the runs in a model's folder have to the requests with these keys.

    The newest reply wins; `but` is the run that asks. A cached answer keeps its tokens but not its times, for
    nothing was measured now. Lines that cannot be read are left to the commands that own that run.
    """
    wanted, known = frozenset(keys), dict[str, Known]()
    decoder = msgspec.json.Decoder(Record)
    folders = sorted((path.parent for path in model_folder.glob(f"*/{MANIFEST}")), key=lambda folder: folder.name)
    for folder in folders:
        if folder.name == but:
            continue
        for line in _lines(folder / RECORDS):
            try:
                record = decoder.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError):
                continue
            if record.reply is not None and record.cached_from is None and record.key in wanted:
                reply = msgspec.structs.replace(record.reply, timing=Timing(attempts=0))
                known[record.key] = Known(folder.name, reply)
    return known


def _lines(path: Path) -> list[bytes]:
    try:
        return path.read_bytes().splitlines()
    except FileNotFoundError:
        return []
    except OSError as error:
        raise StoreError(
            f"{path} cannot be read ({error.strerror}); check its rights, or run with --fresh"
        ) from None
