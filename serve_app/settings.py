"""All settings: one frozen object, read once from flags, `IMAGINE_` variables and defaults, in this order."""

import os
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, CliSettingsSource, NoDecode, SettingsConfigDict

from serve_app.core import MAX_GUIDANCE, MAX_STEPS, SCHEDULERS, Size
from serve_app.errors import SettingsError

PREFIX = "IMAGINE_"
BUNDLED_MODEL = Path(__file__).parent.parent / "demo_model" / "weights"


def _scheduler(name: str) -> str:
    if name and name not in SCHEDULERS:
        raise ValueError(f"allowed: {', '.join(SCHEDULERS)}")
    return name


def _sizes(text: str) -> str:
    for part in text.split(",") if text else []:
        width, _, height = part.strip().partition("x")
        sides = [int(side) for side in (width, height) if side.isdigit()]
        if len(sides) != 2 or any(side == 0 or side % 8 for side in sides):
            raise ValueError("allowed: WIDTHxHEIGHT in multiples of 8, separated by commas, such as 1024x1024,1152x896")
    return text


class Settings(BaseSettings):
    """Every knob of the service. A field `abc_d` is the variable `IMAGINE_ABC_D` and the flag `--abc-d`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        frozen=True,
        extra="forbid",
        cli_kebab_case=True,
        cli_implicit_flags=True,
        protected_namespaces=(),
    )

    model: str = Field(str(BUNDLED_MODEL), description="artifact or checkpoint: a folder, or a Hugging Face hub id")
    model_name: str = Field("", description="name in requests and answers; empty: the last part of the model's path")
    sizes: Annotated[str, NoDecode, AfterValidator(_sizes)] = Field(
        "", description="sizes served, as 1024x1024,1152x896; empty: the model's own size"
    )
    device: Literal["cpu", "cuda"] = Field("cpu", description="where the eager backend runs")
    dtype: Literal["float32", "bfloat16", "float16"] = Field("float32", description="number type of the networks")
    threads: int = Field(
        0, ge=0, le=256, description="CPU threads of a replica; 0: every CPU, but for the eager backend one less"
    )

    default_steps: int = Field(25, ge=1, le=MAX_STEPS, description="steps of a request that names none")
    default_guidance_scale: float = Field(
        4.0, ge=0, le=MAX_GUIDANCE, description="guidance of a request that names none"
    )
    default_scheduler: Annotated[str, AfterValidator(_scheduler)] = Field(
        "", description="scheduler of a request that names none; empty: the checkpoint's own"
    )

    max_rows: int = Field(8, ge=2, le=64, description="UNet rows per step: two for a guided image, one for an unguided")
    max_waiting: int = Field(32, ge=1, le=10_000, description="images that may wait in a replica before 503")
    request_timeout_s: float = Field(120.0, gt=0, le=3600, description="deadline of a request that names none")
    max_body_bytes: int = Field(1 << 20, ge=1024, le=1 << 30, description="largest request body")
    cache_max_age_s: int = Field(86_400, ge=0, description="max-age of pictures with an explicit seed")

    host: str = Field("127.0.0.1", description="address the HTTP proxy listens on")
    port: int = Field(8000, ge=1, le=65_535, description="port the HTTP proxy listens on")
    dashboard: bool = Field(True, description="start Ray's dashboard")
    dashboard_port: int = Field(8265, ge=1, le=65_535, description="port of Ray's dashboard, on 127.0.0.1")
    metrics_port: int = Field(9464, ge=1, le=65_535, description="port of the Prometheus metrics of a local Ray")
    replicas: int = Field(1, ge=1, le=1000, description="model replicas, the fewest when autoscaling")
    max_replicas: int = Field(0, ge=0, le=1000, description="most replicas; 0: as many as `replicas`, no autoscaling")
    ingress_cpus: float = Field(0.5, ge=0, le=256, description="CPUs Ray sets aside for the HTTP ingress")
    replica_cpus: float = Field(1.0, ge=0, le=256, description="CPUs Ray sets aside for a replica")
    replica_neuron_cores: int = Field(0, ge=0, le=32, description="NeuronCores of a replica; 0: as the model needs")
    replica_gpus: float = Field(0.0, ge=0, le=16, description="GPUs Ray sets aside for a replica")
    grace_s: float = Field(30.0, ge=0, le=600, description="time that requests in flight get at shutdown")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field("INFO", description="least level logged")

    @property
    def picture_sizes(self) -> tuple[Size, ...]:
        """`sizes` as pairs of width and height; empty where the model decides."""
        pairs = (part.strip().split("x") for part in self.sizes.split(",") if part.strip())
        return tuple((int(width), int(height)) for width, height in pairs)

    @model_validator(mode="after")
    def _no_unknown_variables(self) -> Self:
        """A misspelt variable would otherwise be ignored in silence."""
        known = {PREFIX + name.upper() for name in type(self).model_fields}
        for name, value in sorted(os.environ.items()):  # noqa: TID251  (the one place that reads it)
            if name.upper().startswith(PREFIX) and name.upper() not in known:
                near = get_close_matches(name.upper(), known, n=1) or sorted(known)
                raise ValueError(f"{name}={value!r}: no such setting; allowed: {', '.join(near)}")
        if self.max_replicas and self.max_replicas < self.replicas:
            raise ValueError(
                f"IMAGINE_MAX_REPLICAS={self.max_replicas}: allowed: 0, or at least IMAGINE_REPLICAS={self.replicas}"
            )
        return self


def load_settings(argv: Sequence[str] | None = None, **values: Any) -> Settings:
    """Settings from flags (`argv`, if given), then `values`, then the environment.

    Raises SettingsError naming the variable or flag, the value and what is allowed.
    """
    try:
        if argv is None:
            return Settings(**values)
        source = CliSettingsSource[Any](Settings, cli_parse_args=list(argv), cli_prog_name="python -m serve_app")
        return Settings(_cli_settings_source=source, **values)  # type: ignore[call-arg]  # BaseSettings takes it
    except ValidationError as error:
        raise SettingsError("\n".join(_explain(e) for e in error.errors())) from None


def _explain(error: Any) -> str:
    if not error["loc"]:
        return str(error["msg"]).removeprefix("Value error, ")
    name = str(error["loc"][0])
    return f"{PREFIX}{name.upper()} (--{name.replace('_', '-')}) = {error['input']!r}: {error['msg']}"
