"""Fixtures and hooks that all tests share."""

import gc
import os
import signal
import subprocess
import sys
from asyncio.subprocess import SubprocessStreamProtocol  # noqa: TID251  # see below
from collections import Counter
from pathlib import Path

import pytest
from groups import bring
from hypothesis import settings

# A busy machine is no fault of what is tested. On top of the profile that hypothesis takes where CI is set.
settings.register_profile("all", settings.default, deadline=None, max_examples=120)
# What every run tries; `--hypothesis-profile=all -m hypothesis` tries all.
settings.register_profile("some", settings.get_profile("all"), max_examples=10)
settings.load_profile("some")

# Hundreds of tests start Python: where its compiled code is not to be kept beside the sources, it is kept here.
if os.environ.pop("PYTHONDONTWRITEBYTECODE", None):
    os.environ["PYTHONPYCACHEPREFIX"] = str(Path(__file__).parents[1] / ".pytest_cache" / "bytecode")

# Collection makes a million objects that stay: looking for garbage among them would take a quarter of its time.
gc.disable()

# A shell that runs the tests in the background has switched SIGINT off, and nohup SIGHUP, for all that they start too.
signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP"):
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

if sys.version_info < (3, 11, 7):
    # These tell, when it is collected and in whichever test that is, of a pipe whose process died: nobody had to wait for it.
    _pipe_lost = SubprocessStreamProtocol.pipe_connection_lost

    def _pipe_lost_and_told(self, fd, exc):
        _pipe_lost(self, fd, exc)
        if fd == 0 and exc is not None:
            self._stdin_closed.exception()

    SubprocessStreamProtocol.pipe_connection_lost = _pipe_lost_and_told


def pytest_addoption(pluginmanager):
    """Install packages for tests before the next conftest imports them; with `-m`, also for tests that .ci/run enables."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        with pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
            bring("checks" if any(argument.startswith("-m") for argument in sys.argv[1:]) else "tests")


@pytest.fixture(autouse=True)
def _safe_path():
    """Prevent servers in this process from making programs of later tests ignore the current folder."""
    before = os.environ.get("PYTHONSAFEPATH")
    yield
    if before is None:
        os.environ.pop("PYTHONSAFEPATH", None)


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    """The wheel of this tree."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=Path(__file__).parents[1], check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


def pytest_xdist_auto_num_workers():
    """Use 1.5 workers per core, because most tests wait for their own processes."""
    return max(2, (os.cpu_count() or 1) * 3 // 2)


def pytest_ignore_collect(collection_path, config):
    """Skip files that are not requested: pure tests may lack the imports of others, and benchmarks are slow to load."""
    if collection_path.name == "benchmarks" and "not benchmark" in config.getoption("markexpr"):
        return True
    asked = config.getoption("markexpr").startswith("pure")
    is_test = collection_path.name.startswith("test_") and collection_path.suffix == ".py"
    if asked and is_test and "mark.pure" not in collection_path.read_text("utf-8"):
        return True
    return None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """Start with the files that have few tests: these start processes, and would delay the end if they came last."""
    tests = Counter(item.path for item in items)
    items.sort(key=lambda item: (tests[item.path], item.path))


def pytest_collection_finish():
    """Freeze the objects that collection has created, so that the garbage collector only looks at newer ones."""
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session")
def anyio_backend():
    return "asyncio"


@pytest.fixture(scope="session", autouse=True)
def _no_cache_of_the_user(tmp_path_factory):
    """Prevent servers that tests start from keeping pictures or cards in the user's own cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IMAGEBRIDGE_CARD", "off")
        patch.setenv("IMAGEBRIDGE_STORE", str(tmp_path_factory.mktemp("store")))
        yield


@pytest.fixture(scope="module")
async def one_loop():
    """Use one event loop for all tests of a file, which also keeps the worker processes."""
    yield  # noqa: PT022  # the loop lasts as long as this waits


def pytest_make_parametrize_id(val, argname):
    """Name bytes by their argument: files may contain their creation time, and workers must agree on the names."""
    return argname if isinstance(val, bytes) else None
