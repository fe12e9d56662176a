"""The real service in one process, without Ray: `python service.py PORT MAX_ROWS MAX_WAITING`.

`GET /test/load` tells the UNet rows and images in work, which the service itself only has as metrics.
"""

import sys
from pathlib import Path

import torch
import uvicorn

ROOT = Path(__file__).parent.parent.parent
sys.path.insert(0, str(ROOT))

from serve_app.api.app import HttpOptions, create_app  # noqa: E402
from serve_app.backends.eager import EagerBackend  # noqa: E402
from serve_app.engine.engine import Engine  # noqa: E402
from serve_app.registry import Registry, find_model, read_info  # noqa: E402
from serve_app.service import Service  # noqa: E402
from serve_app.settings import Settings  # noqa: E402
from serve_app.worker import Worker  # noqa: E402


def main(port: int, max_rows: int, max_waiting: int) -> None:
    torch.set_num_threads(1)
    settings = Settings(sizes="128x128,128x64")
    folder = find_model(settings.model)
    engine = Engine(EagerBackend.load(folder, "cpu", "float32", max_rows), max_rows, max_waiting)
    service = Service(Registry([read_info(folder, settings)]), Worker(engine))
    app = create_app(service, HttpOptions())

    @app.get("/test/load")
    async def load() -> dict[str, int]:
        batch = engine.scheduler.batch
        return {"rows": sum(job.rows for job in batch), "images": len(batch) + engine.scheduler.waiting}

    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
