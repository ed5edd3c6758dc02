"""A disk that loses power: what was synced is there, of what was not any part may be, in any order, torn at sectors."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

SECTOR = 512
SHARES = (0.0, 0.1, 0.5, 0.9, 1.0)


@dataclass(frozen=True, slots=True)
class Create:
    """A name came to be, for a new and empty file."""

    name: str
    file: int


@dataclass(frozen=True, slots=True)
class Delete:
    """A name ceased to be."""

    name: str


@dataclass(frozen=True, slots=True)
class Write:
    """Bytes were given to the system."""

    file: int
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Truncate:
    """A file was cut."""

    file: int
    size: int


@dataclass(frozen=True, slots=True)
class Sync:
    """A file was synced."""

    file: int


@dataclass(frozen=True, slots=True)
class FolderSync:
    """The folder was synced: names that came and went before are on the disk."""


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A person was told that this event is recorded."""

    event: str


Operation = Create | Delete | Write | Truncate | Sync | FolderSync | Acknowledged


@dataclass(frozen=True, slots=True)
class Recording:
    """What one run asked of the disk, in order."""

    before: dict[str, bytes]
    """Files that were there and synced before it began, numbered 0, 1, ... in this order."""
    operations: list[Operation]

    def acknowledged(self, cut: int) -> set[str]:
        """Return the events that somebody was told of before operation `cut`."""
        return {op.event for op in self.operations[:cut] if isinstance(op, Acknowledged)}

    def after_power_loss(self, cut: int, luck: random.Random, share: float | None = None) -> dict[str, bytes]:
        """Return files as they may be found when the power went just before operation `cut`.

        `share` of what was not synced had reached the disk; a random one by default.
        """
        done = self.operations[:cut]
        share = luck.choice(SHARES) if share is None else share
        names = _names(self.before, done, luck, share)
        contents = dict(enumerate(self.before.values()))
        garbage = luck if luck.random() < 0.5 else None
        return {
            name: _content(contents.get(file, b""), _surviving(done, file, luck, share), garbage)
            for name, file in names.items()
        }


def _names(before: Iterable[str], done: Sequence[Operation], luck: random.Random, share: float) -> dict[str, int]:
    names = {name: number for number, name in enumerate(before)}
    kept = max((number for number, op in enumerate(done) if isinstance(op, FolderSync)), default=0)
    for number, op in enumerate(done):
        if isinstance(op, Create | Delete) and (number < kept or luck.random() < share):
            if isinstance(op, Create):
                names[op.name] = op.file
            else:
                names.pop(op.name, None)
    return names


def _surviving(
    done: Sequence[Operation], file: int, luck: random.Random, share: float
) -> list[tuple[Write | Truncate, bool]]:
    """Return (operation or sector of it, whether it reached the disk) of one file, in order."""
    kept = max((number for number, op in enumerate(done) if op == Sync(file)), default=0)
    found: list[tuple[Write | Truncate, bool]] = []
    for number, op in enumerate(done):
        if not isinstance(op, Write | Truncate) or op.file != file:
            continue
        if number < kept:
            found.append((op, True))
        elif isinstance(op, Truncate):
            found.append((op, luck.random() < share))
        else:
            found.extend((sector, luck.random() < share) for sector in sectors(op))
    return found


def sectors(op: Write) -> list[Write]:
    """Return a write as the writes of single sectors that it is made of."""
    edges = range((op.offset // SECTOR + 1) * SECTOR, op.offset + len(op.data), SECTOR)
    ends = [*edges, op.offset + len(op.data)]
    starts = [op.offset, *edges]
    return [
        Write(op.file, start, op.data[start - op.offset : end - op.offset])
        for start, end in zip(starts, ends, strict=True)
    ]


def _content(before: bytes, operations: Iterable[tuple[Write | Truncate, bool]], luck: random.Random | None) -> bytes:
    """Return the bytes of a file; a hole between what arrived is zeros, or with `luck` what was on the disk before."""
    content = bytearray(before)
    for op, arrived in operations:
        if not arrived:
            continue
        if isinstance(op, Truncate):
            del content[op.size :]
            continue
        hole = op.offset - len(content)
        if hole > 0:
            content += luck.randbytes(hole) if luck else bytes(hole)
        content[op.offset : op.offset + len(op.data)] = op.data
    return bytes(content)
