"""The catalogue: found, sorted and paged by anybody, and never older than what was written before it was asked for."""

import asyncio

import pytest

from tests.http.daybook import misfits, problem
from tests.shop.selling import PRODUCTS, at, names, sell

LIST = f"{PRODUCTS}?q=finch"
STOCK = {"Red FINCH": (300, 2), "blue finch": (200, 0), "Äpfel": (900, 1), "Crate": (200, 7)}


@pytest.fixture(scope="module")
async def shelf(api):
    """Products that all have the word somewhere."""
    return [
        await sell(api, name=name, description="" if "inch" in name.lower() else "Finch 50% off", price={"amount": price}, quantity=quantity)
        for name, (price, quantity) in STOCK.items()
    ]


@pytest.mark.usefixtures("shelf")
@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("", ["Crate", "Äpfel", "blue finch", "Red FINCH"]),
        ("&sort=name", ["blue finch", "Crate", "Red FINCH", "Äpfel"]),
        ("&sort=-name", ["Äpfel", "Red FINCH", "Crate", "blue finch"]),
        ("&sort=price", ["blue finch", "Crate", "Red FINCH", "Äpfel"]),
        ("&sort=-price", ["Äpfel", "Red FINCH", "Crate", "blue finch"]),
        ("&min_price=201&max_price=300", ["Red FINCH"]),
        ("&sort=price&min_price=300", ["Red FINCH", "Äpfel"]),
        ("&in_stock=true", ["Crate", "Äpfel", "Red FINCH"]),
        ("&in_stock=false", ["blue finch"]),
        ("&currency=GBP&sort=price&in_stock=true", ["Crate", "Red FINCH", "Äpfel"]),
        ("&currency=USD", []),
        (" ÄPFEL", ["Äpfel"]),
        (" 50%25", ["Crate", "Äpfel"]),
        (" 5_%25", []),
    ],
)
async def test_products_are_found_by_what_is_asked(api, asked, found):
    assert names(await api("GET", LIST + asked)) == found


@pytest.mark.usefixtures("shelf")
@pytest.mark.parametrize("sort", ["newest", "name", "-name", "price", "-price"])
async def test_pages_give_each_product_once_also_while_those_already_given_change(api, sort):
    who, whole, seen = await api.admin(), names(await api("GET", f"{LIST}&sort={sort}")), []
    following = None
    while True:
        page = await api("GET", f"{LIST}&sort={sort}&limit=1" + (f"&cursor={following}" if following else ""))
        seen += names(page)
        following = page.json()["next_cursor"]
        if following is None:
            break
        last = page.json()["items"][-1]
        assert f"cursor={following}" in page.headers["link"]
        assert (await api("PATCH", at(last), who, json={"price": {"amount": last["price"]["amount"] + 1}})).status_code == 200
        assert (await api("PATCH", at(last), who, json={"price": last["price"]})).status_code == 200
    assert seen == whole
    other = await api("GET", f"{LIST}&sort={sort}&limit=1")
    wrong = await api("GET", f"{LIST}&sort={'price' if sort != 'price' else 'name'}&cursor={other.json()['next_cursor']}")
    assert problem(wrong) == (400, "invalid_cursor")


async def test_what_is_asked_wrongly_is_named(api):
    assert misfits(await api("GET", f"{PRODUCTS}?sort=colour"))[0][0] == "sort"
    assert misfits(await api("GET", f"{PRODUCTS}?minPrice=3")) == [("minPrice", "unknown_parameter")]
    assert misfits(await api("GET", PRODUCTS, params={"q": " ".join("abcdefghi")}))[0][0] == "q"
    assert (await api("GET", PRODUCTS, params={"q": " ".join("abcdefgh")})).status_code == 200


@pytest.mark.usefixtures("shelf")
async def test_without_a_limit_all_products_come_past_one_part_too(api, monkeypatch):
    monkeypatch.setattr("api.shop.lists.STREAMED", 2)
    whole = await api("GET", f"{LIST}&sort=name")
    assert names(whole) == ["blue finch", "Crate", "Red FINCH", "Äpfel"]
    assert whole.json()["next_cursor"] is None
    assert (await api("GET", f"{LIST}&sort=name", headers={"If-None-Match": whole.headers["etag"]})).status_code == 304
    async with api.with_rules(list_unbounded_max=3) as few:
        short = await few.get(f"{LIST}&sort=name")
        assert names(short) == ["blue finch", "Crate", "Red FINCH"]
        rest = await few.get(f"{LIST}&sort=name&cursor={short.json()['next_cursor']}")
        assert names(rest) == ["Äpfel"]


async def test_a_list_is_not_sent_again_until_something_changed(api, shelf):
    first = await api("GET", LIST)
    assert first.headers["cache-control"] == "public, max-age=0, must-revalidate"
    again = await api("GET", LIST, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    received = await api("POST", f"{at(shelf[0])}/stock-receipts", await api.admin(), json={"quantity": 1})
    assert received.status_code == 201, received.text
    changed = await api("GET", LIST, headers={"If-None-Match": first.headers["etag"]})
    assert changed.status_code == 200
    assert changed.headers["etag"] != first.headers["etag"]


async def test_a_shop_may_let_others_keep_its_catalogue(api):
    async with api.with_rules(catalogue_max_age=30) as patient:
        assert (await patient.get(f"{PRODUCTS}?limit=1")).headers["cache-control"] == "public, max-age=30, must-revalidate"


async def test_the_very_next_read_of_anybody_is_fresh(api):
    who, product = await api.admin(), await sell(api, name="Every finch", quantity=0)
    for quantity in range(1, 26):
        assert (await api("PATCH", at(product), who, json={"quantity": quantity})).status_code == 200
        one, listed = await asyncio.gather(api("GET", at(product)), api("GET", f"{PRODUCTS}?q=every finch"))
        assert (one.json()["quantity"], listed.json()["items"][0]["quantity"]) == (quantity, quantity)
    assert (await api("DELETE", at(product), who)).status_code == 204
    one, listed = await asyncio.gather(api("GET", at(product)), api("GET", f"{PRODUCTS}?q=every finch"))
    assert (one.status_code, names(listed)) == (404, [])


async def test_a_page_that_ends_with_the_longest_name_is_followed_by_another(api):
    longest = [f"{nth}{'ΐ' * 254}" for nth in range(2)]
    for name in longest:
        await sell(api, name=name, description="ptarmigan")
    first = await api("GET", f"{PRODUCTS}?q=ptarmigan&sort=name&limit=1")
    second = await api("GET", f"{PRODUCTS}?q=ptarmigan&sort=name&limit=1&cursor={first.json()['next_cursor']}")
    assert names(first) + names(second) == longest
