"""Uploads a bundle or a site to the Hugging Face hub: planned first, sent only on request.

huggingface_hub is imported when something is sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from seqbench.board.bundle.folder import MARK, check_folder
from seqbench.board.check.check import check_file
from seqbench.errors import BoardError
from seqbench.plugins.catalog import Catalog

_TARGET = re.compile(r"hub:([A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95})", re.ASCII)


@dataclass(frozen=True)
class Upload:
    """A planned upload.

    Attributes:
        repo: ``USER/REPO``.
        kind: the kind of repository: ``dataset``, or ``space``, a static site.
        files: path in the repository -> file here.
        message: the commit message.
        is_private: whether a new repository is private.
    """

    repo: str
    kind: str
    files: dict[str, Path]
    message: str
    is_private: bool

    def lines(self) -> Iterator[str]:
        """Yield readable lines about what would be sent."""
        visible = ", private where it is new" if self.is_private else ""
        yield f"to the {self.kind} {self.repo} on the Hugging Face hub{visible}"
        yield "whether it exists is not known until something is sent; where it does not, it is made"
        sizes = {name: path.stat().st_size for name, path in self.files.items()}
        for name, size in sizes.items():
            yield f"  {size:>10}  {name}"
        yield f"{len(sizes)} files, {sum(sizes.values())} bytes; commit: {self.message}"


def plan_upload(
    source: Path, target: str, catalog: Catalog, *, message: str | None = None, is_private: bool = False
) -> Upload:
    """Return what would be sent, without contacting a server.

    Args:
        source: a bundle that keeps the rules, or the folder of a board.
        target: ``hub:USER/REPO``.
        catalog: for the check of a bundle.
        message: the commit message.
        is_private: whether a new repository is private.

    Raises:
        BoardError: the source is neither of these, or the target has another form.
    """
    named = _TARGET.fullmatch(target)
    if named is None:
        raise BoardError(f"--to {target}: write it as hub:USER/REPO, such as hub:me/my-results")
    if source.is_dir():
        if not (source / MARK).is_file():
            raise BoardError(f"{source} is no board (it has no {MARK}): name what `seqbench board build` wrote")
        check_folder(source)
        files = {path.relative_to(source).as_posix(): path for path in sorted(source.rglob("*")) if path.is_file()}
        return Upload(named[1], "space", files, message or "Build the board", is_private)
    checked = check_file(source, catalog)
    if checked.submission is None:
        raise BoardError(f"{source} would be refused by every board:\n  " + "\n  ".join(checked.reasons))
    told = message or f"Add {checked.submission.manifest.about.name}"
    return Upload(named[1], "dataset", {source.name: source}, told, is_private)


def send(upload: Upload) -> str:
    """Create the repository if needed, send all files in one commit, and return its address.

    Raises:
        BoardError: the hub cannot be reached, or refuses.
    """
    from huggingface_hub import CommitOperationAdd, HfApi
    from huggingface_hub.errors import HfHubHTTPError, LocalTokenNotFoundError, OfflineModeIsEnabled

    api = HfApi(library_name="seqbench")
    sdk = "static" if upload.kind == "space" else None
    operations = [CommitOperationAdd(name, str(path)) for name, path in upload.files.items()]
    try:
        api.create_repo(
            upload.repo, repo_type=upload.kind, space_sdk=sdk, private=upload.is_private or None, exist_ok=True
        )
        done = api.create_commit(upload.repo, operations, commit_message=upload.message, repo_type=upload.kind)
    except (HfHubHTTPError, LocalTokenNotFoundError, OfflineModeIsEnabled, OSError, ValueError) as error:
        said = " ".join(str(error).split())
        raise BoardError(
            f"nothing is known to have been sent to {upload.repo}: {said}; look whether you are logged in"
            " (`hf auth login`, or HF_TOKEN), and give the same command again"
        ) from error
    return str(done.commit_url)
