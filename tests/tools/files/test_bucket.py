"""A store in a bucket: the same pictures and names as in a folder, and messages if the bucket is unreachable."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import obstore
import pytest
from obstore.exceptions import GenericError, PermissionDeniedError
from obstore.store import MemoryStore
from PIL import Image
from samples import file

from imagebridge.errors import ArgumentError
from imagebridge.pictures.picture import Picture
from imagebridge_tools.files import bucket as bucket_module
from imagebridge_tools.files import storage as storage_module
from imagebridge_tools.files.bucket import BucketSilence, BucketStorage, bucket
from imagebridge_tools.files.storage import FolderStorage
from imagebridge_tools.files.store import Store


def picture(number=0):
    return Picture.from_bytes(file(Image.new("RGB", (6, 4), (number, 0, 0)), "PNG"))


class Shared:
    """Two machines' stores in one bucket, whose objects a test can make older."""

    def __init__(self, monkeypatch, limit=1_000_000, seconds=3600):
        self.objects = MemoryStore()
        self.stores = [Store(BucketStorage(self.objects), limit, seconds) for _ in range(2)]
        self.older = {}
        self._list, self._head = obstore.list, obstore.head
        monkeypatch.setattr(
            obstore,
            "list",
            lambda *a, **k: ([self.aged(one) for one in part] for part in self._list(*a, **k)),
        )
        monkeypatch.setattr(obstore, "head", lambda *a: self.aged(self._head(*a)))

    def aged(self, one):
        seconds = self.older.get(one["path"].replace("/", ""), 0)
        return {**one, "last_modified": one["last_modified"] - timedelta(seconds=seconds)}

    def names(self):
        return {one["path"].replace("/", "") for part in self._list(self.objects) for one in part}


@pytest.fixture
def shared(monkeypatch):
    return Shared(monkeypatch)


def test_what_one_machine_keeps_another_reads_by_any_of_its_names(shared):
    one, other = shared.stores
    made = picture()
    note = one.keep(made, "get_image()")
    for name in (note.uri, note.short, note.hash[:8]):
        assert other.read(name) == (note, made.data)
    assert other.listed() == ([note], "")
    for name in ("00000000", "f" * 64):
        with pytest.raises(ArgumentError, match="is not kept here, or is no longer kept"):
            other.read(name)


@pytest.mark.parametrize("where", ["bucket", "folder"])
def test_an_object_that_is_too_large_to_be_ours_is_not_read(where, tmp_path, monkeypatch):
    storage = BucketStorage(MemoryStore()) if where == "bucket" else FolderStorage(tmp_path / "kept")
    store = Store(storage, 1_000_000, 3600)
    note = store.keep(picture(), "")
    data = storage.get(note.hash)
    for module in (bucket_module, storage_module):
        monkeypatch.setattr(module, "LARGEST", len(data))
    assert storage.get(note.hash) == data
    storage.put(note.hash, data + b"0")
    with pytest.raises(ValueError, match="is larger than"):
        storage.get(note.hash)
    with pytest.raises(ArgumentError, match="is not kept here, or is no longer kept"):
        store.read(note.uri)


def test_the_list_goes_on_page_by_page_and_by_name(shared):
    one, other = shared.stores
    kept = sorted((one.keep(picture(number), "") for number in range(7)), key=lambda note: note.hash)
    found, after = [], ""
    while True:
        notes, after = other.listed(after, 3)
        found += notes
        if not after:
            break
    assert found == kept


def test_the_same_picture_is_put_once_and_again_where_it_grows_old(shared, monkeypatch):
    put = []
    monkeypatch.setattr(obstore, "put", lambda *a, real=obstore.put: (put.append(a[1]), real(*a)))
    one, other = shared.stores
    note = one.keep(picture(), "")
    other.keep(picture(), "")
    assert len(put) == 1
    shared.older[note.hash] = 1000
    other.keep(picture(), "")
    assert len(put) == 2


def test_what_is_too_old_or_too_much_is_taken_away(monkeypatch):
    size = len(picture().data) + 200
    shared = Shared(monkeypatch, limit=3 * size)
    one, _ = shared.stores
    notes = [one.keep(picture(number), "") for number in range(3)]
    shared.older = {notes[0].hash: 4000}
    with pytest.raises(ArgumentError, match="is not kept here, or is no longer kept"):
        one.read(notes[0].uri)
    monkeypatch.setattr(BucketStorage, "pause", 0.0)
    last = one.keep(picture(9), "")
    assert notes[0].hash not in shared.names()
    assert last.hash in shared.names()
    for number in range(10, 20):
        last = one.keep(picture(number), "")
    assert last.hash in shared.names()
    assert len(shared.names()) <= 4


def test_a_store_of_a_caller_is_no_part_of_the_one_above():
    objects = MemoryStore()
    obstore.put(objects, "callers/alice/ab/" + "c" * 62, b"hers")
    assert list(BucketStorage(objects).listed()) == []


@pytest.mark.parametrize(
    "damage",
    [lambda data: data[:-1], lambda data: b"", lambda data: data + b"x", lambda _: b"{}\n", lambda _: b"3\n"],
)
def test_what_is_not_what_its_name_says_is_never_given(shared, damage):
    one, other = shared.stores
    note = one.keep(picture(), "")
    path = f"{note.hash[:2]}/{note.hash[2:]}"
    obstore.put(shared.objects, path, damage(bytes(obstore.get(shared.objects, path).bytes())))
    with pytest.raises(ArgumentError, match="is not kept here, or is no longer kept"):
        other.read(note.uri)


def test_a_bucket_that_is_away_is_told(monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret-key")
    store = Store(bucket("s3://pictures/away"), 1_000_000, 3600)
    with pytest.raises(ArgumentError) as caught:
        store.read("image://12345678")
    assert caught.value.problem == (
        "image://12345678 cannot be read: the store is not responding at the moment; call again later"
    )
    for work in (lambda: store.keep(picture(), ""), store.listed):
        with pytest.raises(OSError, match=r"the store cannot be reached \(GenericError\)") as failed:
            work()
        assert "secret-key" not in str(failed.value)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (
            PermissionDeniedError("Error performing PUT http://a/b: 403 Forbidden: secret-key"),
            "the store returned an error (PermissionDeniedError)",
        ),
        (
            FileNotFoundError("Object at location a not found: <Code>NoSuchBucket</Code>"),
            "the bucket does not exist",
        ),
    ],
    ids=["refused", "no bucket"],
)
def test_why_a_picture_cannot_be_kept_is_told(monkeypatch, answer, told):
    def put(*_):
        raise answer

    monkeypatch.setattr(obstore, "put", put)
    with pytest.raises(OSError) as failed:
        Store(BucketStorage(MemoryStore()), 1_000_000, 3600).keep(picture(), "")
    assert failed.value.strerror == told


def test_a_moment_is_one_of_this_machine(shared):
    note = shared.stores[0].keep(picture(), "")
    (one,) = BucketStorage(shared.objects).listed(note.hash[:8])
    assert abs(one.given - datetime.now(UTC).timestamp()) < 600


class TestSilence:
    """A bucket that takes connections and does not answer: calls do not all wait for it until they give up."""

    @pytest.fixture
    def asked(self, monkeypatch):
        """What a bucket is asked, which takes `.takes` seconds and fails if `.fails`; `.now` is the time."""
        told = SimpleNamespace(now=0.0, takes=0.0, fails=False, paths=[])
        monkeypatch.setattr(bucket_module, "time", SimpleNamespace(monotonic=lambda: told.now))

        def get(_, path):
            told.paths.append(path)
            told.now += told.takes
            if told.fails:
                raise GenericError("timed out")
            raise FileNotFoundError(path)

        monkeypatch.setattr(obstore, "get", get)
        return told

    @staticmethod
    def state(storage):
        try:
            storage.get("ab12")
        except FileNotFoundError:
            return "answers"
        except OSError:
            return "fails"

    def test_one_call_at_a_time_tries_whether_it_answers_again(self, asked):
        storage = BucketStorage(MemoryStore())
        asked.takes, asked.fails = 10.0, True
        assert [self.state(storage) for _ in range(20)] == ["fails"] * 20
        assert len(asked.paths) == 1
        asked.now += bucket_module._QUIET
        assert [self.state(storage) for _ in range(20)] == ["fails"] * 20
        assert len(asked.paths) == 2
        asked.now += bucket_module._QUIET
        asked.takes, asked.fails = 0.1, False
        assert [self.state(storage) for _ in range(20)] == ["answers"] * 20

    def test_others_go_on_without_it_while_one_tries(self, asked):
        silence = BucketSilence()
        silence.tell(10.0, answered=False)
        asked.now += bucket_module._QUIET
        silence.check()
        storage = BucketStorage(MemoryStore(), silence)
        assert self.state(storage) == "fails"
        assert asked.paths == []

    def test_one_that_refuses_at_once_is_asked_each_time(self, asked):
        storage = BucketStorage(MemoryStore())
        asked.takes, asked.fails = 0.5, True
        assert [self.state(storage) for _ in range(5)] == ["fails"] * 5
        assert len(asked.paths) == 5
        asked.fails = False
        assert self.state(storage) == "answers"

    def test_all_callers_of_a_bucket_share_it(self, monkeypatch):
        for name, value in (("AWS_REGION", "us-east-1"), ("AWS_SKIP_SIGNATURE", "true")):
            monkeypatch.setenv(name, value)
        alice, bob, other = (bucket(f"s3://{one}") for one in ("pictures/a", "pictures/b", "others/a"))
        assert alice._silence is bob._silence
        assert alice._silence is not other._silence
