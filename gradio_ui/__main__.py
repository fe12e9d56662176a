"""`python -m gradio_ui`: the page, until SIGINT or SIGTERM."""

import signal
import sys
import warnings
from collections.abc import Sequence

from gradio_ui.errors import SettingsError
from gradio_ui.settings import Settings, keep_gradio_quiet, load_settings


def main(argv: Sequence[str] | None = None) -> int:
    """Serve the page. Returns the exit code: 0 after a clean stop, 2 for a wrong setting."""
    try:
        settings = load_settings(sys.argv[1:] if argv is None else argv)
    except SettingsError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        return 2
    keep_gradio_quiet()
    serve(settings)
    return 0


def serve(settings: Settings) -> None:
    import uvicorn

    from gradio_ui.app import create_app
    from gradio_ui.client import Client

    warnings.filterwarnings("ignore", "'HTTP_422_UNPROCESSABLE_ENTITY'")  # Gradio's, at every event
    app = create_app(Client(settings.prefix, settings.api_key))
    print(f"page     http://{settings.host}:{settings.port}/\nservice  {settings.prefix}/", flush=True)  # noqa: T201
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)  # uvicorn raises it again when all is closed; the end is clean then
    uvicorn.run(app, host=settings.host, port=settings.port, log_level="warning", timeout_graceful_shutdown=3)


if __name__ == "__main__":
    sys.exit(main())
