"""What the document says of the endpoints that take forms."""

from tests.http.test_document import METHODS

FORM = "application/x-www-form-urlencoded"
TAKE = {"/oauth/token": "grant_type", "/oauth/authorize": "request", "/oauth/introspect": "token", "/oauth/revoke": "token"}


async def test_forms_are_documented_as_forms_and_their_errors_as_those_of_the_rfc(api):
    document = api.app.openapi_schema.to_schema()
    for path, needed in TAKE.items():
        post = document["paths"][path]["post"]
        assert set(post["requestBody"]["content"]) == {FORM}
        schema = post["requestBody"]["content"][FORM]["schema"]
        assert schema["required"] == [needed]
        assert all(field["description"] for field in schema["properties"].values())
        wanted = {"text/html"} if path == "/oauth/authorize" else {"application/json"}
        assert set(post["responses"]["400"]["content"]) == wanted


async def test_the_page_is_asked_for_with_parameters_and_answers_with_a_page_or_the_way_back(api):
    asked = api.app.openapi_schema.to_schema()["paths"]["/oauth/authorize"]
    assert set(asked) & METHODS == {"get", "post"}
    names = {parameter["name"] for parameter in asked["get"]["parameters"]}
    assert names >= {
        "client_id",
        "redirect_uri",
        "response_type",
        "scope",
        "state",
        "nonce",
        "code_challenge",
        "code_challenge_method",
        "prompt",
        "max_age",
    }
    assert {parameter["in"] for parameter in asked["get"]["parameters"]} == {"query"}
    assert set(asked["get"]["responses"]) >= {"200", "303", "400"}
