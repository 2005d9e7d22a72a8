"""The port of its own on which a running desk answers `/metrics`."""

import json
import socket
from contextlib import closing
from http.client import HTTPConnection

import pytest
from aiohttp import ClientSession
from prometheus_client.parser import text_string_to_metric_families

from tests.cli.conftest import PATIENCE, Home, Serve, run_command, workers_of
from web.api.metrics import metrics_port


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _get(port: int, path: str) -> tuple[int, str]:
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def _sum(text: str, name: str, **labels: str) -> float:
    return sum(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )


@pytest.mark.parametrize("workers", ["1", "2"])
def test_one_port_answers_for_all_processes(filled_home: Home, serve: Serve, workers: str) -> None:
    port = _free_port()
    desk = serve(filled_home, HANGTAG_WORKERS=workers, HANGTAG_METRICS_PORT=str(port))

    for _ in range(20):  # a connection each: with workers they are spread
        assert desk.get("/brands")[0] == 200

    for status, text in (_get(port, "/metrics"), desk.get("/metrics")):
        assert status == 200
        assert _sum(text, "hangtag_requests_total", route="/brands", status="200") == 20
        assert _sum(text, "hangtag_pool_connections", pool="pages") >= int(workers)
    assert _get(port, "/brands")[0] == 404
    assert desk.stop() == 0


def test_numbers_of_a_killed_worker_stay_and_its_connections_go(
    filled_home: Home, serve: Serve
) -> None:
    port = _free_port()
    desk = serve(filled_home, HANGTAG_WORKERS="2", HANGTAG_METRICS_PORT=str(port))
    for _ in range(20):
        assert desk.get("/brands")[0] == 200
    killed = workers_of(desk)[0]

    killed.kill()
    killed.wait(PATIENCE)

    while True:  # until the worker in its place has written its own
        _, text = _get(port, "/metrics")
        if len(workers_of(desk)) == 2:
            break
    assert _sum(text, "hangtag_requests_total", route="/brands", status="200") == 20
    # Each worker has five of the ten.
    assert _sum(text, "hangtag_pool_connections", pool="pages") <= 10
    assert desk.stop() == 0


def test_metrics_port_answers_to_this_machines_names_with_the_headers_of_all_answers(
    filled_home: Home, serve: Serve
) -> None:
    port = _free_port()
    desk = serve(filled_home, HANGTAG_METRICS_PORT=str(port))

    for path, host, status in (
        ("/metrics", f"127.0.0.1:{port}", 200),
        ("/metrics", f"localhost:{port}", 200),
        ("/nowhere", f"127.0.0.1:{port}", 404),
        ("/metrics", "rebound.example", 421),
        ("/metrics", f"rebound.example:{port}", 421),
    ):
        connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        connection.request("GET", path, headers={"Host": host})
        response = connection.getresponse()
        text = response.read().decode()
        connection.close()
        assert response.status == status
        assert ("hangtag_requests_total" in text) == (status == 200)
        assert response.headers["Server"] == "Hangtag"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert "X-Request-ID" not in response.headers
    assert desk.stop() == 0


@pytest.mark.parametrize("host", ["0.0.0.0", "127.0.0.1"])  # noqa: S104
async def test_metrics_port_for_a_network_answers_to_every_name(host: str) -> None:
    with closing(socket.create_server((host, 0))) as bound:
        port = int(bound.getsockname()[1])
        async with metrics_port([bound]), ClientSession() as session:
            url = f"http://127.0.0.1:{port}/metrics"
            async with session.get(url, headers={"Host": "desk.example"}) as response:
                assert response.status == (421 if host == "127.0.0.1" else 200)


def test_port_in_use_is_a_sentence(home: Home) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        done = run_command(home, "serve", "--port", "0", HANGTAG_METRICS_PORT=str(port))

    assert done.returncode == 1
    assert f"Cannot listen on 127.0.0.1 port {port}: " in done.stderr
    assert "Traceback" not in done.stderr


def test_log_of_a_running_desk_is_json_with_no_lines_of_aiohttps_own(
    filled_home: Home, serve: Serve
) -> None:
    desk = serve(filled_home)
    assert desk.get("/brands?q=s3cret")[0] == 200
    assert desk.stop() == 0

    text = (filled_home.folder / "log").read_text(encoding="utf-8")
    lines = [json.loads(line) for line in text.splitlines()]
    (line,) = (line for line in lines if line["logger"] == "hangtag.requests")
    assert line["process"] == desk.process.pid
    assert line["event"] == "GET /brands 200"
    assert "s3cret" not in text
