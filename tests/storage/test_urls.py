"""URLs: ambiguous ones are refused without quoting them, and no secret of others is shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.common.errors import WarehouseError
from pipeline.storage.urls import Url, is_url, parse_url

CANARY = "SLASHCANARY"


def parsed(text: str) -> Url:
    return parse_url(text, where="--crm", form="scheme://host/name")


UNREADABLE = [
    f"postgresql://loader:k3/{CANARY}@127.0.0.1:1/wh",
    f"postgresql://loader:12/{CANARY}@127.0.0.1:1/wh",
    f"postgresql://u:PA@{CANARY}@127.0.0.1:1/x",
    f"postgresql://u:k3?{CANARY}@h/x",
    f"postgresql://u:k3#{CANARY}@h/x",
    f"postgresql://u:50%x{CANARY}@h/x",
    f"postgresql://u@h:{CANARY}/x",
    f"postgresql:///u:{CANARY}@h/x",
    f"postgresql://h;password={CANARY}/x",
    f"postgresql://u:{CANARY}@[::1/db",
    f"postgresql://u:{CANARY}@h/x\n",
    f"jdbc:postgresql://h/db?password={CANARY}",
    f"sftp://courier:k3/{CANARY}@h/drops",
    f"s3://KEY:k3/{CANARY}@bucket/drops",
]
MISTYPED = [
    f"postgresql:/u:{CANARY}@h/x",
    f"postgresql:u:{CANARY}@h/x",
    f"postgresql//u:{CANARY}@h/x",
    f"sftp:/courier:{CANARY}@h/x",
    f"s3:/{CANARY}",
    f"//u:{CANARY}@h/x",
    f"u:k3/{CANARY}@h/x",
    f"host=db user=loader password={CANARY}",
    f"Driver=x;Server=h;PWD={CANARY}",
]


@pytest.mark.parametrize("text", [*UNREADABLE, *MISTYPED])
def test_an_unparsable_url_is_refused_without_quoting_it(text: str) -> None:
    assert is_url(text)
    with pytest.raises(WarehouseError, match="escape @ as %40, / as %2F") as raised:
        parsed(text)
    assert raised.value.where == "--crm"
    assert CANARY not in str(raised.value)


@pytest.mark.parametrize(
    "name", ["exports", "./u:p@h", "/data/me@corp: x", "~/drops", "C", "year=2025/exports", "2025-01-15T00:00:00Z"]
)
def test_a_folder_name_is_not_a_url(name: str) -> None:
    assert not is_url(name)


def test_an_existing_folder_is_a_folder_whatever_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s3:old").mkdir()
    assert not is_url("s3:old")
    assert is_url("s3:new")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"postgresql://{CANARY}:{CANARY}@db.example:5432/sales?sslkey={CANARY}", "postgresql://db.example/sales"),
        (f"postgresql://h1:1,h2:2/db?options={CANARY}", "postgresql://h1,h2/db"),
        (f"mssql+pyodbc:///?odbc_connect=PWD%3D{CANARY}", "mssql+pyodbc:///"),
        ("sqlite:////home/me@corp/a b.db", "sqlite:////home/me%40corp/a b.db"),
        ("s3://bucket/pre fix/ünï", "s3://bucket/pre fix/ünï"),
        ("sftp://courier@127.0.0.1:2022/in/a%40b", "sftp://courier@127.0.0.1:2022/in/a%40b"),
    ],
)
def test_only_host_and_database_are_shown_and_for_a_file_server_user_and_port(text: str, shown: str) -> None:
    assert parsed(text).shown == shown


def test_the_shown_address_of_a_file_server_opens_it() -> None:
    url = parsed("sftp://cour%40ier@h:2022/in/50%25 %3F")
    assert parsed(url.shown) == url
    assert (url.user, url.port, url.path) == ("cour@ier", "2022", "/in/50% ?")


def test_the_parts_are_unescaped() -> None:
    url = parsed("postgresql://lo%40der:k3%2F%3A@[::1]:6543/sales?options=-c%20jit%3Don&schema=a+b")
    assert (url.user, url.password, url.host, url.port, url.database) == ("lo@der", "k3/:", "[::1]", "6543", "sales")
    assert url.parameters == (("options", "-c jit=on"), ("schema", "a+b"))


def test_a_drivers_message_loses_user_password_and_parameters_in_every_form() -> None:
    url = parsed("postgresql://u:k3%2Fx%40y@h/db?options=-c%20key%3DCANARYONE&sslkey=CANARYTWO&host=h&CANARYTHREE")
    said = 'k3/x@y k3%2Fx%40y k3/x%40y "key=CANARYONE" CANARYTWO CANARYTHREE: user "u" at host h, universe up'
    assert url.hide(said) == '*** *** *** "key=***" *** ***: user "***" at host h, universe up'


SECRETS = st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=5, max_size=12)


@given(SECRETS)
def test_no_password_is_shown_however_it_is_written(secret: str) -> None:
    text = f"postgresql://loader:{secret}@h/db"
    try:
        url = parsed(text)
    except WarehouseError as fault:
        assert secret not in str(fault)
    else:
        assert url.shown == "postgresql://h/db"
        assert url.password is not None and url.hide(f"no: {url.password}") == "no: ***"
