"""The three steps of one picture: read, restore, save. What goes wrong ends that picture and no other."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeAlias

from opir.batch.digest import file_sha256, sha256_of
from opir.batch.entry import Entry, Recipe
from opir.batch.job import Job
from opir.batch.manifest import Manifest
from opir.batch.options import BatchOptions
from opir.batch.outcome import Failed, Outcome, Restored, Skipped
from opir.batch.placing import place
from opir.batch.reading import decode, read_bytes
from opir.errors import OpirError, OutputError
from opir.imaging import Photo, PhotoSequence, check_output_path, draw_heat_map, encode_photo
from opir.imaging.encode import check_several
from opir.runtime.restore import Restorer
from opir.runtime.result import Restoration
from opir.runtime.sequence import SequenceRestoration, restore_sequence
from opir.runtime.settings import RestoreSettings

FAILURES: Final = (OpirError, OSError, MemoryError)
"""What ends one picture but not the batch."""

PixelProgress: TypeAlias = Callable[[Job, int, int], None]
"""Called with (picture, pixels done, pixels in all) from the thread that runs the batch."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Loaded:
    """A picture that has been read."""

    job: Job
    """Where it comes from and goes to."""
    photo: Photo | PhotoSequence
    """The picture."""
    sha256: str
    """Digest of its file."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Computed:
    """A picture that has been restored but not saved."""

    job: Job
    """Where it comes from and goes to."""
    restoration: Restoration | SequenceRestoration
    """The result."""
    sha256: str
    """Digest of the original's file."""


class Steps:
    """The three steps of one picture; each passes on what the step before it ended with."""

    def __init__(
        self,
        restorer: Restorer,
        settings: RestoreSettings,
        options: BatchOptions,
        manifest: Manifest | None,
        progress: PixelProgress | None,
    ) -> None:
        """Take what holds for every picture; see :func:`opir.batch.run.run_batch`."""
        self._restorer, self._settings, self._options = restorer, settings, options
        self._manifest, self._progress = manifest, progress
        self._recipe = Recipe.of(restorer, settings)

    def load(self, job: Job) -> Loaded | Skipped | Failed:
        """Read a picture, unless it is done; every check of the outputs comes before the work."""
        digest: str | None = None
        try:
            data = read_bytes(job.source)
            digest = sha256_of(data)
            if self._options.resume and self.is_done(job, digest):
                return Skipped(job=job)
            for path in job.outputs:
                self.check_free(path, job)
            photo = decode(data, job.source)
            for path in job.outputs:
                if "/" in job.name:  # the tree below a folder is ours to make, the folder itself the user's
                    path.parent.mkdir(parents=True, exist_ok=True)
                check_output_path(path)
            check_fits(photo, job.output, job.uncertainty)
            return Loaded(job=job, photo=photo, sha256=digest)
        except FAILURES as error:
            return self._failed(job, error, digest)

    def restore(self, loaded: Loaded | Skipped | Failed) -> Computed | Skipped | Failed:
        """Restore a picture that has been read."""
        if not isinstance(loaded, Loaded):
            return loaded
        job, tell = loaded.job, self._progress
        progress = None if tell is None else lambda done, total: tell(job, done, total)
        try:
            restoration = restore_any(self._restorer, loaded.photo, self._settings, progress)
        except FAILURES as error:
            return self._failed(job, error, loaded.sha256)
        return Computed(job=job, restoration=restoration, sha256=loaded.sha256)

    def save(self, computed: Computed | Skipped | Failed) -> Outcome:
        """Write the results of a picture, after their entry in the manifest."""
        if not isinstance(computed, Computed):
            return computed
        job, restoration = computed.job, computed.restoration
        try:
            files = {job.output: encoded(restoration.photo, job.output, self._settings)}
            if job.uncertainty is not None:
                heat_map = heat_map_of(restoration)
                files = {job.uncertainty: encoded(heat_map, job.uncertainty, RestoreSettings()), **files}
            self._enter(job, computed.sha256, files)
            for path, data in files.items():
                place(path, data)
        except FAILURES as error:
            return self._failed(job, error, computed.sha256)
        return Restored(
            job=job,
            found=restoration.found,
            expected_error=restoration.expected_error,
            report=restoration.report,
        )

    def is_done(self, job: Job, sha256: str) -> bool:
        """Tell whether the manifest claims exactly this result and the files agree."""
        manifest = self._manifest
        entry = None if manifest is None else manifest.find(job.output)
        if manifest is None or entry is None or entry.recipe != self._recipe:
            return False
        known = entry.output_sha256 if job.is_in_place else entry.input_sha256
        digests = {manifest.name_of(path): file_sha256(path) for path in job.outputs}
        return sha256 == known and digests == entry.digests

    def check_free(self, path: Path, job: Job) -> None:
        """Raise :class:`OutputError` where a file exists that may not be replaced."""
        if self._options.overwrite or not os.path.lexists(path) or (job.is_in_place and path == job.output):
            return
        if self._options.resume and self._manifest is not None and self._manifest.wrote(path):
            return
        raise OutputError(f"{path} exists already: choose another output or add --overwrite")

    def _enter(self, job: Job, sha256: str, files: dict[Path, bytes]) -> None:
        if self._manifest is None:
            return
        entry = self._entry(self._manifest, job, sha256)
        heat_map = None if job.uncertainty is None else files[job.uncertainty]
        self._manifest.add(
            replace(
                entry,
                output_sha256=sha256_of(files[job.output]),
                uncertainty_sha256=None if heat_map is None else sha256_of(heat_map),
            )
        )

    def _failed(self, job: Job, error: Exception, sha256: str | None) -> Failed:
        failed = Failed(job=job, error=error)
        if self._manifest is not None:
            with suppress(OutputError):  # on a full disk the entry fails as well, and claims nothing that is missed
                self._manifest.add(replace(self._entry(self._manifest, job, sha256), error=failed.reason))
        return failed

    def _entry(self, manifest: Manifest, job: Job, sha256: str | None) -> Entry:
        return Entry(
            input=job.name,
            input_sha256=sha256,
            output=manifest.name_of(job.output),
            uncertainty=None if job.uncertainty is None else manifest.name_of(job.uncertainty),
            recipe=self._recipe,
        )


def check_fits(photo: Photo | PhotoSequence, output: Path, uncertainty: Path | None) -> None:
    """Raise :class:`OutputError` where a result cannot be written as its path asks for, before the work is done."""
    kind = check_output_path(output, transparent=photo.is_transparent, size=photo.size)
    if isinstance(photo, PhotoSequence):
        check_several(photo, kind)
        if uncertainty is not None:
            check_several(photo, check_output_path(uncertainty))


def restore_any(
    restorer: Restorer,
    photo: Photo | PhotoSequence,
    settings: RestoreSettings,
    progress: Callable[[int, int], None] | None = None,
) -> Restoration | SequenceRestoration:
    """Restore what a file holds: one picture or several."""
    if isinstance(photo, PhotoSequence):
        return restore_sequence(restorer, photo, settings=settings, progress=progress)
    return restorer.restore(photo, settings=settings, progress=progress)


def heat_map_of(restoration: Restoration | SequenceRestoration) -> Photo | PhotoSequence:
    """Return the map of the expected error: one picture, or one for each."""
    if isinstance(restoration, SequenceRestoration):
        return restoration.heat_maps()
    return Photo(pixels=draw_heat_map(restoration.uncertainty))


def encoded(photo: Photo | PhotoSequence, path: Path, settings: RestoreSettings) -> bytes:
    """Return the bytes of a result's file; the format follows from the suffix."""
    return encode_photo(photo, check_output_path(path).name, quality=settings.quality)
