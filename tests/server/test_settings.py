"""Settings come from the person or program that starts the server."""

import os
from pathlib import Path

import pytest

from imagebridge_server.settings import Settings, SettingsError


def test_nothing_is_allowed_by_default_and_pictures_are_kept_in_the_cache():
    settings = Settings.from_environment({})
    assert settings == Settings(store=settings.store)
    assert settings.store.parts[-2:] == ("imagebridge", "pictures") or settings.store.name == "pictures"
    assert (settings.places.allow, settings.places.allow_write, settings.places.web) == ((), (), None)


@pytest.mark.parametrize(
    ("named", "environment", "store"),
    [
        ("off", {}, None),
        (None, {"IMAGEBRIDGE_STORE": "off"}, None),
        ("/a/b", {"IMAGEBRIDGE_STORE": "off"}, Path("/a/b")),
        (None, {"IMAGEBRIDGE_STORE": "/c"}, Path("/c")),
    ],
)
def test_where_pictures_are_kept(named, environment, store):
    assert Settings.from_environment(environment, store=named).store == (store.absolute() if store else None)


def test_what_may_be_written_and_fetched(tmp_path):
    settings = Settings.from_environment(
        {"IMAGEBRIDGE_ALLOW_WRITE": str(tmp_path)}, allow_https=True, store="off", patience=5
    )
    assert settings == Settings(allow_write=(tmp_path,), allow_https=True, patience=5)
    assert settings.places.allow_write == (tmp_path,)
    assert settings.places.web
    assert settings.places.store is None


def test_folders_from_the_command_line_come_first_and_once(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    environment = {"IMAGEBRIDGE_ALLOW": f"{two}{os.pathsep}{os.pathsep}{one}"}
    assert Settings.from_environment(environment, [str(one)]).allow == (one, two)


def test_a_relative_folder_and_a_home(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "pictures").mkdir()
    assert Settings.from_environment({}, ["pictures", "~/pictures"]).allow == (tmp_path / "pictures",)


@pytest.mark.parametrize(
    ("environment", "create"),
    [
        ({}, False),
        ({"OPENAI_API_KEY": ""}, False),
        ({"OPENAI_API_KEY": "sk-x"}, True),
        ({"OPENAI_BASE_URL": "http://localhost:1/v1"}, True),
    ],
)
def test_pictures_are_created_where_there_is_a_key_or_a_server(environment, create):
    assert Settings.from_environment(environment).create is create


@pytest.mark.parametrize(("name", "words"), [("nowhere", "does not exist"), ("file.txt", "is not a folder")])
def test_a_folder_that_is_none(tmp_path, name, words):
    (tmp_path / "file.txt").write_text("x")
    with pytest.raises(SettingsError, match=words):
        Settings.from_environment({"IMAGEBRIDGE_ALLOW": str(tmp_path / name)})


@pytest.mark.parametrize("option", ["allow", "allow_write"])
def test_an_empty_name_is_not_the_current_folder(option):
    with pytest.raises(SettingsError, match="an allowed folder has an empty name"):
        Settings.from_environment({}, **{option: [""]})


@pytest.mark.parametrize("name", ["patience", "store_seconds", "store_bytes"])
@pytest.mark.parametrize("number", [float("nan"), -1])
def test_a_number_that_is_no_limit(name, number):
    with pytest.raises(SettingsError, match=f"{name} is {number!r}; it must be a number, 0 or more"):
        Settings(**{name: number})
