"""Keeps pictures that were expensive to create; each is created once, however many threads request it."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")


class KeyedLocks:
    """A lock for each key; keys that nobody holds or waits for are forgotten."""

    def __init__(self) -> None:
        self._guard = Lock()
        self._locks: dict[Hashable, tuple[Lock, int]] = {}

    def of(self, key: Hashable) -> "_HeldKey":
        """Return the lock for a key, as a context manager."""
        return _HeldKey(self, key)

    def take(self, key: Hashable) -> None:
        """Acquire the lock of a key, waiting if necessary."""
        with self._guard:
            lock, users = self._locks.get(key) or (Lock(), 0)
            self._locks[key] = lock, users + 1
        try:
            lock.acquire()
        except BaseException:  # while it waited
            self._leave(key)
            raise

    def give(self, key: Hashable) -> None:
        """Release the lock of a key for the next thread that waits for it."""
        self._leave(key).release()

    def _leave(self, key: Hashable) -> Lock:
        with self._guard:
            lock, users = self._locks[key]
            if users > 1:
                self._locks[key] = lock, users - 1
            else:
                del self._locks[key]
            return lock


class _HeldKey:  # a generated context manager takes three times as long
    __slots__ = ("_key", "_locks")

    def __init__(self, locks: KeyedLocks, key: Hashable) -> None:
        self._locks = locks
        self._key = key

    def __enter__(self) -> None:
        self._locks.take(self._key)

    def __exit__(self, *_: object) -> None:
        self._locks.give(self._key)


class Kept(Generic[T]):
    """A cache of recent values, by key; safe to use from several threads.

    Args:
        limit: the maximum total size in bytes; beyond it, the least recently used values are dropped.
        size: returns the size of one value in bytes.
    """

    def __init__(self, limit: int, size: Callable[[T], int]) -> None:
        self._limit = limit
        self._size = size
        self._held = 0
        self._values: OrderedDict[Hashable, T] = OrderedDict()
        self._guard = Lock()

    def get(self, key: Hashable) -> T | None:
        """Return the value for a key, which then counts as used."""
        with self._guard:
            value = self._values.get(key)
            if value is not None:
                self._values.move_to_end(key)
            return value

    def put(self, key: Hashable, value: T) -> None:
        """Store a value, replacing an earlier one for the same key."""
        with self._guard:
            old = self._values.pop(key, None)
            self._held += self._size(value) - (0 if old is None else self._size(old))
            self._values[key] = value
            while self._held > self._limit:
                self._held -= self._size(self._values.popitem(last=False)[1])


class Cache(Generic[T]):
    """A cache of values that are expensive to create, stored as in `Kept`."""

    def __init__(self, limit: int, size: Callable[[T], int]) -> None:
        # In a tuple, because the value may be None.
        self._kept = Kept[tuple[T]](limit, lambda made: size(made[0]))
        self._turns = KeyedLocks()

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return the value for a key, calling `make` if none is stored. Exceptions from `make` are not stored."""
        with self._turns.of(key):
            found = self._kept.get(key)
            if found is None:
                found = (make(),)
                self._kept.put(key, found)
            return found[0]
