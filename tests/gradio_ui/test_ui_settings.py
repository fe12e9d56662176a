import pytest

from gradio_ui.__main__ import main
from gradio_ui.errors import SettingsError
from gradio_ui.settings import KNOBS, Settings, load_settings


def load(*argv: str, **environ: str) -> Settings:
    return load_settings(argv, environ)


def test_without_settings_the_page_is_local_in_front_of_a_local_service() -> None:
    settings = load()
    assert (settings.host, settings.port, settings.prefix) == ("127.0.0.1", 7860, "http://localhost:8000")
    assert settings.api_key == ""


def test_a_flag_wins_over_a_variable() -> None:
    settings = load("--service", "http://flag:1", SERVICE_NAME="http://variable:2", GRADIO_SERVER_PORT="81")
    assert (settings.service, settings.port) == ("http://flag:1", 81)


def test_the_variables_of_the_reference_blueprint_are_understood() -> None:
    settings = load(SERVICE_NAME="http://serve-svc:8000/", MODEL_ENDPOINT="/sdxl/imagine")
    assert settings.prefix == "http://serve-svc:8000/sdxl"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SERVICE_NAME", "localhost:8000"),
        ("SERVICE_NAME", "http://"),
        ("SERVICE_NAME", "http://a:99999"),
        ("SERVICE_NAME", "http://a?b=c"),
        ("MODEL_ENDPOINT", "imagine"),
        ("MODEL_ENDPOINT", "/draw"),
        ("GRADIO_SERVER_PORT", "0"),
        ("GRADIO_SERVER_PORT", "seven"),
    ],
)
def test_a_wrong_value_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as error:
        load(**{name: value})
    assert str(error.value).startswith(f"{name} = {value!r}: ")


def test_an_empty_variable_is_one_that_is_not_set() -> None:
    assert load(GRADIO_SERVER_PORT="").port == 7860


def test_a_wrong_flag_ends_the_program_with_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--port", "99999"]) == 2
    assert capsys.readouterr().err == "error: --port = '99999': allowed: 1 to 65535\n"


@pytest.mark.parametrize("knob", KNOBS, ids=lambda knob: knob.field)
def test_every_setting_is_documented_with_its_default(knob: object) -> None:
    from pathlib import Path

    page = (Path(__file__).parents[2] / "docs" / "gradio-ui.md").read_text()
    (row,) = [line for line in page.splitlines() if line.startswith(f"| `{knob.variable}` |")]  # type: ignore[attr-defined]
    assert f"| `{knob.flag}` | {knob.default} |" in row  # type: ignore[attr-defined]
