"""Settings: arguments over environment over file over defaults, and one line for what cannot be."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dashboard.model.errors import InputError
from dashboard.settings.config import LOOPBACK, Settings, load_settings


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"NIGHTGLASS_{name.upper()}", raising=False)
    monkeypatch.chdir(tmp_path)
    load_settings.cache_clear()
    yield
    load_settings.cache_clear()


def test_the_defaults_stay_on_this_machine_and_off_the_network() -> None:
    found = load_settings()
    assert found.host in LOOPBACK
    assert found.tiles == ""
    assert found.data == Path("data")


def test_the_file_is_read_and_the_environment_is_stronger(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "nightglass.toml").write_text('port = 6001\ncache_mb = 64\ndata = "elsewhere"\n', encoding="utf-8")
    monkeypatch.setenv("NIGHTGLASS_PORT", "6002")
    monkeypatch.setenv("NIGHTGLASS_WORKERS", "")
    found = load_settings()
    assert (found.port, found.cache_mb, found.data) == (6002, 64, Path("elsewhere"))
    assert found.workers == Settings.model_fields["workers"].default


@pytest.mark.parametrize(
    ("name", "value"),
    [("PORT", "65536"), ("PORT", "-1"), ("PORT", "http"), ("CACHE_MB", "1"), ("WORKERS", "0"), ("WORKERS", "65")],
)
def test_a_value_out_of_range_is_one_line_that_names_it(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"NIGHTGLASS_{name}", value)
    with pytest.raises(InputError) as caught:
        load_settings()
    said = str(caught.value)
    assert name.lower() in said
    assert value in said
    assert "\n" not in said


def test_an_unknown_setting_in_the_file_is_one_line_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "nightglass.toml").write_text("prot = 6001\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load_settings()
    assert "prot" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_damaged_file_is_one_line_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "nightglass.toml").write_text("port = = 1\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"nightglass\.toml"):
        load_settings()


def test_settings_are_frozen_and_every_field_is_described() -> None:
    found = load_settings()
    with pytest.raises(ValueError, match="frozen"):
        found.port = 1
    assert all(field.description for field in Settings.model_fields.values())


def test_no_host_is_allowed_until_somebody_writes_it_down(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert load_settings().stac_hosts == ()
    (tmp_path / "nightglass.toml").write_text('stac_hosts = ["STAC.example.org", "127.0.0.1:8080"]\n')
    load_settings.cache_clear()
    assert load_settings().stac_hosts == ("stac.example.org", "127.0.0.1:8080")
    monkeypatch.setenv("NIGHTGLASS_STAC_HOSTS", "a.example.org, b.example.org:8443")
    load_settings.cache_clear()
    assert load_settings().stac_hosts == ("a.example.org", "b.example.org:8443")


@pytest.mark.parametrize("entry", ["https://a.org", "a.org/stac", "*", "a.org:x", "*.org", "me@a.org", "a b"])
def test_a_host_is_a_host_and_nothing_more(monkeypatch: pytest.MonkeyPatch, entry: str) -> None:
    monkeypatch.setenv("NIGHTGLASS_STAC_HOSTS", entry)
    with pytest.raises(InputError, match="stac_hosts"):
        load_settings()


def test_area_runs_stay_on_this_machine_until_a_scheduler_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_settings().dask_scheduler == ""
    monkeypatch.setenv("NIGHTGLASS_DASK_SCHEDULER", " tcp://10.0.0.5:8786 ")
    load_settings.cache_clear()
    assert load_settings().dask_scheduler == "tcp://10.0.0.5:8786"


@pytest.mark.parametrize("address", ["10.0.0.5:8786", "http://10.0.0.5:8786", "tcp://a b:1", "tcp://host", "tcp://h:0"])
def test_a_scheduler_is_an_address_with_a_port(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("NIGHTGLASS_DASK_SCHEDULER", address)
    with pytest.raises(InputError, match="dask_scheduler"):
        load_settings()
