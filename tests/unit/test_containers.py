"""The image and the Kubernetes examples agree with the program and each other."""

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from twemproxy.arguments import parse
from twemproxy.config.load import load
from twemproxy.config.model import Config
from twemproxy.control.admin import Admin
from twemproxy.control.http import Request
from twemproxy.control.options import Options

ROOT: Final = Path(__file__).parents[2]
DOCKERFILE: Final = (ROOT / "contrib/Dockerfile").read_text()
PAGE: Final = (ROOT / "docs/containers.md").read_text()
BLOCK: Final = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PLATFORM: Final = [
    document for text in BLOCK.findall(PAGE) for document in yaml.safe_load_all(text)
]


def instructions(stage: int) -> list[tuple[str, str]]:
    """The instructions of one stage of the Dockerfile, continued lines joined."""
    joined = re.sub(r"\\\n\s*", " ", DOCKERFILE)
    lines = [line.partition(" ") for line in joined.splitlines()]
    rows = [(name, rest.strip()) for name, _, rest in lines if name.isupper()]
    starts = [i for i, (name, _) in enumerate(rows) if name == "FROM"]
    return rows[starts[stage] : ([*starts, len(rows)])[stage + 1]]


def of_kind(kind: str) -> Any:
    (found,) = [document for document in PLATFORM if document["kind"] == kind]
    return found


def pods() -> Iterator[tuple[Any, Any]]:
    """Each example's pod, and the proxy's container in it."""
    for spec in (
        of_kind("Deployment")["spec"]["template"]["spec"],
        of_kind("Pod")["spec"],
    ):
        for container in [*spec["containers"], *spec.get("initContainers", ())]:
            if container["name"] == "nutcracker":
                yield spec, container


def is_answered(path: str) -> bool:
    """Whether the metrics port has something to say about this path."""
    question = Request("GET", path, {}, False)
    return asyncio.run(Admin(lambda: b"").answer(question)).status in (200, 503)


@pytest.fixture
def configuration(tmp_path: Path) -> Config:
    """What the config map says, checked as `nutcracker -t` checks it."""
    (text,) = of_kind("ConfigMap")["data"].values()
    (tmp_path / "nutcracker.yml").write_text(text)
    return load(str(tmp_path / "nutcracker.yml"))


def image_options() -> Options:
    return parse(json.loads(dict(instructions(1))["CMD"])).options


def test_the_image_runs_what_the_program_understands() -> None:
    last = dict(instructions(1))
    assert json.loads(last["ENTRYPOINT"]) == ["nutcracker"]
    options = image_options()
    assert not options.daemonize
    assert options.output == ""
    _, port = options.metrics.split(":")
    assert {port, str(options.stats_port)} < set(last["EXPOSE"].split())
    assert f"127.0.0.1:{port}/healthz" in last["HEALTHCHECK"]


def test_the_image_has_no_compiler_and_no_root() -> None:
    last = dict(instructions(1))
    assert "RUN" not in last
    assert int(last["USER"].partition(":")[0]) > 0
    assert last["STOPSIGNAL"] == "SIGTERM"
    checked = json.loads(last["HEALTHCHECK"].partition("CMD")[2])
    compile(checked[checked.index("-c") + 1], "healthcheck", "exec")


def test_the_image_is_made_of_files_that_are_there() -> None:
    for name, rest in instructions(0):
        if name == "COPY":
            assert all((ROOT / source).exists() for source in rest.split()[:-1])


def test_the_options_of_the_examples_are_those_of_the_program() -> None:
    (path,) = of_kind("ConfigMap")["data"]
    for spec, container in pods():
        options = parse(container["args"]).options
        (mount,) = container["volumeMounts"]
        (volume,) = spec["volumes"]
        assert options.conf_file == f"{mount['mountPath']}/{path}"
        assert volume["configMap"]["name"] == of_kind("ConfigMap")["metadata"]["name"]
        assert "subPath" not in mount
        assert options.watch
        assert options.output == ""


def test_ports_and_probes_of_the_examples_agree(configuration: Config) -> None:
    listening = {pool.listen.port for pool in configuration.pools}
    for _, container in pods():
        options = parse(container["args"]).options
        ports = {row["name"]: row["containerPort"] for row in container["ports"]}
        assert options.metrics == f"0.0.0.0:{ports['metrics']}"
        assert ports.get("cache", 22121) in listening
        for kind in ("readinessProbe", "livenessProbe", "startupProbe"):
            probe = container.get(kind, {}).get("httpGet")
            if probe:
                assert ports[probe["port"]]
                assert is_answered(probe["path"])
    (service,) = of_kind("Service")["spec"]["ports"]
    assert service["port"] in listening
    (environment,) = of_kind("Pod")["spec"]["containers"][0]["env"]
    assert int(environment["value"].rpartition(":")[2]) in listening


def test_pods_have_the_time_to_drain() -> None:
    for spec, container in pods():
        pause_s = container.get("lifecycle", {"preStop": None})["preStop"]
        wait_s = int(pause_s["exec"]["command"][1]) if pause_s else 0
        drain_s = parse(container["args"]).options.drain_timeout_s
        assert wait_s + drain_s < spec["terminationGracePeriodSeconds"]


def test_pods_may_write_nothing_and_are_not_root() -> None:
    user = int(dict(instructions(1))["USER"].partition(":")[0])
    for spec, container in pods():
        rights = spec.get("securityContext", {}) | container["securityContext"]
        assert rights["readOnlyRootFilesystem"]
        assert rights["runAsNonRoot"]
        assert rights["runAsUser"] == user
        assert rights["capabilities"] == {"drop": ["ALL"]}


def test_the_memory_of_the_pod_is_more_than_its_buffers(configuration: Config) -> None:
    (container,) = of_kind("Deployment")["spec"]["template"]["spec"]["containers"]
    limit = int(container["resources"]["limits"]["memory"].removesuffix("Mi")) << 20
    buffers = min(pool.max_process_bytes for pool in configuration.pools)
    assert buffers + (64 << 20) < limit
