"""Finds the files of a data set in a folder: splits, shards, a file for each class or text, images.

Looks at names and folders only, never into a file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from seqbench.data.idx_files import IMAGES, LABELS, idx_pairs
from seqbench.data.table_files import READERS, ending, stem
from seqbench.errors import DataError, reason

ROLES = {
    "train": "train",
    "valid": "validation",
    "validation": "validation",
    "val": "validation",
    "dev": "validation",
    "test": "test",
}
KNOWN_ENDINGS = ", ".join(f".{kind}" for kind in READERS) + " (also with .gz)"

_NOT_DATA = (".", "_", "readme", "licen", "manifest", "sha256sums", "dataset_info", "thumbs.db", "desktop.ini")
_UNLABELLED = ("unsup", "unsupervised", "unlabeled", "unlabelled")
_DOCUMENT = ("txt", "")
"""Endings of files that hold one text each."""
# The hub's names: train-00000-of-00003, with or without a hash; others write train_0 or train.1.
_SPLIT_FILE = re.compile(
    rf"(?P<role>{'|'.join(ROLES)})(?:[-_.](?P<shard>\d+)(?:[-_]of[-_](?P<shards>\d+))?(?:-[0-9a-f]{{6,}})?)?",
    re.IGNORECASE,
)

_NAMED_SPLIT_FILE = re.compile(rf"(?P<name>.+)[-_.](?P<role>{'|'.join(ROLES)})", re.IGNORECASE)
"""The name of a data set, then the split, as in wiki.train.tokens."""


@dataclass(frozen=True)
class DataFile:
    """A file of a data set.

    Attributes:
        role: the split that it belongs to, or ``all``.
        path: where it is.
        kind: one of `READERS`, or of a pair of idx files.
        label: the class of all its texts, if its name or folder tells it.
        is_document: whether the whole file is one text.
    """

    role: str
    path: Path
    kind: str
    label: str | None = None
    is_document: bool = False

    @property
    def name(self) -> str:
        """The name of the part in a fingerprint: its split and its class."""
        return "/".join(name for name in (self.role if self.role != "all" else "", self.label) if name)


@dataclass(frozen=True)
class DataLayout:
    """The files of a data set in the order of their rows, and a description of what was left out."""

    parts: tuple[DataFile, ...]
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Folder:
    """The contents of a folder, without files that are never data."""

    path: Path
    files: tuple[Path, ...]
    folders: tuple[Path, ...]


def layout_of(folder: Path) -> DataLayout:
    """Return the files of the data set in a folder.

    Layouts are tried in this order: images in idx files; files of splits, possibly in shards; files of splits that
    begin with the name of the data set (``wiki.train.tokens``); folders of splits; a
    folder for each class with a file for each text; a file for each class; then the same one or two folders
    deeper, e.g. in ``data``.

    Raises:
        DataError: no layout fits; there are several data sets, two files for one split or a missing shard; or the
            folder cannot be read.
    """
    looked_at = _look(folder)
    if found := _found(looked_at):
        return found
    names = [path.name for path in looked_at.files] + [f"{path.name}/" for path in looked_at.folders]
    raise DataError(
        f"the folder {folder} has no file called train with an ending {KNOWN_ENDINGS}, and no text file for each"
        f" class; it has {', '.join(names[:20]) or 'no data'}. Name one file, or rename the files"
    )


def _found(folder: _Folder, deeper: int = 2) -> DataLayout | None:
    for find in (_idx_files, _split_files, _named_split_files, _split_folders, _class_folders, _class_files):
        if found := find(folder):
            return found
    if not deeper:
        return None
    inside = {path: found for path in folder.folders if (found := _found(_look(path), deeper - 1))}
    if len(inside) > 1:
        names = ", ".join(path.name for path in inside)
        raise DataError(
            f"the folder {folder.path} holds several data sets, or configurations of one: {names}; name one of"
            f" them, such as {next(iter(inside))}"
        )
    return next(iter(inside.values()), None)


def _look(folder: Path) -> _Folder:
    try:
        found = [path for path in sorted(folder.iterdir()) if not path.name.lower().startswith(_NOT_DATA)]
        files = tuple(path for path in found if path.is_file())
        return _Folder(folder, files, tuple(path for path in found if path.is_dir()))
    except OSError as error:
        raise DataError(f"the folder {folder} cannot be looked at: {reason(error)}") from error


def _idx_files(folder: _Folder) -> DataLayout | None:
    pairs = idx_pairs(folder.path, folder.files)
    kinds = (IMAGES, LABELS)
    parts = [DataFile(role, path, kind) for role, *paths in pairs for path, kind in zip(paths, kinds, strict=True)]
    return DataLayout(tuple(parts)) if parts else None


def _split_files(folder: _Folder) -> DataLayout | None:
    found: dict[str, list[tuple[Path, re.Match[str]]]] = {}
    for path in folder.files:
        named = _SPLIT_FILE.fullmatch(stem(path))
        if named and ending(path) in READERS:
            found.setdefault(ROLES[named["role"].lower()], []).append((path, named))
    if not found:
        return None
    if "train" not in found:
        names = ", ".join(path.name for files in found.values() for path, _ in files)
        raise DataError(f"the folder {folder.path} has {names}, but no train file")
    roles = [role for role in dict.fromkeys(ROLES.values()) if role in found]
    return DataLayout(tuple(part for role in roles for part in _shards(folder.path, role, found[role])))


def _named_split_files(folder: _Folder) -> DataLayout | None:
    """Return files that are called alike but for the split, if one of them is to train on."""
    named = [
        (path, found)
        for path in folder.files
        if ending(path) in READERS and (found := _NAMED_SPLIT_FILE.fullmatch(stem(path)))
    ]
    roles = {ROLES[found["role"].lower()]: path for path, found in named}
    if len({(found["name"], ending(path)) for path, found in named}) != 1 or "train" not in roles:
        return None
    if len(roles) < len(named):
        names = ", ".join(path.name for path, _ in named)
        raise DataError(f"the folder {folder.path} has two files for one split: {names}; keep one")
    ordered = [role for role in dict.fromkeys(ROLES.values()) if role in roles]
    return DataLayout(tuple(DataFile(role, roles[role], ending(roles[role])) for role in ordered))


def _shards(folder: Path, role: str, files: Sequence[tuple[Path, re.Match[str]]]) -> list[DataFile]:
    """Return the files of one split in the order of their numbers."""
    parts = [DataFile(role, path, ending(path)) for path, _ in files]
    if len(files) == 1 and not files[0][1]["shards"]:
        return parts
    names = [path.name for path, _ in files]
    numbers = [int(named["shard"]) if named["shard"] else None for _, named in files]
    kinds = {(part.kind, named["shards"], named["role"]) for part, (_, named) in zip(parts, files, strict=True)}
    if None in numbers or len(set(numbers)) < len(numbers) or len(kinds) > 1:
        raise DataError(f"the folder {folder} has two files for {role}: {names[0]} and {names[1]}; keep one")
    told = files[0][1]["shards"]
    first = 0 if told else min(number for number in numbers if number is not None)
    missing = sorted(set(range(first, int(told) if told else first + len(files))) - set(numbers))
    if missing:
        raise DataError(
            f"the folder {folder} has {len(files)} files for {role} ({', '.join(names[:5])}), and number"
            f" {', '.join(map(str, missing[:5]))} is not among them; bring what is missing"
        )
    return [part for _, part in sorted(zip(numbers, parts, strict=True), key=lambda pair: pair[0] or 0)]


def _split_folders(folder: _Folder) -> DataLayout | None:
    found: dict[str, _Folder] = {}
    for path in folder.folders:
        role = ROLES.get(path.name.lower())
        if role in found:
            raise DataError(
                f"the folder {folder.path} has two folders for {role}: {found[role].path.name} and {path.name};"
                " keep one"
            )
        if role:
            found[role] = _look(path)
    if "train" not in found:
        return None
    layouts = [_of_split(role, found[role]) for role in dict.fromkeys(ROLES.values()) if role in found]
    return _joined(layouts) if layouts[0].parts else None


def _of_split(role: str, folder: _Folder) -> DataLayout:
    """Return the files of a folder that is one split: texts in class folders, plain texts, or shards."""
    if classes := _class_folders(folder):
        parts = tuple(DataFile(role, p.path, p.kind, p.label, is_document=True) for p in classes.parts)
        return DataLayout(parts, tuple(f"{folder.path.name}/{told}" for told in classes.left_out))
    kinds = sorted({ending(path) for path in folder.files} & set(READERS))
    if len(kinds) > 1:
        raise DataError(f"the folder {folder.path} has files of several kinds: {', '.join(kinds)}; keep one kind")
    files = [path for path in folder.files if ending(path) in kinds]
    is_document = kinds == ["txt"]
    return DataLayout(tuple(DataFile(role, path, ending(path), is_document=is_document) for path in files))


def _joined(layouts: Iterable[DataLayout]) -> DataLayout:
    kept = list(layouts)
    return DataLayout(
        tuple(part for layout in kept for part in layout.parts),
        tuple(told for layout in kept for told in layout.left_out),
    )


def _class_folders(folder: _Folder) -> DataLayout | None:
    """Return the texts of class folders; a folder of texts without a class is left out."""
    texts = {path: documents for path in folder.folders if (documents := _documents(_look(path)))}
    labelled = {path: documents for path, documents in texts.items() if path.name.lower() not in _UNLABELLED}
    if len(labelled) < 2:
        return None
    unlabelled = [path for path in texts if path not in labelled]
    left_out = [f"{path.name} ({len(texts[path])} texts without a label)" for path in unlabelled]
    parts = [
        DataFile("all", document, "txt", path.name, is_document=True)
        for path, documents in labelled.items()
        for document in documents
    ]
    return DataLayout(tuple(parts), tuple(left_out))


def _documents(folder: _Folder) -> list[Path]:
    """Return the files that hold one text each; none if the folder has subfolders or tables."""
    documents = [path for path in folder.files if ending(path) in _DOCUMENT]
    is_pure = not folder.folders and len(documents) == len(folder.files)
    return documents if is_pure and not any(_SPLIT_FILE.fullmatch(stem(path)) for path in documents) else []


def _class_files(folder: _Folder) -> DataLayout | None:
    groups: dict[str, list[DataFile]] = {}
    for path in folder.files:
        if ending(path) == "txt":
            groups.setdefault("*.txt", []).append(DataFile("all", path, "txt", stem(path)))
        elif ending(path) and ending(path) not in READERS:
            groups.setdefault(stem(path), []).append(DataFile("all", path, "txt", ending(path)))
    sets = {name: group for name, group in groups.items() if len(group) > 1}
    if len(sets) > 1 and "train" in sets:
        return _class_files_of_splits(folder, sets)
    if len(sets) > 1:
        names = " or ".join(", ".join(part.path.name for part in group) for group in sets.values())
        raise DataError(f"which files of {folder.path} are a class each: {names}? Keep one set")
    return DataLayout(tuple(next(iter(sets.values())))) if sets else None


def _class_files_of_splits(folder: _Folder, sets: Mapping[str, Sequence[DataFile]]) -> DataLayout:
    """Return files such as ``train.en``, ``train.de``, ``test.en`` and ``test.de``.

    Raises:
        DataError: a set has no name of a split, or two have the same one.
    """
    found: dict[str, Sequence[DataFile]] = {}
    for name, group in sets.items():
        role = ROLES.get(name)
        if role is None or role in found:
            names = ", ".join(part.path.name for part in group)
            told = "belong to no split" if role is None else f"are a second set for {role}"
            raise DataError(f"the folder {folder.path} has files of splits, and {names} {told}; move them away")
        found[role] = [replace(part, role=role) for part in group]
    roles = [role for role in dict.fromkeys(ROLES.values()) if role in found]
    return DataLayout(tuple(part for role in roles for part in found[role]))
