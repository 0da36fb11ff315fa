"""Settings: everything follows from the data folder, is documented, and is checked when it is read."""

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from domain.errors import InvalidSettings
from infra.settings import Settings, read_settings, use_data


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch):
    for name in [name for name in os.environ if name.startswith("BREAKWATER_")]:
        monkeypatch.delenv(name)


def test_everything_embedded_is_in_the_data_folder(tmp_path):
    settings = Settings(data=tmp_path)
    assert settings.blobs_url == f"file://{tmp_path}/blobs"
    assert settings.ledger_url == f"sqlite:///{tmp_path}/ledger.db"
    assert settings.archive_url == f"file://{tmp_path}/archive"
    assert settings.mlflow_url == f"sqlite:///{tmp_path}/mlflow.db"
    assert settings.name_key_file == tmp_path / "keys" / "names.key"


def test_what_is_said_stands(tmp_path):
    said = {
        "blobs": "s3+http://127.0.0.1:9/b",
        "ledger": "postgresql://h/n",
        "archive": "file:///a",
        "mlflow": "http://h",
    }
    settings = Settings(data=tmp_path, name_key=tmp_path / "k", **said)
    assert [settings.blobs_url, settings.ledger_url, settings.archive_url, settings.mlflow_url] == list(said.values())
    assert settings.name_key_file == tmp_path / "k"


def test_the_environment_is_read_and_the_data_folder_is_absolute(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BREAKWATER_WORKERS", "7")
    assert Settings().workers == 7
    assert Settings().root == tmp_path / "breakwater-data"


def test_a_process_and_its_children_use_the_folder_that_the_command_line_names(monkeypatch, tmp_path):
    monkeypatch.setenv("BREAKWATER_DATA", "elsewhere")
    use_data(None)
    assert Settings().data == Path("elsewhere")
    use_data(tmp_path)
    assert Settings().root == tmp_path


@pytest.mark.parametrize(
    ("name", "wrong"),
    [("workers", 0), ("workers", "many"), ("max_pixels", 0), ("max_xml_bytes", 1), ("max_video_seconds", 0)],
)
def test_a_setting_out_of_its_range_is_refused_by_name(monkeypatch, name, wrong):
    monkeypatch.setenv(f"BREAKWATER_{name.upper()}", str(wrong))
    with pytest.raises(InvalidSettings, match=f"BREAKWATER_{name.upper()}: .*Correct it"):
        read_settings()


def test_a_setting_that_does_not_exist_is_refused_by_name(monkeypatch):
    with pytest.raises(ValidationError, match="no_such"):
        Settings(no_such="1")
    monkeypatch.setenv("BREAKWATER_NO_SUCH", "sesame")
    with pytest.raises(InvalidSettings, match="BREAKWATER_NO_SUCH: no such setting") as refused:
        read_settings()
    assert "sesame" not in str(refused.value)


def test_settings_do_not_change_once_read():
    with pytest.raises(ValidationError, match="frozen"):
        Settings().workers = 3


def test_secrets_are_not_shown():
    secrets = {"blobs_secret_key": "sesame", "ledger": "postgresql://u:sesame@h/n", "mlflow": "http://u:sesame@h"}
    assert "sesame" not in repr(Settings(**secrets))


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_described_in_a_sentence(name):
    assert (Settings.model_fields[name].description or "").endswith(".")
