"""Pictures that were costly to make are kept, and made once however many threads ask at the same time."""

from collections import OrderedDict
from collections.abc import Callable, Generator, Hashable
from contextlib import contextmanager
from threading import Lock
from typing import Generic, TypeVar

T = TypeVar("T")


class KeyedLocks:
    """One at a time for each key; keys that nobody holds or waits for are forgotten."""

    def __init__(self) -> None:
        self._guard = Lock()
        self._locks: dict[Hashable, tuple[Lock, int]] = {}

    @contextmanager
    def of(self, key: Hashable) -> Generator[None]:
        """Hold the turn of a key."""
        with self._guard:
            lock, users = self._locks.get(key, (Lock(), 0))
            self._locks[key] = lock, users + 1
        try:
            with lock:
                yield
        finally:
            with self._guard:
                users = self._locks[key][1] - 1
                if users:
                    self._locks[key] = lock, users
                else:
                    del self._locks[key]


class Cache(Generic[T]):
    """What was made lately, by key. `size` tells the bytes of one; the longest unused give way past `limit` bytes."""

    def __init__(self, limit: int, size: Callable[[T], int]) -> None:
        self._limit = limit
        self._size = size
        self._held = 0
        self._made: OrderedDict[Hashable, T] = OrderedDict()
        self._guard = Lock()
        self._turns = KeyedLocks()

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what was made for a key, making it where it is not kept. What `make` raises is not kept."""
        with self._turns.of(key):
            with self._guard:
                if key in self._made:
                    self._made.move_to_end(key)
                    return self._made[key]
            value = make()
            with self._guard:
                self._made[key] = value
                self._held += self._size(value)
                while self._held > self._limit:
                    self._held -= self._size(self._made.popitem(last=False)[1])
            return value
