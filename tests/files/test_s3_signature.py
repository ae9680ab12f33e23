"""Signatures as Amazon's own examples have them (sig-v4-header-based-auth, "Examples: Signature calculations")."""

from datetime import UTC, datetime

import pytest

from infra.outside.s3_signature import EMPTY, Credentials, signed

BY = Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "us-east-1")
THEN = datetime(2013, 5, 24, tzinfo=UTC)
AT = "https://examplebucket.s3.amazonaws.com"
PUT = {"date": "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY"}


@pytest.mark.parametrize(
    ("method", "url", "headers", "body_hash", "signature"),
    [
        ("GET", f"{AT}/test.txt", {"Range": "bytes=0-9"}, EMPTY, "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"),
        (
            "PUT", f"{AT}/test%24file.text", PUT,
            "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
        ),
        ("GET", f"{AT}/?lifecycle", {}, EMPTY, "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        ("GET", f"{AT}/?max-keys=2&prefix=J", {}, EMPTY, "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
    ],
    ids=["GetObject", "PutObject", "GetBucketLifecycle", "ListObjects"],
)  # fmt: skip
def test_it_signs_as_the_examples_do(method, url, headers, body_hash, signature):
    assert signed(method, url, headers, body_hash, BY, THEN)["authorization"].endswith(f"Signature={signature}")
