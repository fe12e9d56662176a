from typing import get_args

import pytest
from pydantic import ValidationError

from serve_app.errors import SettingsError
from serve_app.settings import Settings, load_settings

pytestmark = pytest.mark.usefixtures("no_variables")
FIELDS = Settings.model_fields
TEXTS = {"model": "/models/sdxl", "model_name": "mine", "sizes": "64x128", "default_scheduler": "ddim", "host": "::1"}


def another(name: str) -> object:
    """A right value that is not the default."""
    default, kind = FIELDS[name].default, FIELDS[name].annotation
    if isinstance(default, bool):
        return not default
    if isinstance(default, int | float):
        return default + 1
    return TEXTS.get(name) or next(choice for choice in get_args(kind) if choice != default)


def flags(name: str, value: object) -> list[str]:
    flag = name.replace("_", "-")
    if isinstance(value, bool):
        return [f"--{flag}" if value else f"--no-{flag}"]
    return [f"--{flag}", str(value)]


def test_all_have_defaults() -> None:
    assert load_settings() == load_settings([]) == Settings.model_construct()


@pytest.mark.parametrize("name", FIELDS)
def test_each_is_a_variable(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(f"IMAGINE_{name.upper()}", str(another(name)))
    assert getattr(load_settings([]), name) == another(name)


@pytest.mark.parametrize("name", FIELDS)
def test_each_is_a_flag_that_wins_over_its_variable(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(f"IMAGINE_{name.upper()}", str(FIELDS[name].default))
    assert getattr(load_settings(flags(name, another(name))), name) == another(name)


@pytest.mark.parametrize("name", FIELDS)
def test_each_is_explained(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        load_settings(["--help"])
    assert caught.value.code == 0
    told = " ".join(capsys.readouterr().out.split())
    assert f"--{name.replace('_', '-')}" in told
    assert (FIELDS[name].description or "?").split(";")[0] in told


def test_values_win_over_variables_and_flags_over_both(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGINE_PORT", "1001")
    assert load_settings(port=1003).port == 1003
    assert load_settings(["--port", "1002"], port=1003).port == 1002


def test_they_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        load_settings().port = 1  # type: ignore[misc]


WRONG = [
    ("port", "99999", "65535"),
    ("port", "eighty", "integer"),
    ("threads", "-1", "greater than or equal to 0"),
    ("device", "tpu", "'cuda'"),
    ("dtype", "int8", "'bfloat16'"),
    ("sizes", "big", "WIDTHxHEIGHT"),
    ("sizes", "1024", "WIDTHxHEIGHT"),
    ("sizes", "100x100", "multiples of 8"),
    ("sizes", "64x64,65x64", "multiples of 8"),
    ("sizes", "64x64,", "WIDTHxHEIGHT"),
    ("sizes", "0x64", "WIDTHxHEIGHT"),
    ("default_scheduler", "magic", "dpmpp_2m_karras"),
    ("default_steps", "101", "100"),
    ("default_guidance_scale", "nan", "IMAGINE_DEFAULT_GUIDANCE_SCALE"),
    ("request_timeout_s", "0", "greater than 0"),
    ("max_rows", "1", "greater than or equal to 2"),
    ("log_level", "LOUD", "'WARNING'"),
]


@pytest.mark.parametrize(("name", "value", "told"), WRONG)
@pytest.mark.parametrize("way", ["variable", "flag"])
def test_a_wrong_value_is_named_with_what_is_allowed(
    monkeypatch: pytest.MonkeyPatch, way: str, name: str, value: str, told: str
) -> None:
    if way == "variable":
        monkeypatch.setenv(f"IMAGINE_{name.upper()}", value)
    with pytest.raises(SettingsError) as caught:
        load_settings([f"--{name.replace('_', '-')}={value}"] if way == "flag" else [])
    message = str(caught.value)
    assert message.startswith(f"IMAGINE_{name.upper()} (--{name.replace('_', '-')}) = {value!r}: ")
    assert told in message


def test_every_wrong_value_has_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGINE_PORT", "0")
    monkeypatch.setenv("IMAGINE_DEVICE", "tpu")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert sorted(line.split(" ")[0] for line in str(caught.value).split("\n")) == ["IMAGINE_DEVICE", "IMAGINE_PORT"]


@pytest.mark.parametrize(
    ("name", "near"),
    [("IMAGINE_PROT", "IMAGINE_PORT"), ("imagine_steps", "IMAGINE_"), ("IMAGINE_ZZZZZZZZZZZZZZ", "IMAGINE_MODEL, ")],
)
def test_an_unknown_variable_is_named_with_what_it_might_be(
    monkeypatch: pytest.MonkeyPatch, name: str, near: str
) -> None:
    monkeypatch.setenv(name, "7")
    with pytest.raises(SettingsError) as caught:
        load_settings([])
    assert str(caught.value).startswith(f"{name}='7': no such setting; allowed: ")
    assert near in str(caught.value)


def test_an_unknown_flag_ends_the_program(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        load_settings(["--prot", "1"])
    assert caught.value.code == 2
    assert "--prot" in capsys.readouterr().err


@pytest.mark.parametrize(("most", "fine"), [(0, True), (2, False), (3, True), (4, True)])
def test_the_most_replicas_are_not_fewer_than_the_fewest(most: int, fine: bool) -> None:
    if fine:
        assert load_settings(replicas=3, max_replicas=most).max_replicas == most
        return
    with pytest.raises(SettingsError, match="IMAGINE_MAX_REPLICAS=2: allowed: 0, or at least IMAGINE_REPLICAS=3"):
        load_settings(replicas=3, max_replicas=most)
