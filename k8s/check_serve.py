"""serveConfigV2 as Ray and as our own settings read it."""

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from k8s.manifests import Absent, Part, Problem, Rendered, port_numbers
from serve_app.errors import SettingsError
from serve_app.settings import Settings, load_settings

BUILD = "serve_app.app:build"
CORES = "NEURON_RT_VISIBLE_CORES"


def ray_accepts_it(rendered: Rendered) -> Iterator[Problem]:
    from ray.serve.schema import ServeDeploySchema

    try:
        ServeDeploySchema.model_validate(rendered.serve.value)
    except ValidationError as error:
        for wrong in error.errors():
            yield _deepest(rendered.serve, wrong["loc"]).problem(f"Ray refuses it: {wrong['msg']}")


def ray_knows_every_key(rendered: Rendered) -> Iterator[Problem]:
    """Ray itself ignores a misspelt key."""
    from ray.serve.schema import ServeDeploySchema

    yield from _unknown(rendered.serve, ServeDeploySchema, "Ray Serve")


def settings_accept_its_args(rendered: Rendered) -> Iterator[Problem]:
    for application in rendered.serve.each("applications"):
        args = application.at("args")
        misspelt = list(_unknown(args, Settings, "the server"))
        yield from misspelt
        try:
            known = {name: value for name, value in args.value.items() if name in Settings.model_fields}
            load_settings(**known)
        except SettingsError as error:
            yield args.problem(f"the server refuses it: {error}")


def it_builds_our_application(rendered: Rendered) -> Iterator[Problem]:
    application = rendered.serve.at("applications", 0)
    if application.at("import_path").value != BUILD:
        yield application.at("import_path").problem(f"is not {BUILD}")
    for deployment in application.each("deployments"):
        if deployment.get("name") not in ("Ingress", "ModelReplica"):
            yield deployment.problem(f"{BUILD} makes no deployment {deployment.get('name')}")


def the_ingress_keeps_what_build_asks_for(rendered: Rendered) -> Iterator[Problem]:
    """ray_actor_options of a config replace those of the code, the blanked list of cores with them."""
    from serve_app.app import ONE_LOOP

    actor = ingress(rendered).at("ray_actor_options")
    if actor.get("num_cpus") != settings(rendered).ingress_cpus:
        yield actor.problem(f"num_cpus is not ingress_cpus = {settings(rendered).ingress_cpus}")
    if actor.get("runtime_env", "env_vars", CORES) != "":
        yield actor.problem(f"{CORES} is not blanked: the ingress would take every NeuronCore of its node")
    for name, value in ONE_LOOP.items():
        if actor.get("runtime_env", "env_vars", name) != value:
            yield actor.problem(f"{name} is not {value!r}: every request would change threads twice")


def the_cluster_runs_the_ray_that_is_installed(rendered: Rendered) -> Iterator[Problem]:
    from ray import __version__

    if rendered.ray.at("rayVersion").value != __version__:
        yield rendered.ray.at("rayVersion").problem(f"is not the locked Ray {__version__}")


def a_port_of_the_config_is_the_port_of_the_pods(rendered: Rendered) -> Iterator[Problem]:
    port = rendered.serve.at("http_options", "port")
    for group in rendered.ray.each("workerGroupSpecs"):
        if port_numbers(group.at("template")).get("serve") != port.value:
            yield port.problem(f"port serve of group {group.get('groupName')} is another")


def settings(rendered: Rendered) -> Settings:
    """Those of the application; Absent where they are refused, which another check tells."""
    args = rendered.serve.at("applications", 0, "args")
    try:
        return load_settings(**args.value)
    except SettingsError as error:
        raise Absent(args.problem(f"the server refuses it: {error}")) from None


def ingress(rendered: Rendered) -> Part:
    for deployment in rendered.serve.at("applications", 0).each("deployments"):
        if deployment.get("name") == "Ingress":
            return deployment
    raise Absent(rendered.serve.at("applications", 0).problem("says nothing of the deployment Ingress"))


def _unknown(part: Part, model: type[BaseModel], who: str) -> Iterator[Problem]:
    for key, value in part.value.items():
        if key not in model.model_fields:
            near = get_close_matches(key, model.model_fields, n=1)
            yield part.at(key).problem(f"{who} knows no such key" + (f"; {near[0]}?" if near else ""))
            continue
        for deeper in _models(model.model_fields[key].annotation):
            if isinstance(value, dict):
                yield from _unknown(part.at(key), deeper, who)
            for entry in part.each(key) if isinstance(value, list) else ():
                yield from _unknown(entry, deeper, who)


def _models(annotation: Any) -> list[type[BaseModel]]:
    """The models in an annotation such as Optional[List[DeploymentSchema]]."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for inner in get_args(annotation) for model in _models(inner)]


def _deepest(part: Part, keys: tuple[Any, ...]) -> Part:
    """As far as the way goes: pydantic's own steps name alternatives, too."""
    for key in keys:
        try:
            part = part.at(key)
        except Absent:
            return part
    return part


ALL = [
    ray_accepts_it,
    ray_knows_every_key,
    settings_accept_its_args,
    it_builds_our_application,
    the_ingress_keeps_what_build_asks_for,
    the_cluster_runs_the_ray_that_is_installed,
    a_port_of_the_config_is_the_port_of_the_pods,
]
