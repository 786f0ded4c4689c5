"""Settings come from whoever starts the server."""

import os

import pytest

from imagebridge_server.settings import Settings, SettingsError


def test_nothing_is_allowed_by_default():
    assert Settings.from_environment({}) == Settings(allow=(), create=False)


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
