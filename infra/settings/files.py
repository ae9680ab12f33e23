"""Settings of files and of long jobs."""

from pathlib import Path
from typing import Final

from infra.settings.shop import ShopSettings
from infra.settings.words import Secret, Size

STATE: Final = Path(__file__).parents[2] / ".daybook"
"""Where a clone keeps what is its own."""


class FileSettings(ShopSettings, frozen=True, kw_only=True):
    """Where bytes are kept, and how many."""

    file_size_limit: Size = 26_214_400
    """Bytes of one file."""
    file_quota: Size = 1_073_741_824
    """Bytes of all files of one person."""
    files_folder: str = ""
    """Where files are kept on this machine; `.daybook/files` of the clone where left out."""
    file_store: str = ""
    """Where files are kept instead: `s3://bucket` or `s3://bucket/prefix`; empty: in `files_folder`."""
    file_scan_command: str = ""
    """A program that looks at every file before it is kept: gets it on its standard input, exits 0 for clean and 1 for harmful."""
    s3_endpoint: str = ""
    """Address of the S3-compatible server; Amazon's own where left out."""
    s3_region: str = "us-east-1"
    s3_access_key: str = ""
    s3_secret_key: Secret = ""
    jobs_folder: str = ""
    """Where imports and exports keep their files; `.daybook/jobs` of the clone where left out."""
    import_size_limit: Size = 536_870_912
    """Bytes of a file that is to be imported."""

    @property
    def files_at(self) -> Path:
        """The folder of files on this machine."""
        return Path(self.files_folder) if self.files_folder else STATE / "files"

    @property
    def jobs_at(self) -> Path:
        """The folder of the files of jobs on this machine."""
        return Path(self.jobs_folder) if self.jobs_folder else STATE / "jobs"
