"""Which store of files the settings name."""

from infra.outside.local_files import LocalFiles
from infra.outside.s3_files import S3Files
from infra.outside.s3_signature import Credentials
from infra.settings import Settings


def store_of(settings: Settings) -> LocalFiles | S3Files:
    """S3 where a bucket is set, else a folder of this machine."""
    if not settings.file_store:
        return LocalFiles(settings.files_at)
    return S3Files(settings.file_store, settings.s3_endpoint, Credentials(settings.s3_access_key, settings.s3_secret_key, settings.s3_region))
