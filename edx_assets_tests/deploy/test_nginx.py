"""The proxy that is shipped for Dagster's UI: who gets in, to do what, and from which page."""

import json
import ssl
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from edx_assets_tests.deploy.proxy import (
    NAME,
    NGINX,
    PASSWORDS,
    Proxy,
    certificate,
    proxy,
    webservers,
)

pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is not installed")

QUERY = "{ instance { concurrencyLimits { concurrencyKey } } }"
CHANGE = 'mutation { setConcurrencyLimit(concurrencyKey: "%s", limit: 1) }'
SUBSCRIPTION = (
    'subscription { pipelineRunLogs(runId: "none") { ... on PipelineRunLogsSubscriptionFailure'
    " { message } } }"
)
JSON = {"Content_Type": "application/json"}


@pytest.fixture(scope="module")
def ports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, int]]:
    with webservers(tmp_path_factory.mktemp("dagster")) as made:
        yield made


@pytest.fixture(scope="module")
def guarded(ports: tuple[int, int], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    with proxy(tmp_path_factory.mktemp("nginx"), *ports) as made:
        yield made


def as_user(user: str, password: str | None = None) -> dict[str, str]:
    word = PASSWORDS.get(user, "") if password is None else password
    return {"Authorization": f"Basic {b64encode(f'{user}:{word}'.encode()).decode()}"}


def asked(guarded: Proxy, query: str, **headers: str) -> Any:
    """What Dagster's GraphQL answers; where it refuses a change, with a status of 500."""
    body = json.dumps({"query": query})
    status, text, _headers = guarded.answer("POST", "/graphql", body, **JSON, **headers)
    told = json.loads(text)
    assert status == (500 if "errors" in told else 200)
    return told


def limits(guarded: Proxy) -> list[str]:
    """What changes have been let through so far."""
    found = asked(guarded, QUERY, **as_user("czar"))["data"]["instance"]["concurrencyLimits"]
    return [each["concurrencyKey"] for each in found]


def test_without_tls_one_is_sent_to_where_it_is(guarded: Proxy) -> None:
    status, _text, headers = guarded.plain_answer("/runs?q=1")
    assert (status, headers["Location"]) == (301, f"https://{NAME}/runs?q=1")


@pytest.mark.parametrize("path", ["/", "/graphql", "/server_info", "/download_debug/x"])
@pytest.mark.parametrize("headers", [{}, as_user("czar", "wrong"), as_user("nobody", "")])
def test_without_a_password_nobody_gets_in(
    guarded: Proxy, path: str, headers: dict[str, str]
) -> None:
    status, text, told = guarded.answer("GET", path, **headers)
    assert status == 401
    assert "dagster" not in text.lower()
    assert told["WWW-Authenticate"].startswith("Basic")


@pytest.mark.parametrize("user", PASSWORDS)
def test_with_a_password_the_ui_and_its_data_come(guarded: Proxy, user: str) -> None:
    status, text, headers = guarded.answer("GET", "/", **as_user(user))
    assert status == 200
    assert "Dagster" in text
    assert headers["X-Frame-Options"] == "DENY"
    assert "concurrencyLimits" in asked(guarded, QUERY, **as_user(user))["data"]["instance"]


def test_an_operator_may_change_and_a_viewer_may_not(guarded: Proxy) -> None:
    assert "errors" not in asked(guarded, CHANGE % "by_the_operator", **as_user("czar"))
    refused = asked(guarded, CHANGE % "by_the_viewer", **as_user("viewer"))
    assert "UserUnauthorized" in str(refused) or "Unauthorized" in str(refused), refused
    assert "by_the_operator" in limits(guarded)
    assert "by_the_viewer" not in limits(guarded)


def socket_of(guarded: Proxy, **headers: str) -> Any:
    return connect(
        f"wss://127.0.0.1:{guarded.https}/graphql",
        ssl=guarded.trust,
        subprotocols=[Subprotocol("graphql-ws")],
        additional_headers=headers,
        open_timeout=30,
    )


def test_a_subscription_comes_over_a_websocket(guarded: Proxy) -> None:
    own = f"https://127.0.0.1:{guarded.https}"
    with socket_of(guarded, **as_user("viewer"), Origin=own) as socket:
        socket.send(json.dumps({"type": "connection_init"}))
        assert json.loads(socket.recv(30))["type"] == "connection_ack"
        payload = {"query": SUBSCRIPTION}
        socket.send(json.dumps({"type": "start", "id": "1", "payload": payload}))
        told = json.loads(socket.recv(30))
        assert told["type"] == "data"
        assert "none" in str(told["payload"]["data"]["pipelineRunLogs"])


@pytest.mark.parametrize(
    ("headers", "status"),
    [({}, 401), (as_user("czar") | {"Origin": "https://another.example"}, 403)],
)
def test_no_websocket_without_a_password_or_from_another_page(
    guarded: Proxy, headers: dict[str, str], status: int
) -> None:
    with pytest.raises(InvalidStatus) as refused, socket_of(guarded, **headers):
        pass
    assert refused.value.response.status_code == status


FOREIGN = {
    "an image": ("GET", {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "no-cors"}),
    "a link": ("GET", {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate"}),
    "a form": ("POST", {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate"}),
    "a host beside it": ("POST", {"Sec_Fetch_Site": "same-site", "Sec_Fetch_Mode": "cors"}),
    "an old browser's script": ("POST", {"Origin": "https://another.example"}),
    "a file on the disk": ("POST", {"Origin": "null"}),
}


@pytest.mark.parametrize(("method", "headers"), FOREIGN.values(), ids=FOREIGN)
def test_another_page_cannot_give_orders(
    guarded: Proxy, method: str, headers: dict[str, str]
) -> None:
    """A browser sends the password along with whatever another page asks of the proxy."""
    path = f"/graphql?query={quote(CHANGE % 'by_another_page')}"
    assert guarded.answer(method, path, **as_user("czar"), **headers)[0] == 403
    assert "by_another_page" not in limits(guarded)


def test_dagster_itself_obeys_another_page(ports: tuple[int, int], guarded: Proxy) -> None:
    """Why the proxy looks at that; once this fails, Dagster has a guard of its own."""
    behind = Proxy(ports[0], 0, guarded.trust)
    path = f"/graphql?query={quote(CHANGE % 'by_an_image')}"
    assert behind.plain_answer(path)[0] == 200
    assert "by_an_image" in limits(guarded)


def test_a_link_from_elsewhere_opens_a_page(guarded: Proxy) -> None:
    headers = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate"}
    assert guarded.answer("GET", "/runs", **as_user("czar"), **headers)[0] == 200


def test_the_uis_own_page_is_served(guarded: Proxy) -> None:
    own = {"Sec_Fetch_Site": "same-origin", "Sec_Fetch_Mode": "cors"}
    asked(guarded, QUERY, **as_user("czar"), **own, Origin=f"https://127.0.0.1:{guarded.https}")


def test_client_certificates_in_place_of_passwords(ports: tuple[int, int], tmp_path: Path) -> None:
    authority = certificate(tmp_path, "authority")
    signed = ("-CA", str(authority[0]), "-CAkey", str(authority[1]))
    changes = {
        '    auth_basic           "Dagster";': "",
        "    auth_basic_user_file": "#",
        "# ssl_client_certificate": "ssl_client_certificate",
        "# ssl_verify_client": "ssl_verify_client",
        "/etc/ssl/dagster-clients-ca.pem": str(authority[0]),
        "map $remote_user $dagster": "map $ssl_client_s_dn $dagster",
        "    czar  ": "    CN=czar",
    }
    with proxy(tmp_path, *ports, changes) as guarded:
        assert guarded.answer("GET", "/server_info")[0] == 400
        for user, wrong in (("czar", False), ("viewer", True)):
            trust = ssl.create_default_context(cafile=str(tmp_path / f"{NAME}.pem"))
            trust.load_cert_chain(*certificate(tmp_path, user, *signed))
            of_user = Proxy(guarded.http, guarded.https, trust)
            assert ("errors" in asked(of_user, CHANGE % "x")) == wrong
        own = ssl.create_default_context(cafile=str(tmp_path / f"{NAME}.pem"))
        own.load_cert_chain(*certificate(tmp_path, "czar"))
        assert Proxy(0, guarded.https, own).answer("GET", "/server_info")[0] == 400
