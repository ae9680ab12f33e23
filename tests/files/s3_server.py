"""An S3-compatible server (moto) that checks signatures, run in a process of its own: says in one line of JSON where it is and who may in."""

import json
import sys

import boto3
from moto import settings
from moto.server import ThreadedMotoServer

EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}

server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
server.start()
host, port = server.get_host_and_port()
at = {"endpoint_url": f"http://{host}:{port}", "region_name": "eu-west-1", "aws_access_key_id": "setup", "aws_secret_access_key": "setup"}
iam = boto3.client("iam", **at)
iam.create_user(UserName="daybook")
iam.put_user_policy(UserName="daybook", PolicyName="files", PolicyDocument=json.dumps(EVERYTHING))
key = iam.create_access_key(UserName="daybook")["AccessKey"]
boto3.client("s3", **at).create_bucket(Bucket="daybook-files", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
settings.INITIAL_NO_AUTH_ACTION_COUNT = 0  # From here on every request must be signed by that user.
sys.stdout.write(json.dumps({"endpoint": at["endpoint_url"], "access_key": key["AccessKeyId"], "secret_key": key["SecretAccessKey"]}) + "\n")
sys.stdout.flush()
sys.stdin.read()
server.stop()
