"""Every write, cut and sync that SQLite asks of the system, in order: its `unix` file system with a recorder in it.

SQLite reaches the disk through a table of functions, its VFS. A copy of that table is registered as the default one, in
which opening a file puts recording functions before the system's own. What SQLite does stays the same.
"""

import ctypes
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from power_disk import Acknowledged, Create, Delete, FolderSync, Operation, Recording, Sync, Truncate, Write
from sqlcipher3 import _sqlite3

_POINTER, _INT, _LONG = ctypes.c_void_p, ctypes.c_int, ctypes.c_int64
_OPEN = ctypes.CFUNCTYPE(_INT, _POINTER, _POINTER, _POINTER, _INT, ctypes.POINTER(_INT))
_DELETE = ctypes.CFUNCTYPE(_INT, _POINTER, ctypes.c_char_p, _INT)
_WRITE = ctypes.CFUNCTYPE(_INT, _POINTER, _POINTER, _INT, _LONG)
_TRUNCATE = ctypes.CFUNCTYPE(_INT, _POINTER, _LONG)
_SYNC = ctypes.CFUNCTYPE(_INT, _POINTER, _INT)
_FOLDER = ctypes.CFUNCTYPE(_INT, ctypes.c_char_p, ctypes.POINTER(_INT))
_SET_CALL = ctypes.CFUNCTYPE(_INT, _POINTER, ctypes.c_char_p, _POINTER)
_GET_CALL = ctypes.CFUNCTYPE(_POINTER, _POINTER, ctypes.c_char_p)


class _Vfs(ctypes.Structure):
    """``sqlite3_vfs``, version 3."""

    _fields_ = (
        ("version", _INT), ("file_size", _INT), ("longest_path", _INT), ("next", _POINTER), ("name", ctypes.c_char_p),
        ("data", _POINTER), ("open", _POINTER), ("delete", _POINTER),
        ("between", _POINTER * 11),  # access to current_time_int64
        ("set_call", _POINTER), ("get_call", _POINTER), ("next_call", _POINTER),
    )  # fmt: skip


class _Methods(ctypes.Structure):
    """``sqlite3_io_methods``, version 3."""

    _fields_ = (
        ("version", _INT), ("close", _POINTER), ("read", _POINTER), ("write", _POINTER), ("truncate", _POINTER),
        ("sync", _POINTER), ("others", _POINTER * 13),
    )  # fmt: skip


class Recorder:
    """Records what SQLite does in one folder of this process, from now to the end of the process."""

    def __init__(self, folder: Path) -> None:
        self._folder = str(folder.resolve())
        self._before = {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
        self._names = {name: number for number, name in enumerate(self._before)}
        self._operations: list[Operation] = []
        self._files: dict[int, int] = {}
        self._tables: dict[int, _Methods] = {}
        self._alive: list[Any] = []
        self._folder_opened = False
        self._one_at_a_time = threading.RLock()
        self._install()

    def acknowledge(self, event: str) -> None:
        """Record that somebody was told of an event."""
        self._operations.append(Acknowledged(event))

    @property
    def recording(self) -> Recording:
        """What happened so far."""
        return Recording(self._before, list(self._operations))

    def _install(self) -> None:
        library = ctypes.CDLL(_sqlite3.__file__)
        library.sqlite3_vfs_find.restype = ctypes.POINTER(_Vfs)
        library.sqlite3_vfs_register.argtypes = (ctypes.POINTER(_Vfs), _INT)
        plain = library.sqlite3_vfs_find(None).contents
        assert plain.name == b"unix"
        assert plain.version == 3
        vfs = _Vfs.from_buffer_copy(plain)
        vfs.name, vfs.next = b"recorded", None
        vfs.open = self._callback(_OPEN, self._opening(_OPEN(plain.open)))
        vfs.delete = self._callback(_DELETE, self._deleting(_DELETE(plain.delete)))
        self._watch_folder(plain)
        self._alive.append(vfs)
        assert library.sqlite3_vfs_register(ctypes.byref(vfs), 1) == 0

    def _callback(self, kind: Any, function: Callable[..., int]) -> int | None:
        made = kind(function)
        self._alive.append(made)  # SQLite holds an address, which Python does not count
        return ctypes.cast(made, _POINTER).value

    def _watch_folder(self, plain: _Vfs) -> None:
        """See when the system syncs a folder: it opens it only for that."""
        address = ctypes.addressof(plain)
        real = _FOLDER(_GET_CALL(plain.get_call)(address, b"openDirectory"))

        def open_folder(name: bytes, descriptor: Any) -> int:
            self._folder_opened = True
            return real(name, descriptor)

        assert _SET_CALL(plain.set_call)(address, b"openDirectory", self._callback(_FOLDER, open_folder)) == 0

    def _opening(self, real: Callable[..., int]) -> Callable[..., int]:
        # The address of the name is passed on, never a copy: SQLite keeps it, and keeps more behind its end.
        def open_file(vfs: int, address: int | None, file: int, flags: int, out: Any) -> int:
            path = None if address is None else ctypes.string_at(address).decode()
            with self._one_at_a_time:
                known = path is not None and os.path.exists(path)  # noqa: PTH110 - plain and quick, SQLite waits
                result = real(vfs, address, file, flags, out)
                if result == 0 and path is not None and os.path.dirname(path) == self._folder:  # noqa: PTH120
                    self._opened(os.path.basename(path), file, known=known)  # noqa: PTH119
                return result

        return open_file

    def _opened(self, name: str, file: int, *, known: bool) -> None:
        if not known or name not in self._names:
            number = len(self._before) + sum(isinstance(op, Create) for op in self._operations)
            self._names[name] = number
            self._operations.append(Create(name, number))
        self._files[file] = self._names[name]
        methods = ctypes.cast(file, ctypes.POINTER(_POINTER))
        methods[0] = ctypes.addressof(self._recording_methods(methods[0]))

    def _recording_methods(self, address: int) -> _Methods:
        """Return the system's functions for a kind of file with the recording ones among them."""
        if address not in self._tables:
            plain = _Methods.from_address(address)
            table = _Methods.from_buffer_copy(plain)
            table.write = self._callback(_WRITE, self._writing(_WRITE(plain.write)))
            table.truncate = self._callback(_TRUNCATE, self._truncating(_TRUNCATE(plain.truncate)))
            table.sync = self._callback(_SYNC, self._syncing(_SYNC(plain.sync)))
            self._tables[address] = table
        return self._tables[address]

    def _deleting(self, real: Callable[..., int]) -> Callable[..., int]:
        def delete(vfs: int, name: bytes, sync: int) -> int:
            with self._one_at_a_time:
                self._folder_opened = False
                result = real(vfs, name, sync)
                if result == 0 and os.path.dirname(name).decode() == self._folder:  # noqa: PTH120
                    self._operations.append(Delete(os.path.basename(name).decode()))  # noqa: PTH119
                    if self._folder_opened:
                        self._operations.append(FolderSync())
                return result

        return delete

    def _writing(self, real: Callable[..., int]) -> Callable[..., int]:
        def write(file: int, data: int, size: int, offset: int) -> int:
            with self._one_at_a_time:
                result = real(file, data, size, offset)
                if result == 0:
                    self._operations.append(Write(self._files[file], offset, ctypes.string_at(data, size)))
                return result

        return write

    def _truncating(self, real: Callable[..., int]) -> Callable[..., int]:
        def truncate(file: int, size: int) -> int:
            with self._one_at_a_time:
                result = real(file, size)
                if result == 0:
                    self._operations.append(Truncate(self._files[file], size))
                return result

        return truncate

    def _syncing(self, real: Callable[..., int]) -> Callable[..., int]:
        def sync(file: int, flags: int) -> int:
            with self._one_at_a_time:
                self._folder_opened = False
                result = real(file, flags)
                if result == 0:
                    self._operations.append(Sync(self._files[file]))
                    if self._folder_opened:
                        self._operations.append(FolderSync())
                return result

        return sync
